import type { ProxyEndpoint } from '../contracts/endpoint.ts'
import type { FetchRequest } from '../contracts/request.ts'
import type { Credentials, SessionPass } from '../contracts/source-session.ts'
import type { Options } from '../options/options.ts'
import { joinedCookies } from '../transport/headers.ts'
import type { Solution } from './solutions.ts'

/** What is put on a request at the last moment, so that neither the frontier nor a log ever holds it. */
export interface Dress {
  /** Of its source. */
  readonly credentials: Credentials | undefined
  /** Of its session. */
  readonly pass: SessionPass | undefined
  /** Of a challenge that its exit was given. */
  readonly solution: Solution | undefined
  /** Of the caller, who is asked for each attempt. */
  readonly prepare: Options['prepareRequest']
  readonly proxy: ProxyEndpoint
  /** The URL whose redirects have led here, where any have. */
  readonly first: string | undefined
}

/** The request as it leaves: what its source and its session add goes over its own, what the caller adds over that, what solves a challenge over all. */
export function dressed(
  request: FetchRequest,
  { credentials, pass, solution, prepare, proxy, first }: Dress,
): FetchRequest {
  const known = credentials ? withCredentials(request, credentials, first) : request
  const passed = pass ? withPass(known, pass, first) : known
  const prepared = prepare?.(passed, proxy)
  const own = prepared ? unseen({ ...passed, headers: { ...passed.headers, ...prepared } }, prepared) : passed
  return solution ? withSolution(own, solution) : own
}

function withCredentials(
  request: FetchRequest,
  credentials: Credentials,
  first: string | undefined,
): FetchRequest {
  const { origin } = credentials
  const isElsewhere = origin !== undefined && new URL(request.url).origin !== origin
  return isElsewhere ? request : withPass(request, credentials, first)
}

/** What redirects lead to has its query already, and another origin gets no header either. */
function withPass(request: FetchRequest, pass: SessionPass, first: string | undefined): FetchRequest {
  if (first !== undefined && new URL(first).origin !== new URL(request.url).origin) return request
  const own = unseen(
    { ...request, headers: { ...request.headers, ...pass.headers } },
    pass.headers,
    pass.query,
  )
  if (first !== undefined || pass.query === undefined) return own
  const url = new URL(request.url)
  for (const name in pass.query) url.searchParams.set(name, pass.query[name]!)
  return { ...own, url: url.href }
}

/** The same, with the names of what was put on. */
function unseen(request: FetchRequest, ...added: readonly (object | undefined)[]): FetchRequest {
  return {
    ...request,
    unseen: [...(request.unseen ?? []), ...added.flatMap((each) => Object.keys(each ?? {}))],
  }
}

function withSolution(request: FetchRequest, { headers, cookies }: Solution): FetchRequest {
  const kept = cookies.headerFor(request.url)
  const all = { ...request.headers, ...headers }
  return unseen(
    { ...request, headers: kept === undefined ? all : { ...all, cookie: joinedCookies(all.cookie, kept) } },
    headers,
  )
}
