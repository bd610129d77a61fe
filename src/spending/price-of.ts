import type { ProxyEndpoint } from '../contracts/endpoint.ts'
import { passesFilter } from '../contracts/proxy-filter.ts'
import type { Price } from '../contracts/spending.ts'

/** Which price holds for a proxy. Residential lines are sold by the gigabyte, others by the request or by the month. */

/** The first that fits, or else what the proxy's tag says of a gigabyte. What goes out directly is paid to nobody, unless a price says `protocol: 'direct'`. */
export function priceFor(prices: readonly Price[], endpoint: ProxyEndpoint): Price | undefined {
  const given = prices.find(({ proxies }) => {
    if (proxies === undefined) return endpoint.protocol !== 'direct'
    return passesFilter(endpoint, proxies)
  })
  const { price } = endpoint.tags
  return given ?? (price === undefined ? undefined : { perGB: price })
}

const month = 30 * 86_400_000

/** What these proxies cost by the month, for so many ms. */
export function rentFor(prices: readonly Price[], members: readonly ProxyEndpoint[], ms: number): number {
  if (!prices.some(({ perMonth = 0 }) => perMonth > 0)) return 0
  const monthly = members.reduce((sum, each) => sum + (priceFor(prices, each)?.perMonth ?? 0), 0)
  return (monthly * ms) / month
}
