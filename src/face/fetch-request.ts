import { faultOfHeaders } from '../base/header-field.ts'
import { httpMethod } from '../base/http-method.ts'
import { redact } from '../base/redact.ts'
import { showValue } from '../base/show.ts'
import type { Acceptance } from '../contracts/acceptance.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { TaskResult } from '../contracts/job.ts'
import type { ProxyUse } from '../contracts/proxy-filter.ts'
import type { FetchRequest } from '../contracts/request.ts'
import { headersFor } from '../contracts/request.ts'
import type { TrustLevel } from '../contracts/trust.ts'
import { percentDecode } from '../fleet/parse-proxy.ts'
import type { HostSettings } from '../options/host-settings.ts'
import { readUse } from '../options/read-use.ts'
import { impliedHeaders, optionInvalid } from './fetch-options.ts'
import { type Content, readBodyInit, readContent } from './request-body.ts'

/** What may be left out may be undefined, too. */
type OrUndefined<T> = { [Name in keyof T]: T[Name] | undefined }

/** From WHATWG fetch to the engine: what `crawler.fetch` takes. */
export interface FetchInit extends OrUndefined<Omit<RequestInit, 'body' | 'duplex'>>, Acceptance {
  /** Several attempts may send it: a stream is read to its end first, up to `maxBody`. Default: none. */
  body?: BodyInit | AsyncIterable<Uint8Array | string> | null | undefined
  /** `half` where the body is a stream, as fetch wants it. Default: none. */
  duplex?: 'half' | undefined
  /** Requests of one session leave through one proxy and are never hedged. Default: none. */
  session?: string | undefined
  /** Start a second attempt when the first is late. Default: true for requests that may be sent twice. */
  hedge?: boolean | undefined
  /** Milliseconds over all attempts and waits. Default: the host's, then the crawler's. */
  deadline?: number | undefined
  /**
   * Which proxies may be used for it, beside what holds for its host: `country=US|CA`, `{ country: 'US' }`, or several that must all be
   * passed. Rejects with NO_PROXY_PASSES where none does (docs/proxies.md). Default: any.
   */
  use?: ProxyUse | undefined
  /** A proxy's label: only that one is used. Throws PROXY_UNKNOWN for one that the host's filter does not let pass. Default: any. */
  proxy?: string | undefined
  /**
   * As in `fetch` of Node: `manual` gives the redirect itself, `error` rejects with TASK_FAILED (`redirect-refused`). Default:
   * `follow`, up to `maxRedirects`, each as a request of its own.
   */
  redirect?: RequestRedirect | undefined
  /**
   * How much proxies are believed over plain HTTP: `verify` asks for two exits that agree, `blind` takes what comes. Default: the host's
   * (docs/trust.md). `response.trust` says how far the answer may be believed.
   */
  trust?: TrustLevel | undefined
  /** So many exits must agree, 2–10, over plain HTTP. It waits for them up to 30 s; then `response.trust` is `unproven`. Default: as many as `trust` says. */
  verify?: number | undefined
  /** Safe to send twice although the method is not. Default: true for GET, HEAD, OPTIONS. */
  idempotent?: boolean | undefined
}

/** A request whose body has to be read first. */
export interface ReadingRequest {
  /** Without a password. */
  readonly url: string
  readonly request: Promise<FetchRequest>
  /** Ends the reading. */
  cancel(): void
}

/** Where a request goes to, as its caller has said it. */
export interface AskedUrl {
  readonly given: Request | undefined
  /** Not looked at yet, and without a password. */
  readonly url: string
  readonly headers: Headers | undefined
}

/** The first look at `fetch`'s arguments. Throws OPTION_INVALID naming a header that cannot be sent. */
export function askedUrl(input: string | URL | Request, init: FetchInit): AskedUrl {
  const given = isRequest(input) ? input : undefined
  const [url, headers] = withLogin(given ? given.url : textOf(input), init.headers ?? given?.headers)
  return { given, url, headers }
}

/**
 * Reads the rest of `fetch`'s arguments: headers of the caller go over those of the host. At once where the body is at hand; a stream,
 * a Blob or a form is read to its end first, once, so that every attempt can send it. Throws OPTION_INVALID naming the option.
 */
export function readFetchArguments(
  { given, url, headers }: AskedUrl,
  init: FetchInit,
  settings: HostSettings,
): FetchRequest | ReadingRequest {
  const method = methodOf(init.method ?? given?.method)
  const own = withOptions(url, headers, given, init)
  const options = given ? { ...init, redirect: init.redirect ?? given.redirect } : init
  const content = contentOf(method, given, init)
  if (content === undefined) return assemble(url, method, own, options, undefined, settings)
  const typed = withType(own, content.type)
  if (content.bytes) return assemble(url, method, typed, options, content.bytes, settings)
  const reader = readContent(content, settings.limits.maxBody)
  const request = reader.bytes.then((bytes) => assemble(url, method, typed, options, bytes, settings))
  return { url, request, cancel: reader.cancel }
}

/** Without waiting: a body must be at hand. Throws OPTION_INVALID for one that is a stream, a Blob or a form. */
export function requestAtHand(asked: AskedUrl, init: FetchInit, settings: HostSettings): FetchRequest {
  const read = readFetchArguments(asked, init, settings)
  if (!('cancel' in read)) return read
  read.cancel()
  read.request.catch(() => {})
  throw optionInvalid(
    'body',
    'trySubmit() takes a body that is at hand: text, bytes or URLSearchParams. Use submit() or fetch() for a stream, a Blob or a form.',
  )
}

