import { redact } from '../base/redact.ts'
import type { Acceptance } from '../contracts/acceptance.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { TaskResult } from '../contracts/job.ts'
import type { FetchRequest } from '../contracts/request.ts'
import { headersFor } from '../contracts/request.ts'
import { percentDecode } from '../fleet/parse-proxy.ts'
import type { HostSettings } from '../options/host-settings.ts'
import type { HostTable } from '../options/host-table.ts'

/** What may be left out may be undefined, too. */
type OrUndefined<T> = { [Name in keyof T]: T[Name] | undefined }

/** From WHATWG fetch to the engine: what `crawler.fetch` takes. */
export interface FetchInit extends OrUndefined<Omit<RequestInit, 'redirect'>>, Acceptance {
  /** Requests of one session leave through one proxy and are never hedged. Default: none. */
  session?: string | undefined
  /** Start a second attempt when the first is late. Default: true for requests that may be sent twice. */
  hedge?: boolean | undefined
  /** Milliseconds over all attempts and waits. Default: the host's, then the crawler's. */
  deadline?: number | undefined
  /** A proxy's label: only that one is used. Throws PROXY_UNKNOWN for one that the host's filter does not let pass. Default: any. */
  proxy?: string | undefined
  /** `manual` gives the redirect itself. Default: `follow`, through one proxy, up to `maxRedirects`. */
  redirect?: 'follow' | 'manual' | undefined
  /** Safe to send twice although the method is not. Default: true for GET, HEAD, OPTIONS. */
  idempotent?: boolean | undefined
}

/**
 * Reads `fetch`'s arguments: headers of the caller go over those of the host. Throws URL_INVALID. A body that is a stream is
 * read to its end first; `cancel` stops the reading.
 */
export function readFetchArguments(
  input: string | URL | Request,
  init: FetchInit,
  hosts: HostTable,
): { readonly request: Promise<FetchRequest>; cancel(): void } {
  // Its signal is for the whole request, and heard there.
  const given = requestOf(input, init, hosts)
  const { url, method, headers } = given
  const own = { ...init, redirect: redirectOf(given) }
  const reader = given.body?.getReader()
  const settings = hosts.settingsFor(url)
  const request = async () =>
    assemble(url, method, headers, own, reader && (await readToEnd(reader)), settings)
  return { request: request(), cancel: () => void reader?.cancel().catch(() => {}) }
}

async function readToEnd(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return Buffer.concat(chunks)
    chunks.push(value)
  }
}

/** Without waiting: a body must be at hand. Throws OPTION_INVALID for one that is a stream, a Blob or a form. */
export function requestAtHand(input: string | URL, init: FetchInit, hosts: HostTable): FetchRequest {
  const { body } = init
  if (body == null) return plainRequest(input, init, hosts.settingsFor(String(input)))
  const bytes = bytesOf(body)
  if (bytes === undefined) {
    throw new RegattaError(
      'OPTION_INVALID',
      'trySubmit() takes a body that is at hand: text, bytes or URLSearchParams. Use submit() or fetch() for a stream, a Blob or a form.',
      { value: { path: 'body' } },
    )
  }
  const { url, method, headers } = requestOf(input, init, hosts)
  return assemble(url, method, headers, init, bytes, hosts.settingsFor(url))
}

function bytesOf(body: NonNullable<FetchInit['body']>): Uint8Array | undefined {
  if (typeof body === 'string' || body instanceof URLSearchParams) return Buffer.from(String(body))
  if (body instanceof ArrayBuffer) return new Uint8Array(body.slice(0))
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice()
  return undefined
}

/** The common case, without a Request object: a URL, and headers at most. */
export function plainRequest(input: string | URL, init: FetchInit, settings: HostSettings): FetchRequest {
  const [url, headers] = withLogin(input, init)
  return assemble(url, init.method?.toUpperCase() ?? 'GET', headers, init, undefined, settings)
}

/**
 * A user and a password in a URL go into an authorization header (RFC 7617), so that the URL may be printed. An
 * authorization of the caller goes over them. Throws URL_INVALID, and OPTION_INVALID naming a header that HTTP does not allow.
 */
function withLogin(input: string | URL, init: FetchInit): [url: string, headers: Headers | undefined] {
  const text = String(input)
  const headers = init.headers ? headersOf(init.headers) : undefined
  if (!text.includes('@')) return [text, headers]
  const url = URL.parse(text)
  if (url === null || (url.username === '' && url.password === '')) return [text, headers]
  const all = headers ?? new Headers()
  if (!all.has('authorization')) {
    const login = `${percentDecode(url.username)}:${percentDecode(url.password)}`
    all.set('authorization', `Basic ${Buffer.from(login).toString('base64')}`)
  }
  url.username = ''
  url.password = ''
  return [url.href, all]
}

/** As `new Request`, whose own errors repeat the URL with its password. */
function requestOf(input: string | URL | Request, init: FetchInit, hosts: HostTable): Request {
  if (input instanceof Request) return new Request(input, { ...init, signal: null } as RequestInit)
  const [url, headers] = withLogin(input, init)
  hosts.keyOf(url)
  return new Request(url, { ...init, ...(headers && { headers }), signal: null } as RequestInit)
}

/** As `new Headers`, whose own error repeats the value. */
function headersOf(init: NonNullable<FetchInit['headers']>): Headers {
  try {
    return new Headers(init)
  } catch {
    throw new RegattaError(
      'OPTION_INVALID',
      'The headers of the request cannot be sent: expected names as HTTP has them, and values of one line.',
      { value: { path: 'headers' } },
    )
  }
}

function assemble(
  url: string,
  method: string,
  own: Headers | undefined,
  init: FetchInit,
  body: Uint8Array | undefined,
  settings: HostSettings,
): FetchRequest {
  const { session, proxy } = init
  const isManual = redirectOf(init) === 'manual'
  const idempotent = init.idempotent ?? (method === 'GET' || method === 'HEAD' || method === 'OPTIONS')
  const { headers, elsewhere } = headersFor(settings, own && Object.fromEntries(own))
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

function redirectOf({
  redirect = 'follow',
}: {
  readonly redirect?: RequestRedirect | undefined
}): 'follow' | 'manual' {
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
  const way = code === 'SESSION_LOST' ? ' Start again from its first request.' : ''
  const sentence = `${redact(url)}: ${redact(detail)} (${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}).${way}`
  return new RegattaError(code, sentence, { value: { reason, verdict, status, attempts } })
}

/** What an aborted signal rejects with. */
export function aborted(signal: AbortSignal): unknown {
  return signal.reason instanceof Error
    ? signal.reason
    : new RegattaError('ABORTED', 'The request was aborted.', { cause: signal.reason })
}
