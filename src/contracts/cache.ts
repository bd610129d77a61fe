import type { ResponseHead } from './frontier.ts'
import type { HttpResponse, VerdictKind } from './outcome.ts'
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
  /** What the target itself has failed with, if that is young enough to be believed; `anyAge`: however old. Default: none is kept. */
  failure?(request: FetchRequest, options?: { readonly anyAge?: boolean }): Promise<KeptFailure | undefined>
  /** Keeps that: see `mayKeepFailure`. */
  putFailure?(request: FetchRequest, failure: FailedAnswer): Promise<void>
  /** Writes what is left and closes the file. */
  close(): Promise<void>
}

/** An answer that was kept. */
export interface KeptResponse extends HttpResponse {
  /** Wall-clock milliseconds when it was put. */
  readonly keptAt: number
}

/** How a request has failed, as its dead letter says it. */
export interface FailedAnswer {
  /** `target-faults`, … */
  readonly code: string
  /** A sentence for people. */
  readonly detail: string
  /** Of its last answers, oldest first. */
  readonly heads: readonly ResponseHead[]
}

/** A failure that was kept. */
export interface KeptFailure extends FailedAnswer {
  /** Wall-clock milliseconds when it was put. */
  readonly keptAt: number
}

/**
 * The target has answered, and with a fault of its own: a 5xx, over every exit that asked. What a proxy failed at, a refusal of an
 * exit and a plea for a pause say nothing about the page, so they are not kept.
 */
export function mayKeepFailure(
  { method }: FetchRequest,
  { verdict, status }: { readonly verdict: VerdictKind | undefined; readonly status: number | undefined },
): boolean {
  return (
    (method === 'GET' || method === 'HEAD') && verdict === 'target' && status !== undefined && status >= 500
  )
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
