import { redact } from '../base/redact.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { Discovered } from '../contracts/frontier.ts'
import type { CrawlRequest, RequestInput } from '../contracts/request.ts'
import { readUse } from '../options/read-use.ts'
import { fetchableUrl, fingerprint } from './canonical-url.ts'
import { assertRequest } from './request-shape.ts'

/** Characters of a link. No server takes as many, and each would be kept as often as a page repeats it. */
const longestLink = 65_536

/**
 * The door of the frontier: what a source yields becomes a request of the crawl. A seed was written by a person, so a
 * wrong one is an error that names it; a link was written by the site, so a wrong one is dropped and counted.
 */
export interface Admission {
  /** The source's name. */
  readonly source: string
  /** The pool a URL belongs to. */
  hostKey(url: URL): string
  /** Clock time in milliseconds, from which `delayMs` counts. */
  readonly now: number
  /** The page it was found on; undefined for a seed. */
  readonly parent?: CrawlRequest | undefined
  /** The URL that answered for the parent, when a redirect changed it. */
  readonly pageUrl?: string | undefined
  /** Why a link must not be added: its host is blocked, it looks like a trap. Not asked about seeds. */
  refuse?(request: CrawlRequest): string | undefined
}

/** Throws URL_INVALID naming the value, or SOURCE_FAILED naming a member that means nothing. */
export function admitSeed(input: RequestInput | string, admission: Admission): Discovered {
  const request = typeof input === 'string' ? { url: input } : input
  const discovered = admit(request, admission)
  if (discovered) return discovered
  throw invalidUrl(request.url, `Source "${admission.source}"`)
}

/** What can be fetched of `inputs`, in order, how many could not, and how many were refused. */
export function admitLinks(
  inputs: readonly RequestInput[],
  admission: Admission,
): { readonly discovered: Discovered[]; readonly dropped: number; readonly refused: number } {
  const discovered: Discovered[] = []
  let refused = 0
  for (const input of inputs) {
    const one = admit(input, admission)
    if (!one) continue
    if (admission.refuse?.(one.request) !== undefined) refused++
    else discovered.push(one)
  }
  return { discovered, dropped: inputs.length - discovered.length - refused, refused }
}

function admit(input: RequestInput, admission: Admission): Discovered | undefined {
  assertRequest(input, admission.source)
  const { parent } = admission
  const referrer = admission.pageUrl ?? parent?.url
  const url = fetchableUrl(input.url, referrer)
  if (url === undefined || (parent && url.length > longestLink)) return undefined
  const method = (input.method ?? 'GET').toUpperCase()
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(input.headers ?? {})) headers[name.toLowerCase()] = value
  const use = readUse(input.use)
  const request: CrawlRequest = {
    id: fingerprint({ ...input, url }),
    source: admission.source,
    host: admission.hostKey(new URL(url)),
    url,
    method,
    headers,
    idempotent: input.idempotent ?? (method === 'GET' || method === 'HEAD' || method === 'OPTIONS'),
    depth: parent ? parent.depth + 1 : 0,
    priority: Math.min(7, Math.max(0, Math.trunc(input.priority ?? 4))),
    ...(input.body !== undefined && { body: input.body }),
    ...(input.session !== undefined && { session: input.session }),
    ...(use && { use }),
    ...(input.label !== undefined && { label: input.label }),
    ...(input.data !== undefined && { data: input.data }),
    ...(referrer !== undefined && { referrer }),
  }
  return input.delayMs === undefined ? { request } : { request, notBefore: admission.now + input.delayMs }
}

/** The sentence never repeats user:password@, which is one of the reasons to be here. */
function invalidUrl(value: string | URL, whose: string): RegattaError {
  const shown = redact(String(value)).slice(0, 200)
  const way = shown.includes('…@')
    ? 'a URL with user and password is not sent; put them into an authorization header'
    : 'expected an absolute http or https URL, such as https://example.com/'
  return new RegattaError('URL_INVALID', `${whose} starts at "${shown}": ${way}.`, { value: { url: shown } })
}
