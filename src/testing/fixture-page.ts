import { assertArgument } from '../contracts/arguments.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { RecordedExchange } from '../contracts/recording.ts'

/** A page for a test, as much of it as matters: what is left out is what a plain page has. */
export interface FixturePage {
  /** Absolute. Default: that of the source's next seed, in their order. */
  readonly url?: string | undefined
  /** The body; what is neither text nor bytes is sent as JSON. Default: empty. */
  readonly body?: unknown
  /** HTTP status. Default 200. */
  readonly status?: number | undefined
  /** Names in any case. Default: a content type that fits the body. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined
  /** What its source is told. Default: the option `params`. */
  readonly params?: unknown
  /** What it answers. Default `GET`. */
  readonly method?: string | undefined
  /** The body of the request that it answers. Default: any. */
  readonly requestBody?: string | undefined
  /** Which handler reads it, where the source does not ask for it itself. Default: none. */
  readonly label?: string | undefined
  /** What its request carries, likewise. Default: nothing. */
  readonly data?: unknown
}

const members = ['url', 'body', 'status', 'headers', 'params', 'method', 'requestBody', 'label', 'data']

/** Its URL, checked. Undefined where it has none. */
export function urlOfPage(page: FixturePage): string | undefined {
  const isPage = typeof page === 'object' && page !== null && !Array.isArray(page)
  assertArgument(isPage, 'testSource()', 'fixtures', 'a path, pages such as { url, body }, or markup', page)
  const strange = Object.keys(page).find((name) => !members.includes(name))
  if (strange !== undefined) {
    const message = `A fixture has no member "${strange}"; it has ${members.join(', ')}.`
    throw new RegattaError('FIXTURE_INVALID', message, { value: { path: undefined } })
  }
  if (page.url === undefined) return undefined
  if (URL.canParse(page.url) && /^https?:/i.test(page.url)) return new URL(page.url).href.replace(/#.*$/s, '')
  throw new RegattaError(
    'FIXTURE_INVALID',
    `The url of a fixture must be a whole http or https URL (got ${page.url}).`,
    {
      value: { path: undefined },
    },
  )
}

/** The page as the answer to a request for `url`. */
export function recordedPage(page: FixturePage, url: string): RecordedExchange {
  const { body = '', status = 200, method = 'GET', requestBody } = page
  const headers = Object.fromEntries(
    Object.entries(page.headers ?? {}).map(([name, value]) => [
      name.toLowerCase(),
      typeof value === 'string' ? value : [...value],
    ]),
  )
  const isRead = /^(GET|HEAD)$/i.test(method)
  return {
    method: method.toUpperCase(),
    url,
    requestHeaders: {},
    ...(requestBody !== undefined
      ? { requestBody: bytesOf(requestBody) }
      : !isRead && { isBodyUnknown: true }),
    status,
    headers: headers['content-type'] === undefined ? { 'content-type': typeOf(body), ...headers } : headers,
    body: bytesOf(body),
    startedAt: givenAt,
  }
}

/** When pages that say no time were fetched: 2030-01-01. */
const givenAt = Date.UTC(2030, 0, 1)

function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body
  return new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body))
}

function typeOf(body: unknown): string {
  if (body instanceof Uint8Array) return 'application/octet-stream'
  if (typeof body !== 'string') return 'application/json'
  const start = body.trimStart()
  if (start.startsWith('{') || start.startsWith('[')) return 'application/json'
  return start.startsWith('<?xml') ? 'application/xml' : 'text/html; charset=utf-8'
}
