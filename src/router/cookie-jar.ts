import type { Cookie, MemoryCookieStore, CookieJar as ToughJar } from 'tough-cookie'
import { atFirstUse } from '../base/at-first-use.ts'
import { assertArgument } from '../contracts/arguments.ts'
import type { Cookies } from '../contracts/cookies.ts'

/**
 * A jar by the rules of RFC 6265bis: domain, path, Secure, host-only, expiry, public suffixes, name prefixes.
 * tough-cookie reads and matches; what it leaves to its user stands here. Times are wall-clock times of the crawler, so
 * `Max-Age` becomes a date when the cookie comes (tough-cookie counts it anew at each use). A public suffix may set a
 * cookie for itself alone. Over plain HTTP nobody hides a cookie that came over TLS, and loopback is no exception to
 * `Secure`: behind a proxy it is not this machine. A site cannot fill the memory.
 */
const tough =
  atFirstUse<Pick<typeof import('tough-cookie'), 'CookieJar' | 'Cookie' | 'MemoryCookieStore'>>(
    'tough-cookie',
  )

/** Bytes of name and value together; longer cookies are ignored (RFC 6265bis, 5.6). */
const longestCookie = 4_096
/** `Set-Cookie` lines of one answer that are read. */
const mostLines = 100
const mostCookies = 1_000
/** Nothing is kept for longer (RFC 6265bis, 5.6.1), ms. */
const longestLife = 400 * 86_400_000

/** What may stand in a header: anything else would make the whole request impossible. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to keep out.
const unsendable = /[\u0000-\u0008\u000a-\u001f\u007f]|[^\u0000-\u00ff]/

export class CookieJar implements Cookies {
  readonly #wall: () => number
  #jar: ToughJar | undefined
  #store: MemoryCookieStore | undefined
  /** As many as there may be: those that were taken since they were counted are all held to be new. */
  #taken = 0

  /** `wall` tells wall-clock milliseconds. */
  constructor(wall: () => number) {
    this.#wall = wall
  }

  headerFor(url: string): string | undefined {
    const cookies = this.#of(url)
    return cookies.length === 0 ? undefined : cookies.map((cookie) => cookie.cookieString()).join('; ')
  }

  take(url: string, lines: readonly string[]): boolean {
    assertArgument(Array.isArray(lines), 'cookies.take()', 'lines', 'a list of Set-Cookie lines', lines)
    let hasChanged = false
    for (const line of lines.slice(0, mostLines)) hasChanged = this.#takeOne(url, line) || hasChanged
    return hasChanged
  }

  #of(url: string): Cookie[] {
    if (!this.#jar) return []
    const now = this.#wall()
    return this.#jar
      .getCookiesSync(url, { expire: false, sort: true })
      .filter((cookie) => expiryOf(cookie) > now)
  }

  #takeOne(url: string, line: string): boolean {
    const cookie = tough().Cookie.parse(line, { loose: true })
    if (!cookie || cookie.key.length + cookie.value.length > longestCookie) return false
    if (unsendable.test(cookie.key) || unsendable.test(cookie.value)) return false
    if (cookie.key === '' && (cookie.value === '' || isPrefixed(cookie.value))) return false
    this.#setExpiry(cookie)
    const jar = this.#open()
    if (!cookie.secure && !url.startsWith('https:') && this.#hides(cookie, url)) return false
    const before = this.#of(url).find((each) => each.key === cookie.key)?.value
    const isKept = store(jar, cookie, url)
    if (!isKept) return false
    if (expiryOf(cookie) <= this.#wall()) {
      // A date in the past is how a site takes a cookie back.
      this.#remove(cookie)
      return before !== undefined
    }
    this.#makeRoom()
    return before !== cookie.value
  }

  #open(): ToughJar {
    if (this.#jar) return this.#jar
    const { CookieJar, MemoryCookieStore } = tough()
    this.#store = new MemoryCookieStore()
    this.#jar = new CookieJar(this.#store, { looseMode: true, allowSecureOnLocal: false })
    return this.#jar
  }

  #setExpiry(cookie: Cookie): void {
    const now = this.#wall()
    const { maxAge, expires } = cookie
    cookie.maxAge = null
    if (typeof maxAge === 'number') {
      cookie.expires = new Date(maxAge <= 0 ? 0 : now + Math.min(longestLife, maxAge * 1_000))
    } else if (expires instanceof Date) {
      cookie.expires = new Date(Math.min(now + longestLife, expires.getTime()))
    }
  }

  /** A cookie from plain HTTP must not stand before one of the same name that came over TLS (RFC 6265bis, 5.7). */
  #hides(cookie: Cookie, url: string): boolean {
    const secure = url.replace(/^http:/, 'https:')
    return this.#of(secure).some((each) => each.secure && each.key === cookie.key)
  }

  /** Above the limit a tenth goes, those that were used longest ago. */
  #makeRoom(): void {
    if (++this.#taken <= mostCookies) return
    const all = this.#all().sort((one, other) => timeOf(one) - timeOf(other))
    const excess = all.length > mostCookies ? all.splice(0, all.length - mostCookies * 0.9) : []
    for (const cookie of excess) this.#remove(cookie)
    this.#taken = all.length
  }

  #all(): Cookie[] {
    let all: Cookie[] = []
    this.#store!.getAllCookies((_, cookies) => {
      all = cookies ?? []
    })
    return all
  }

  #remove({ domain, path, key }: Cookie): void {
    this.#store!.removeCookie(domain ?? '', path ?? '/', key, () => {})
  }
}

/** False when the rules refuse it. A public suffix that names itself gets a host-only cookie (RFC 6265bis, 5.7). */
function store(jar: ToughJar, cookie: Cookie, url: string): boolean {
  const isOwnName = cookie.domain !== null && cookie.domain === URL.parse(url)?.hostname
  for (;;) {
    try {
      return jar.setCookieSync(cookie, url) !== undefined
    } catch {
      if (!isOwnName || cookie.domain === null) return false
      cookie.domain = null
      cookie.hostOnly = null
    }
  }
}

/** A cookie without a name that would be read as one whose name has a prefix. */
function isPrefixed(value: string): boolean {
  return /^__(secure|host)-/i.test(value)
}

function expiryOf({ expires }: Cookie): number {
  return expires instanceof Date ? expires.getTime() : Number.POSITIVE_INFINITY
}

function timeOf({ lastAccessed }: Cookie): number {
  return lastAccessed instanceof Date ? lastAccessed.getTime() : 0
}
