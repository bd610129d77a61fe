import { getDomain } from 'tldts'

/**
 * Which URLs belong to a crawl. A scope is made once from the start URLs and asked for every link, so everything is
 * compiled beforehand. `www.` is no difference: half of all sites redirect one to the other.
 */
export interface Scope {
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
  readonly start: readonly string[]
  readonly kind: ScopeKind
  /** Only URLs that match one of these; none means all. */
  readonly include: readonly string[]
  /** None of these; wins over `include`. */
  readonly exclude: readonly string[]
}

/** Throws a SyntaxError for a pattern that is no regular expression. */
export function createScope({ start, kind, include, exclude }: ScopeOptions): Scope {
  const homes = new Set(start.map((url) => homeOf(new URL(url), kind)))
  const prefixes = kind === 'prefix' ? start.map((url) => directoryOf(new URL(url))) : []
  const included = include.map(compilePattern)
  const excluded = exclude.map(compilePattern)
  return {
    holds(text) {
      const url = new URL(text)
      if (kind !== 'any' && !homes.has(homeOf(url, kind))) return false
      if (kind === 'prefix' && !prefixes.some((prefix) => url.pathname.startsWith(prefix))) return false
      if (included.length > 0 && !included.some((matches) => matches(url))) return false
      return !excluded.some((matches) => matches(url))
    },
  }
}

/**
 * `/docs/*` is matched against path and query as a whole, `https://…` against the whole URL; `*` stands for anything.
 * `re:…` is a regular expression that may match anywhere in the URL.
 */
export function compilePattern(pattern: string): (url: URL) => boolean {
  if (pattern.startsWith('re:')) {
    const expression = new RegExp(pattern.slice(3))
    return (url) => expression.test(url.href)
  }
  const source = pattern.replace(/[\\^$.|?+()[\]{}]/g, '\\$&').replaceAll('*', '.*')
  const expression = new RegExp(`^${source}$`, 's')
  return /^https?:\/\//i.test(pattern)
    ? (url) => expression.test(url.href)
    : (url) => expression.test(url.pathname + url.search)
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
