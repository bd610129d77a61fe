import { stringify } from 'node:querystring'
import type { Dispatcher } from 'undici'
import { faultOfHeaders } from '../base/header-field.ts'
import { httpMethod } from '../base/http-method.ts'
import { showValue } from '../base/show.ts'
import { assertArgument } from '../contracts/arguments.ts'
import type { FetchRequest } from '../contracts/request.ts'
import { headersFor } from '../contracts/request.ts'
import type { HostTable } from '../options/host-table.ts'
import { optionInvalid } from './fetch-options.ts'
import { type Content, readBodyInit, readContent } from './request-body.ts'

/**
 * What undici's clients say of a request, read as undici reads it: its forms of headers, its `query`, its kinds of bodies.
 * Throws OPTION_INVALID, in a sentence, for what undici would refuse and for what a crawler cannot do.
 */
export async function readOptions(
  options: Dispatcher.DispatchOptions,
  hosts: HostTable,
): Promise<FetchRequest> {
  const url = urlOf(options)
  assertSupported(options)
  const method = methodOf(options.method)
  const own = Object.entries(headersOf(options.headers)).filter(
    ([name, value]) => !addedByFetch[name]?.includes(value),
  )
  const settings = hosts.settingsFor(url)
  const { headers, elsewhere } = headersFor(settings, Object.fromEntries(own))
  const { maxRedirections } = options as { maxRedirections?: number }
  const request: FetchRequest = {
    url,
    method,
    headers,
    elsewhere,
    idempotent: options.idempotent ?? (method === 'GET' || method === 'HEAD'),
    ...(maxRedirections === 0 && { redirect: 'manual' as const }),
  }
  const content = contentOf(options.body)
  if (content === undefined) return request
  const body = content.bytes ?? (await readContent(content, settings.limits.maxBody).bytes)
  // A form and a Blob say themselves what they are. Of a text nobody has said it.
  const isTold = content.type === undefined || typeof options.body === 'string' || 'content-type' in headers
  return isTold
    ? { ...request, body }
    : { ...request, headers: { ...headers, 'content-type': content.type! }, body }
}

/** The whole URL, with `query` as undici writes it. Throws OPTION_INVALID naming what is missing. */
export function urlOf(options: Dispatcher.DispatchOptions): string {
  assertArgument(
    typeof options === 'object' && options !== null,
    'dispatch()',
    'options',
    'an object',
    options,
  )
  const { path, origin, query } = options
  const isOrigin = origin instanceof URL || (typeof origin === 'string' && URL.canParse(origin))
  assertArgument(isOrigin, 'dispatch()', 'origin', 'the origin of a URL', origin)
  assertArgument(typeof path === 'string', 'dispatch()', 'path', 'a path', path)
  if (!query) return new URL(path, origin).href
  const isFree = !path.includes('?') && !path.includes('#')
  assertArgument(isFree, 'dispatch()', 'query', 'left out where the path has one', query)
  const text = stringify(query)
  return new URL(text === '' ? path : `${path}?${text}`, origin).href
}

function assertSupported(options: Dispatcher.DispatchOptions): void {
  const { host } = new URL(urlOf(options))
  const { headersTimeout, bodyTimeout } = options
  const { throwOnError } = options as { throwOnError?: unknown }
  if (options.upgrade || options.method === 'CONNECT') {
    throw optionInvalid(
      'upgrade',
      `A request to ${host} wants ${options.upgrade ? 'an upgrade (a WebSocket)' : 'a tunnel (CONNECT)'}, which the crawler's dispatcher cannot carry. Use crawler.lease() and its agent.`,
    )
  }
  if (throwOnError) {
    throw optionInvalid(
      'throwOnError',
      'Option "throwOnError" is gone from undici. Compose the dispatcher with interceptors.responseError().',
    )
  }
  // The crawler's own time limits hold; these are only looked at.
  for (const [name, value] of Object.entries({ headersTimeout, bodyTimeout })) {
    const isTime = value == null || (Number.isFinite(value) && Number(value) >= 0)
    assertArgument(isTime, 'dispatch()', name, 'milliseconds from 0', value)
  }
}

function methodOf(given: unknown): string {
  const method = given || 'GET'
  if (typeof method === 'string' && httpMethod(method) !== undefined) return method
  throw optionInvalid('method', `Option "method": ${showValue(method)} is no method that is sent.`)
}

/** What `fetch` adds by itself where its caller has not chosen: the host's own header is better. */
const addedByFetch: Readonly<Record<string, readonly string[] | undefined>> = {
  'user-agent': ['undici', 'node', 'Deno'],
  accept: ['*/*'],
  'accept-language': ['*'],
}

/** undici takes a flat list, pairs, or an object; a name may come twice, and a value may be a list. */
function headersOf(headers: Dispatcher.DispatchOptions['headers']): Record<string, string> {
  const merged: Record<string, string> = Object.create(null)
  for (const [given, value] of pairsOf(headers)) {
    if (value === undefined) continue
    const name = String(given).toLowerCase()
    const text = textOf(value, name)
    const before = merged[name]
    merged[name] = before === undefined ? text : `${before}${name === 'cookie' ? '; ' : ', '}${text}`
  }
  const fault = faultOfHeaders(Object.entries(merged))
  if (fault !== undefined) throw optionInvalid('headers', `Option "headers": ${fault}.`)
  return { ...merged }
}

function pairsOf(headers: unknown): Iterable<readonly [unknown, unknown]> {
  if (headers === undefined || headers === null) return []
  assertArgument(typeof headers === 'object', 'dispatch()', 'headers', 'an object, a list or pairs', headers)
  if (!(Symbol.iterator in headers)) return Object.entries(headers)
  const list = [...(headers as Iterable<unknown>)]
  if (list.every((each) => Array.isArray(each) && each.length === 2)) return list as [unknown, unknown][]
  const isEven = list.length % 2 === 0
  assertArgument(isEven, 'dispatch()', 'headers', 'a list of names and values in turn', headers)
  return list.flatMap((each, at) => (at % 2 === 0 ? [[each, list[at + 1]] as const] : []))
}

function textOf(value: unknown, name: string): string {
  if (value === null) return ''
  if (Array.isArray(value))
    return value.map((each) => textOf(each, name)).join(name === 'cookie' ? '; ' : ', ')
  if (Buffer.isBuffer(value)) return value.toString('latin1')
  if (typeof value !== 'object' && typeof value !== 'symbol' && typeof value !== 'function')
    return String(value)
  throw optionInvalid('headers', `Option "headers": "${name}": expected a text, or a list of texts.`)
}

/** As in fetch, and a stream needs no word about its being one; an iterable of pieces is a stream too. */
function contentOf(body: unknown): Content | undefined {
  if (body === undefined || body === null) return undefined
  const isPieces = Array.isArray(body) || Object.prototype.toString.call(body) === '[object Generator]'
  return readBodyInit(isPieces ? piecesOf(body as Iterable<unknown>) : body, 'half')
}

async function* piecesOf(body: Iterable<unknown>) {
  yield* body
}
