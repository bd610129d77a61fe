import type { HttpResponse } from './outcome.ts'
import type { FetchRequest } from './request.ts'

/**
 * A copy of the site to write a parser against: what was answered once is answered again without a request. It obeys no
 * cache header, as this is a fixture and no proxy; for fresh pages delete the file or set `maxAge`.
 *
 * The trap: `put` takes every answer that it is given, so give it only those that were judged good.
 */
export interface HttpCache {
  /** What was kept for this request, younger than `maxAge`. */
  get(request: FetchRequest): Promise<KeptResponse | undefined>
  /** Keeps it, or does nothing: see `mayKeep`. */
  put(request: FetchRequest, response: HttpResponse): Promise<void>
  /** Writes what is left and closes the file. */
  close(): Promise<void>
}

/** An answer that was kept. */
export interface KeptResponse extends HttpResponse {
  /** Wall-clock milliseconds when it was put. */
  readonly keptAt: number
}

/**
 * GET and HEAD, and whole answers: no 206, no 304 to a conditional request, no 5xx, no body that went to a file because
 * it is large.
 */
export function mayKeep({ method, headers }: FetchRequest, response: HttpResponse): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false
  const { status } = response
  if (status < 200 || status >= 500 || status === 206 || status === 304 || headers.range !== undefined)
    return false
  return response.file === undefined
}
