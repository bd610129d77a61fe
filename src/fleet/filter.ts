import type { ProxyProvider } from '../contracts/provider.ts'
import { type ProxyFilter, passesFilter } from '../contracts/proxy-filter.ts'

/** The same provider, with a shorter list. What is left out is neither rejected nor counted: nothing is wrong with it. */
export function filteredProvider(provider: ProxyProvider, filter: ProxyFilter): ProxyProvider {
  return {
    name: provider.name,
    trusted: provider.trusted,
    ...(provider.edited !== undefined && { edited: provider.edited }),
    ...(provider.watch && { watch: (changed: () => void) => provider.watch!(changed) }),
    async load(signal) {
      const list = await provider.load(signal)
      return { ...list, proxies: list.proxies.filter((proxy) => passesFilter(proxy.endpoint, filter)) }
    },
  }
}
