import { Failure } from './step-failure.ts'

/** Scheme, host and port: what connections are kept for. */
export interface Site {
  /** As URL.origin writes it. */
  readonly origin: string
  readonly secure: boolean
  /** A name, or an address without brackets. */
  readonly host: string
  readonly port: number
}

export interface Address {
  /** The whole URL, without fragment and without anybody's password. */
  readonly href: string
  readonly site: Site
  /** Path and query. */
  readonly path: string
}

/**
 * Reads URLs. A crawl asks the same sites again and again, in canonical spelling, so a site is parsed once and a plain
 * path is taken as it stands; everything else goes through the URL parser, which costs more than all other bookkeeping
 * of a request together.
 */
export class Sites {
  readonly #known = new Map<string, Site>()

  read(url: string, base?: string): Address | Failure {
    const slash = url.indexOf('/', 'https://'.length)
    const site = slash < 0 ? undefined : this.#known.get(url.slice(0, slash))
    if (site) {
      const path = url.slice(slash)
      if (isPlain(path)) return { href: url, site, path }
    }
    return this.#parse(url, base)
  }

  #parse(url: string, base: string | undefined): Address | Failure {
    const parsed = URL.parse(url, base)
    if (!parsed) return invalid('This is not a URL that can be fetched.')
    const secure = parsed.protocol === 'https:'
    if (!secure && parsed.protocol !== 'http:') {
      return invalid(`Only http and https are fetched, not ${parsed.protocol}`)
    }
    const { origin, hostname, port, pathname, search } = parsed
    let site = this.#known.get(origin)
    if (!site) {
      const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
      site = { origin, secure, host, port: port === '' ? (secure ? 443 : 80) : Number(port) }
      if (this.#known.size >= mostSites) this.#known.clear()
      this.#known.set(origin, site)
    }
    return { href: origin + pathname + search, site, path: pathname + search }
  }
}

const mostSites = 4_096

/** Whether the URL parser would leave a path and query as they are: no odd characters, no dot segments, no fragment. */
function isPlain(path: string): boolean {
  return /^[\w\-.~!$&()*+,;=:@%/?]+$/.test(path) && !path.includes('/.') && !path.includes('/%2')
}

function invalid(detail: string): Failure {
  return new Failure('redirect', 'request-invalid', detail)
}