/** By what it says of itself: each copy of undici has a class of its own. */
export function isRequest(input: unknown): input is Request {
  return input instanceof Request || Object.prototype.toString.call(input) === '[object Request]'
}

function textOf(input: unknown): string {
  if (typeof input === 'string') return input
  try {
    return String(input)
  } catch {
    return '' // an object without a prototype: no URL
  }
}

function methodOf(given: string | undefined): string {
  if (given === undefined) return 'GET'
  const method = httpMethod(String(given))
  if (method !== undefined) return method
  throw optionInvalid(
    'method',
    `Option "method": ${showValue(given)} is not sent: expected a method such as "GET" or "POST", and not CONNECT, TRACE or TRACK.`,
  )
}

/** The body that is sent: the caller's, or that of the Request. */
function contentOf(method: string, given: Request | undefined, init: FetchInit): Content | undefined {
  const own = init.body ?? undefined
  if (own === undefined && (given === undefined || given.body === null)) return undefined
  if (own === undefined && given!.bodyUsed)
    throw optionInvalid('body', 'The body of the Request has been read already. Give a clone() of it.')
  if (method === 'GET' || method === 'HEAD') {
    throw optionInvalid(
      'body',
      `A ${method} request has no body in fetch. Choose another method, or send it by undici's request() with crawler.dispatcher.`,
    )
  }
  if (own === undefined) return { stream: given!.body! }
  return readBodyInit(own, init.duplex)
}

/**
 * A user and a password in a URL go into an authorization header (RFC 7617), so that the URL may be printed. An
 * authorization of the caller goes over them. Throws OPTION_INVALID naming a header that cannot be sent.
 */
function withLogin(text: string, init: FetchInit['headers']): [url: string, headers: Headers | undefined] {
  const headers = init == null ? undefined : headersOf(init)
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

/** As `new Headers`, whose own error repeats the value and does not always name the header. */
function headersOf(init: NonNullable<FetchInit['headers']>): Headers {
  try {
    const headers = new Headers(init)
    const fault = faultOfHeaders(headers)
    if (fault === undefined) return headers
    throw headerInvalid(fault)
  } catch (error) {
    if (error instanceof RegattaError) throw error
    throw headerInvalid(faultOfGiven(init))
  }
}

/** What `new Headers` has not taken; undefined where it was no list of headers at all. */
function faultOfGiven(init: unknown): string | undefined {
  if (typeof init !== 'object' || init === null) return undefined
  const pairs = Symbol.iterator in init ? [...(init as Iterable<unknown>)] : Object.entries(init)
  if (!pairs.every(isPair)) return undefined
  // It turns values into texts, and takes white space off them.
  const trimmed = (value: unknown) => (typeof value === 'symbol' ? value : String(value).trim())
  return faultOfHeaders(pairs.map(([name, value]) => [name, trimmed(value)]))
}

function isPair(pair: unknown): pair is [unknown, unknown] {
  return Array.isArray(pair) && pair.length === 2
}

function headerInvalid(fault: string | undefined): RegattaError {
  const said = fault ?? 'expected an object, pairs of a name and a value, or Headers'
  return optionInvalid('headers', `Option "headers" of the request: ${said}.`)
}

/** What other options of fetch say by headers, where the caller has not said it already. */
function withOptions(
  url: string,
  headers: Headers | undefined,
  given: Request | undefined,
  init: FetchInit,
): Headers | undefined {
  const implied = impliedHeaders(url, {
    cache: init.cache ?? given?.cache,
    referrer: init.referrer ?? given?.referrer,
    referrerPolicy: init.referrerPolicy ?? given?.referrerPolicy,
  })
  if (implied === undefined) return headers
  const all = headers ?? new Headers()
  for (const [name, value] of implied) if (!all.has(name)) all.set(name, value)
  return all
}

function withType(headers: Headers | undefined, type: string | undefined): Headers | undefined {
  if (type === undefined || headers?.has('content-type')) return headers
  const all = headers ?? new Headers()
  all.set('content-type', type)
  return all
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
  const use = init.use === undefined ? undefined : readUse(init.use)
  const redirect = init.redirect ?? 'follow'
  const idempotent = init.idempotent ?? (method === 'GET' || method === 'HEAD' || method === 'OPTIONS')
  const { headers, elsewhere } = headersFor(settings, own && Object.fromEntries(own))
  const request: FetchRequest = { url, method, headers, elsewhere, idempotent }
  if (!body && session === undefined && proxy === undefined && !use && redirect === 'follow') return request
  return {
    ...request,
    ...(body && { body }),
    ...(session !== undefined && { session }),
    ...(proxy !== undefined && { proxy }),
    ...(use && { use }),
    ...(redirect !== 'follow' && { redirect }),
  }
}

/** The error that a failed task becomes at the border. */
export function toError(url: string, result: TaskResult & { ok: false }): RegattaError {
  const { code, reason, detail, verdict, status, attempts } = result
  const way = code === 'SESSION_LOST' ? ' Start again from its first request.' : ''
  const sentence = `${redact(url)}: ${redact(detail)} (${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}).${way}`
  return new RegattaError(code, sentence, { value: { reason, verdict, status, attempts } })
}

/** What an aborted signal rejects with: its reason, as in fetch. */
export function aborted(signal: AbortSignal): unknown {
  return signal.reason
}
