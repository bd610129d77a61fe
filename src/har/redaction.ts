import { Buffer, isUtf8 } from 'node:buffer'
import { hidden, isSecretName, redact } from '../base/redact.ts'
import type { RecordedExchange } from '../contracts/recording.ts'

/**
 * What a recording must not hold: cookies, credentials, and whatever is named like a secret (base/redact.ts) in URLs, forms
 * and JSON that were sent. Only answers' bodies stay as they came, byte for byte, as they are what is recorded. The
 * mark is plain ASCII, so that it may stand in a header and in a URL.
 */
export const removed = 'redacted'

type Names = readonly string[]
const none: Names = []

/** The URL without user, password and the values of secrets. `unseen`: names of more of them. */
export function redactUrl(url: string, unseen: Names = none): string {
  const parsed = URL.parse(url)
  if (!parsed) return url
  parsed.username = ''
  parsed.password = ''
  if (parsed.search.length > 1) parsed.search = redactPairs(parsed.search.slice(1), unseen)
  return parsed.href
}

/** The URL without user and password, and without the secrets of its query: `?a=1&token=x` → `?a=1`. */
export function withoutSecrets(url: string, unseen: Names = none): string {
  const bare = URL.parse(redactUrl(url, unseen))
  if (!bare) return url
  const pairs = bare.search.slice(1).split('&')
  const isKept = (pair: string) =>
    !isSecretName(decoded(pair.split('=', 1)[0]!)) && !pair.endsWith(`=${removed}`)
  bare.search = pairs.filter(isKept).join('&')
  return bare.href
}

/** `a=1&token=x` → `a=1&token=redacted` */
function redactPairs(query: string, unseen: Names = none): string {
  const pairs = query.split('&').map((pair) => {
    const at = pair.indexOf('=')
    if (at < 0) return pair
    const name = pair.slice(0, at)
    const plain = decoded(name)
    return isSecretName(plain) || unseen.includes(plain) ? `${name}=${removed}` : pair
  })
  return pairs.join('&')
}

export function redactRequestHeaders(
  headers: Readonly<Record<string, string>>,
  unseen: Names = none,
): Record<string, string> {
  const names = new Set(unseen.map((name) => name.toLowerCase()))
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      names.has(name) ? removed : redactHeader(name, value),
    ]),
  )
}

export function redactResponseHeaders(headers: RecordedExchange['headers']): RecordedExchange['headers'] {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      const clean = (line: string) => (name === 'set-cookie' ? redactCookie(line) : redactHeader(name, line))
      return [name, Array.isArray(value) ? value.map(clean) : value === undefined ? undefined : clean(value)]
    }),
  )
}

/** What was sent, without its secrets; as it is where there are none. */
export function redactBody(body: Uint8Array, contentType: string | undefined): Uint8Array {
  const text = textOf(body)
  if (text === undefined) return body
  const clean = redactText(text, contentType)
  return clean === text ? body : Buffer.from(clean, 'utf8')
}

/** Undefined when it is no text. */
export function textOf(body: Uint8Array): string | undefined {
  if (!isUtf8(body)) return undefined
  return Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8')
}

/** Undefined for what is no JSON object or list. */
export function jsonOf(text: string): object | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined
  try {
    return JSON.parse(text) as object
  } catch {
    return undefined
  }
}

/** Whether a body reads like the fields of a form. */
export function isForm(text: string, contentType: string | undefined): boolean {
  return contentType?.toLowerCase().includes('urlencoded') === true || /^[^\s=&<{[]+=\S*$/.test(text)
}

function redactJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redactJson)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      return [name, isSecretName(name) ? hide(inner) : redactJson(inner)]
    }),
  )
}

/** Its shape stays. */
function hide(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hide)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, hide(inner)]))
  return value === null ? null : removed
}

function redactText(text: string, contentType: string | undefined): string {
  if (isForm(text, contentType)) return redactPairs(text)
  const json = jsonOf(text)
  if (json !== undefined) {
    const clean = JSON.stringify(redactJson(json))
    return clean === JSON.stringify(json) ? text : clean
  }
  return inAscii(redact(withoutSecretParts(text)))
}

/** Fields of a multipart form: each has a head, an empty line, and its value up to the next boundary. */
function withoutSecretParts(text: string): string {
  return text
    .split(/(?=\r?\n--)/)
    .map((part) => {
      const gap = /\r?\n\r?\n/.exec(part)
      const [, name] = (gap && /name="?([^"\r\n;]*)/i.exec(part.slice(0, gap.index))) ?? []
      const isSecret = gap !== null && name !== undefined && isSecretName(name)
      return isSecret ? `${part.slice(0, gap.index + gap[0].length)}${removed}` : part
    })
    .join('')
}

function redactHeader(name: string, value: string): string {
  if (isSecretName(name)) return removed
  if (name === 'location' || name === 'content-location' || name === 'referer') return redactReference(value)
  return inAscii(redact(value))
}

/** It may be relative, and must stay what it was but for its secrets. */
function redactReference(reference: string): string {
  const clean = inAscii(redact(reference))
  return clean === reference || !URL.canParse(reference) ? clean : redactUrl(reference)
}

/** `sid=abc; Path=/` → `sid=redacted; Path=/` */
function redactCookie(line: string): string {
  const [pair = '', ...attributes] = line.split(';')
  const name = pair.split('=', 1)[0]!
  return [pair.includes('=') ? `${name}=${removed}` : removed, ...attributes].join(';')
}

function inAscii(text: string): string {
  return text.replaceAll(hidden, removed)
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll('+', ' '))
  } catch {
    return name
  }
}
