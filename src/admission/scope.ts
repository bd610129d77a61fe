import type { RE2JS } from 're2js'
import { getDomain } from 'tldts'
import { atFirstUse } from '../base/at-first-use.ts'
import { redact } from '../base/redact.ts'
import { assertArgument, isOptions } from '../contracts/arguments.ts'
import { messageOf, RegattaError } from '../contracts/errors.ts'

const re2js = atFirstUse<typeof import('re2js')>('re2js')

/**
 * Which URLs belong to a crawl. A scope is made once from the start URLs and asked for every link, so everything is
 * compiled beforehand. `www.` is no difference: half of all sites redirect one to the other.
 */
export interface Scope {
  /** Whether an absolute URL belongs to it; false for what is no URL. */
  holds(url: string): boolean
}

/**
 * - `host`: the hosts of the start URLs, `www.` aside
 * - `domain`: their registrable domains (public suffix list) with all subdomains
 * - `prefix`: below the directories of the start URLs
 * - `any`: everywhere
 */
export type ScopeKind = 'host' | 'domain' | 'prefix' | 'any'

export interface ScopeOptions {
  /** Absolute URLs. */
  readonly start: readonly string[]
  readonly kind: ScopeKind
  /** Only URLs that match one of these; none means all. */
  readonly include?: readonly string[]
  /** None of these; wins over `include`. */
  readonly exclude?: readonly string[]
}

/** Throws OPTION_INVALID for a pattern that `compilePattern` refuses, URL_INVALID for a start that is no absolute URL. */
export function createScope(options: ScopeOptions): Scope {
  const isUsable = isOptions(options) && Array.isArray(options?.start)
  assertArgument(isUsable, 'createScope()', 'start', 'a list of URLs, as in { start, kind }', options)
  const { start, kind, include = [], exclude = [] } = options
  const starts = start.map(startUrl)
  const homes = new Set(starts.map((url) => homeOf(url, kind)))
  const prefixes = kind === 'prefix' ? starts.map(directoryOf) : []
  const included = include.map(compilePattern)
  const excluded = exclude.map(compilePattern)
  return {
    holds(text) {
      const url = URL.parse(text)
      if (!url) return false
      if (kind !== 'any' && !homes.has(homeOf(url, kind))) return false
      if (kind === 'prefix' && !prefixes.some((prefix) => url.pathname.startsWith(prefix))) return false
      if (included.length > 0 && !included.some((matches) => matches(url))) return false
      return !excluded.some((matches) => matches(url))
    },
  }
}

/**
 * `/docs/*` is matched against path and query as a whole, `https://…` against the whole URL; `*` stands for anything.
 * `re:…` is a regular expression that may match anywhere in the URL, in the syntax of RE2: no look-around, no back
 * references. Throws OPTION_INVALID when it is none.
 */
export function compilePattern(pattern: string): (url: URL) => boolean {
  assertArgument(typeof pattern === 'string', 'compilePattern()', 'pattern', 'a text', pattern)
  if (pattern.startsWith('re:')) {
    const expression = expressionOf(pattern)
    return (url) => expression.matcher(url.href).find()
  }
  const fits = wildcard(pattern)
  return /^https?:\/\//i.test(pattern) ? (url) => fits(url.href) : (url) => fits(url.pathname + url.search)
}

/**
 * Where the pieces between the stars come first, one behind the other: as good as every other way to place them, so
 * nothing is tried twice, however many stars there are.
 */
function wildcard(pattern: string): (text: string) => boolean {
  const [first = '', ...rest] = pattern.split('*')
  const last = rest.pop()
  if (last === undefined) return (text) => text === first
  return (text) => {
    if (!text.startsWith(first)) return false
    let at = first.length
    for (const piece of rest) {
      const found = text.indexOf(piece, at)
      if (found < 0) return false
      at = found + piece.length
    }
    return text.length - last.length >= at && text.endsWith(last)
  }
}

/** RE2: it takes time in proportion to the URL, which the engine's own expressions do not. */
function expressionOf(pattern: string): RE2JS {
  const { RE2JS } = re2js()
  try {
    return RE2JS.compile(RE2JS.translateRegExp(pattern.slice(3)))
  } catch (cause) {
    if (isExpression(pattern.slice(3))) {
      throw new RegattaError(
        'OPTION_INVALID',
        `Pattern "${pattern}" looks ahead, behind or back, and a link could make that take for ever: say it with "include" and "exclude" together, such as include /docs/* and exclude /docs/old/*.`,
        { value: { path: 'pattern', value: pattern }, cause },
      )
    }
    const way = 'expected a pattern such as /docs/*, https://docs.example.com/* or re:[.]html$'
    throw new RegattaError('OPTION_INVALID', `Pattern "${pattern}": ${messageOf(cause)}; ${way}.`, {
      value: { path: 'pattern', value: pattern },
      cause,
    })
  }
}

/** Whether the runtime would take it. */
function isExpression(source: string): boolean {
  try {
    return new RegExp(source) instanceof RegExp
  } catch {
    return false
  }
}

function startUrl(text: string): URL {
  const url = URL.parse(text)
  if (url) return url
  throw new RegattaError(
    'URL_INVALID',
    `The scope starts at "${redact(text)}": expected an absolute URL, such as https://example.com/.`,
    { value: { url: redact(text).slice(0, 200) } },
  )
}

function homeOf(url: URL, kind: ScopeKind): string {
  const host = url.hostname.replace(/\.$/, '')
  // An address and `localhost` have no registrable domain: they are their own.
  if (kind === 'domain') return getDomain(host, { allowPrivateDomains: true }) ?? host
  const port = url.port === '' ? '' : `:${url.port}`
  return host.replace(/^www\./, '') + port
}

function directoryOf(url: URL): string {
  return url.pathname.slice(0, url.pathname.lastIndexOf('/') + 1)
}
