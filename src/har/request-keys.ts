import { Buffer } from 'node:buffer'
import { hash } from 'node:crypto'
import { isForm, jsonOf, redactBody, textOf, withoutSecrets } from './redaction.ts'

/**
 * How a request is found again in an archive. Each key forgives more than the one before: as it was sent; in any order of its
 * query, its form or its JSON, with any boundary of a multipart form; and without its secrets, named or not, which a recording does not
 * hold and which change from run to run.
 */
export interface AskedFor {
  readonly method: string
  readonly url: string
  readonly body?: string | Uint8Array | undefined
  readonly contentType?: string | undefined
  readonly unseen?: readonly string[] | undefined
}

/** So many keys has every request. */
export const keysOfRequest: readonly ((asked: AskedFor) => string)[] = [exactKey, looseKey, redactedKey]

/** For a recorded request whose body the file does not hold. */
export function bodylessKey({ method, url }: AskedFor): string {
  return `${method} ${plainUrl(url)}`
}

function exactKey({ method, url, body }: AskedFor): string {
  return keyOf(method, plainUrl(url), body ?? '')
}

function looseKey({ method, url, body, contentType }: AskedFor): string {
  return keyOf(method, sortedUrl(plainUrl(url)), looseBody(body, contentType))
}

function redactedKey({ method, url, body, contentType, unseen }: AskedFor): string {
  const bytes = typeof body === 'string' ? Buffer.from(body, 'utf8') : body
  const bare = bytes && redactBody(bytes, contentType)
  return keyOf(method, sortedUrl(withoutSecrets(plainUrl(url), unseen)), looseBody(bare, contentType))
}

function keyOf(method: string, url: string, body: string | Uint8Array): string {
  return body.length === 0 ? `${method} ${url}` : `${method} ${url} ${hash('sha256', body, 'base64url')}`
}

/** Without the fragment; escapes are written in capitals. */
function plainUrl(url: string): string {
  const parsed = URL.parse(url)
  if (!parsed) return url
  parsed.hash = ''
  return parsed.href.replaceAll(/%[\da-f]{2}/gi, (octet) => octet.toUpperCase())
}

function sortedUrl(url: string): string {
  const at = url.indexOf('?')
  return at < 0 ? url : `${url.slice(0, at)}?${sortedPairs(url.slice(at + 1))}`
}

/** `+` and `%20`, `%7E` and `~` are one in a query, whatever a client prefers. */
function sortedPairs(query: string): string {
  const pairs = query.split('&').filter((pair) => pair !== '')
  return pairs.map(normalPair).sort().join('&')
}

function normalPair(pair: string): string {
  try {
    const at = pair.indexOf('=')
    const [name, value] = at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)]
    const normal = (part: string) => encodeURIComponent(decodeURIComponent(part.replaceAll('+', ' ')))
    return `${normal(name)}=${normal(value)}`
  } catch {
    return pair
  }
}

function looseBody(
  body: string | Uint8Array | undefined,
  contentType: string | undefined,
): string | Uint8Array {
  if (body === undefined || body.length === 0) return ''
  // What is no text is compared byte for byte; a multipart form with a file in it has a boundary all the same.
  const text = typeof body === 'string' ? body : (textOf(body) ?? Buffer.from(body).toString('latin1'))
  if (isForm(text, contentType)) return sortedPairs(text)
  const json = jsonOf(text)
  if (json !== undefined) return JSON.stringify(sortedJson(json))
  const boundary = /^--([^\r\n]+)\r?\n/.exec(text)?.[1]
  return boundary === undefined ? text : text.replaceAll(boundary, 'boundary')
}

function sortedJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedJson)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, inner]) => [name, sortedJson(inner)]),
  )
}
