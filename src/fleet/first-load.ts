import { RegattaError } from '../contracts/errors.ts'
import type { ProxyList, ProxyProvider } from '../contracts/provider.ts'

/** How a provider's first load went: a list, or what was thrown. */
export interface FirstLoad {
  readonly provider: ProxyProvider
  readonly list?: ProxyList
  readonly error?: unknown
}

const reasonsShown = 3

/**
 * The error for a start without a single proxy. It says what was read, what was wrong with it and what to do, because
 * the commonest cause is a list in an unexpected format, and "no proxies" alone sends people to look at their network.
 */
export function emptyList(loads: readonly FirstLoad[]): RegattaError {
  if (loads.length === 0) {
    return new RegattaError(
      'PROXY_LIST_EMPTY',
      'No proxies were given. Set "proxies", PROXY_URL or PROXY_POOL, or say direct: true to go out without a proxy.',
      { value: { sources: [], rejected: 0 } },
    )
  }
  const rejected = loads.flatMap((load) => load.list?.rejected ?? [])
  const sources = loads.map((load) => load.provider.name).join(', ')
  const why =
    rejected.length === 0
      ? 'nothing was in it'
      : `${rejected.length} ${rejected.length === 1 ? 'entry was' : 'entries were'} rejected: ${firstReasons(rejected)}`
  return new RegattaError(
    'PROXY_LIST_EMPTY',
    `No usable proxy in ${sources}: ${why}. Give one proxy a line, such as host:port or socks5h://user:pass@host:port, or say direct: true to go out without a proxy.`,
    { value: { sources: loads.map((load) => load.provider.name), rejected: rejected.length } },
  )
}

/** The first of many reasons. */
export function firstReasons(rejected: readonly string[]): string {
  return `${rejected.slice(0, reasonsShown).join('; ')}${rejected.length > reasonsShown ? '; …' : ''}`
}
