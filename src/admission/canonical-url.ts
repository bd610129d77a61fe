import { hash } from 'node:crypto'
import { redact } from '../base/redact.ts'
import { isVisitParameter, sessionInPath } from '../base/visit-parameters.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { RequestInput } from '../contracts/request.ts'

/**
 * When are two URLs one page? The canonical form answers: the safe normalizations of RFC 3986 section 6, plus parameter
 * order, tracking parameters, which change nothing on any site we know, and session ids whose name leaves no doubt, which
 * make every page new at every visit. A trailing slash, letter case of the path and doubled slashes stay: servers do tell
 * those apart. The form is for identity only; what is sent is the site's own URL. Throws URL_INVALID for what is no
 * absolute URL.
 */
export function canonicalUrl(input: string | URL): string {
  const url = parsed(input)
  if (!url) throw urlInvalid(input)
  // Each setter serializes the whole URL again, so only what is there is taken out.
  if (url.href.includes('#')) url.hash = ''
  if (url.username !== '') url.username = ''
  if (url.password !== '') url.password = ''
  const host = withoutDots(url.hostname)
  if (host !== '' && host !== url.hostname) url.hostname = host
  const path = normalizeEscapes(url.pathname).replace(sessionInPath, '')
  if (path !== url.pathname) url.pathname = path
  if (url.search !== '') url.search = canonicalQuery(url.search, path.endsWith('.php'))
  // An empty query leaves its question mark in `href` on some runtimes.
  return url.search === '' ? url.href.replace(/\?$/, '') : url.href
}

/**
 * The URL as it is sent: absolute (against `base`), the site's own spelling, without the fragment. Undefined when it
 * cannot be fetched: no URL, not http or https, or with a user and password in it.
 */
export function fetchableUrl(input: string | URL, base?: string): string | undefined {
  const url = parsed(input, base)
  if (!url) return undefined
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined
  if (url.hostname === '' || url.username !== '' || url.password !== '') return undefined
  if (url.href.includes('#')) url.hash = ''
  return url.href
}

function parsed(input: unknown, base?: string): URL | null {
  if (typeof input === 'string') return URL.parse(input, base)
  return input instanceof URL ? new URL(input) : null
}

function urlInvalid(input: unknown): RegattaError {
  const shown = typeof input === 'string' ? redact(input).slice(0, 200) : typeof input
  return new RegattaError('URL_INVALID', `canonicalUrl(): "${shown}" is not an absolute URL.`, {
    value: { url: shown },
  })
}

/**
 * The identity of a request within a crawl: 16 characters, equal for equal `key`s, or for equal method, canonical URL
 * and body. It is 96 bits of SHA-256: among a billion requests two different ones meet with odds of 1 to 10^11
 * (n²/2^97), against 3 % for 64 bits. That of a key, 90 bits, begins with `~`: it may come from any host.
 */
export function fingerprint(request: Pick<RequestInput, 'url' | 'method' | 'body' | 'key'>): string {
  if (request.key !== undefined) return `~${digest(`key\n${request.key}`).slice(1)}`
  const method = (request.method ?? 'GET').toUpperCase()
  const body = request.body ? digest(request.body) : ''
  return digest(`url\n${method}\n${canonicalUrl(request.url)}\n${body}`)
}

/** Whether requests of several hosts may have this identity. */
export function isOfKey(id: string): boolean {
  return id.startsWith('~')
}

/** A host name may end in dots, which change nothing. */
function withoutDots(host: string): string {
  let end = host.length
  while (host[end - 1] === '.') end--
  return host.slice(0, end)
}

function digest(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 16)
}

function canonicalQuery(search: string, isPhp: boolean): string {
  const kept: [name: string, pair: string][] = []
  for (const piece of search.slice(1).split('&')) {
    if (piece === '') continue
    const pair = normalizeEscapes(piece)
    const name = pair.split('=', 1)[0]!
    if (isVisitParameter(pair) || (isPhp && phpSession.test(pair))) continue
    kept.push([name, pair])
  }
  // Stable, and by name only: the order of `a=2&a=1` may mean something.
  kept.sort(([one], [two]) => (one < two ? -1 : one > two ? 1 : 0))
  return kept.map(([, pair]) => pair).join('&')
}

/** Escapes in upper case, unreserved characters (RFC 3986 section 2.3) bare, a stray `%` escaped. */
function normalizeEscapes(text: string): string {
  return text.replace(/%([0-9a-f]{2})?/gi, (_, code: string | undefined) => {
    if (code === undefined) return '%25'
    const character = String.fromCharCode(Number.parseInt(code, 16))
    return /[\w.~-]/.test(character) ? character : `%${code.toUpperCase()}`
  })
}

/** Of the forms of `sid` only this one is a session: the others name stations and talks too. */
const phpSession = /^sid=[0-9a-f]{32}$/
