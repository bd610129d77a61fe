import type { ProxyProvider } from '../contracts/provider.ts'
import type { ProxyFilter } from '../contracts/proxy-filter.ts'

/**
 * The same provider, of which only some proxies are used. They are left out by the fleet, when it is known how each is spoken
 * to; nothing is wrong with them, so they are neither rejected nor counted.
 */
export function filteredProvider(provider: ProxyProvider, use: ProxyFilter): ProxyProvider {
  const { name, trusted, edited } = provider
  return {
    name,
    trusted,
    use: provider.use ? [provider.use, use].flat() : use,
    ...(edited !== undefined && { edited }),
    ...(provider.watch && { watch: (changed: () => void) => provider.watch!(changed) }),
    load: (signal) => provider.load(signal),
  }
}
