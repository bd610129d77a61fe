import { RegattaError } from '../contracts/errors.ts'
import type { TaskResult } from '../contracts/job.ts'
import type { FetchRequest } from '../contracts/request.ts'
import { headersFor } from '../options/host-settings.ts'
import type { HostTable } from '../options/host-table.ts'

/** From WHATWG fetch to the engine: what `crawler.fetch` takes. */
export interface FetchInit extends Omit<RequestInit, 'redirect'> {
  /** Requests of one session leave through one proxy and are never hedged. Default: none. */
  session?: string
  /** Start a second attempt when the first is late. Default: true for requests that may be sent twice. */
  hedge?: boolean
  /** Milliseconds over all attempts and waits. Default: the host's, then the crawler's. */
  deadline?: number
  /** A proxy's label: only that one is used. Throws PROXY_UNKNOWN for one that the host's filter does not let pass. Default: any. */
  proxy?: string
  /** `manual` gives the redirect itself. Default: `follow`, through one proxy, up to `maxRedirects`. */
  redirect?: 'follow' | 'manual'
  /** Safe to send twice although the method is not. Default: true for GET, HEAD, OPTIONS. */
  idempotent?: boolean
}

/** Reads `fetch`'s arguments: headers of the caller go over those of the host. Throws URL_INVALID; a body that is a stream is read to its end first. */
export async function readFetchArguments(
  input: string | URL | Request,
  init: FetchInit,
  hosts: HostTable,
): Promise<FetchRequest> {
  const isPlain = !(input instanceof Request) && init.body == null
  if (isPlain) return plainRequest(input, init, hosts)
  const request = new Request(input, init)
  const body = request.body ? new Uint8Array(await request.arrayBuffer()) : undefined
  return assemble(
    request.url,
    request.method,
    request.headers,
    { ...init, redirect: redirectOf(request) },
    body,
    hosts,
  )
}

/** The common case, without a Request object: a URL, and headers at most. */
export function plainRequest(input: string | URL, init: FetchInit, hosts: HostTable): FetchRequest {
  const headers = init.headers && new Headers(init.headers)
  return assemble(String(input), init.method?.toUpperCase() ?? 'GET', headers, init, undefined, hosts)
}

function assemble(
  url: string,
  method: string,
  own: Headers | undefined,
  init: FetchInit,
  body: Uint8Array | undefined,
  hosts: HostTable,
): FetchRequest {
  const { session, proxy } = init
  const isManual = redirectOf(init) === 'manual'
  const idempotent = init.idempotent ?? (method === 'GET' || method === 'HEAD' || method === 'OPTIONS')
  const { headers, elsewhere } = headersFor(hosts.settingsFor(url), own && Object.fromEntries(own))
  const request: FetchRequest = { url, method, headers, elsewhere, idempotent }
  if (!body && session === undefined && proxy === undefined && !isManual) return request
  return {
    ...request,
    ...(body && { body }),
    ...(session !== undefined && { session }),
    ...(proxy !== undefined && { proxy }),
    ...(isManual && { maxRedirects: 0 }),
  }
}

function redirectOf({ redirect = 'follow' }: { readonly redirect?: RequestRedirect }): 'follow' | 'manual' {
  if (redirect === 'follow' || redirect === 'manual') return redirect
  throw new RegattaError(
    'OPTION_INVALID',
    `redirect: ${JSON.stringify(redirect)} is not known here: "follow" follows a redirect, and "manual" gives it to you.`,
    { value: { path: 'redirect', value: redirect } },
  )
}

/** The error that a failed task becomes at the border. */
export function toError(url: string, result: TaskResult & { ok: false }): RegattaError {
  const { code, reason, detail, verdict, status, attempts } = result
  const sentence = `${url}: ${detail} (${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}).`
  return new RegattaError(code, sentence, { value: { reason, verdict, status, attempts } })
}

/** What an aborted signal rejects with. */
export function aborted(signal: AbortSignal): unknown {
  return signal.reason instanceof Error
    ? signal.reason
    : new RegattaError('ABORTED', 'The request was aborted.', { cause: signal.reason })
}
