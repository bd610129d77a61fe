import { getDomain } from 'tldts'
import { RegattaError } from '../contracts/errors.ts'
import type { Options } from '../options/options.ts'

/**
 * What shares a pool: the host with its port, the registrable domain (public suffix list), or the caller's own idea.
 * Parsing a URL costs as much as a pick, and crawls ask for the same few hosts, so the answer for what stands before the
 * path is kept: nothing behind it can change the host.
 */
const remembered = 10_000

export class HostKeys {
  readonly #keyOf: (url: URL) => string
  readonly #byOrigin: Map<string, string> | undefined

  constructor(option: Options['hostKey']) {
    if (typeof option === 'function') this.#keyOf = option
    else {
      this.#keyOf = option === 'host' ? (url) => url.host : (url) => getDomain(url.hostname) ?? url.host
      this.#byOrigin = new Map()
    }
  }

  /** Throws URL_INVALID for what is not an absolute http(s) URL. */
  of(url: string): string {
    const origins = this.#byOrigin
    if (!origins) return this.#keyOf(parseTarget(url))
    const end = originEnd(url)
    const origin = end === -1 ? url : url.slice(0, end)
    const known = origins.get(origin)
    if (known !== undefined) return known
    const key = this.#keyOf(parseTarget(url))
    if (origins.size >= remembered) origins.delete(origins.keys().next().value!)
    origins.set(origin, key)
    return key
  }
}

/** Where the path begins in a plain URL; -1 when there is none. */
function originEnd(url: string): number {
  for (let index = 8; index < url.length; index++) {
    const code = url.charCodeAt(index)
    // / ? # \ end the authority for http(s).
    if (code === 47 || code === 63 || code === 35 || code === 92) return index
  }
  return -1
}

/** Throws URL_INVALID for what is not an absolute http(s) URL. */
export function parseTarget(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed && (parsed.protocol === 'http:' || parsed.protocol === 'https:')) return parsed
  const shown = url.replace(/\/\/.*@/, '//…@').slice(0, 200)
  throw new RegattaError('URL_INVALID', `"${shown}" is not an absolute http or https URL.`, {
    value: { url: shown },
  })
}
