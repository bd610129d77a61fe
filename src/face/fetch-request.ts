import { RegattaError } from '../contracts/errors.ts'
import type { TaskResult } from '../contracts/job.ts'
import type { FetchRequest } from '../contracts/request.ts'

/** From WHATWG fetch to the engine: what `crawler.fetch` takes. */
export interface FetchInit extends RequestInit {
  /** Requests of one session leave through one proxy and are never hedged. Default: none. */
  session?: string
  /** Start a second attempt when the first is late. Default: true for requests that may be sent twice. */
  hedge?: boolean
  /** Milliseconds over all attempts and waits. Default: the option `deadline`. */
  deadline?: number
  /** A proxy's label: only that one is used. Default: any. */
  proxy?: string
  /** Safe to send twice although the method is not. Default: true for GET, HEAD, OPTIONS. */
  idempotent?: boolean
}

/** Reads `fetch`'s arguments. Throws URL_INVALID; a body that is a stream is read to its end first. */
export async function readFetchArguments(
  input: string | URL | Request,
  init: FetchInit,
  defaults: Readonly<Record<string, string>>,
): Promise<FetchRequest> {
  const isPlain = !(input instanceof Request) && init.body == null
  if (isPlain) return plainRequest(input, init, defaults)
  const request = new Request(input, init)
  const body = request.body ? new Uint8Array(await request.arrayBuffer()) : undefined
  const headers = { ...defaults, ...Object.fromEntries(request.headers) }
  return assemble(request.url, request.method, headers, init, body)
}

/** The common case, without a Request object: a URL, and headers at most. */
export function plainRequest(
  input: string | URL,
  init: FetchInit,
  defaults: Readonly<Record<string, string>>,
): FetchRequest {
  const headers = init.headers ? { ...defaults, ...Object.fromEntries(new Headers(init.headers)) } : defaults
  return assemble(String(input), init.method?.toUpperCase() ?? 'GET', headers, init, undefined)
}

function assemble(
  url: string,
  method: string,
  headers: Readonly<Record<string, string>>,
  init: FetchInit,
  body: Uint8Array | undefined,
): FetchRequest {
  const { session, proxy } = init
  const idempotent = init.idempotent ?? (method === 'GET' || method === 'HEAD' || method === 'OPTIONS')
  const request: FetchRequest = { url, method, headers, idempotent }
  if (!body && session === undefined && proxy === undefined) return request
  return {
    ...request,
    ...(body && { body }),
    ...(session !== undefined && { session }),
    ...(proxy !== undefined && { proxy }),
  }
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
