import type { ProxyEndpoint, ProxyProtocol, ProxyTags } from '../contracts/endpoint.ts'
import type { ProxyProvider } from '../contracts/provider.ts'

/**
 * Only the proxies that can do what is wanted: by protocol, country, class, provider. An entry that does not say its
 * country is not in the country asked for. What is left out is neither rejected nor counted: nothing is wrong with it.
 */
export interface Capabilities {
  readonly protocols?: readonly ProxyProtocol[]
  /** ISO 3166-1 alpha-2, any case. */
  readonly countries?: readonly string[]
  readonly classes?: readonly NonNullable<ProxyTags['class']>[]
  readonly providers?: readonly string[]
}

/** The same provider, with a shorter list. */
export function filteredProvider(provider: ProxyProvider, wanted: Capabilities): ProxyProvider {
  return {
    name: provider.name,
    trusted: provider.trusted,
    ...(provider.edited !== undefined && { edited: provider.edited }),
    ...(provider.watch && { watch: (changed: () => void) => provider.watch!(changed) }),
    async load(signal) {
      const list = await provider.load(signal)
      return { ...list, proxies: list.proxies.filter((proxy) => isCapable(proxy.endpoint, wanted)) }
    },
  }
}

/** Whether a proxy has every capability that is asked for. */
export function isCapable(endpoint: ProxyEndpoint, wanted: Capabilities): boolean {
  const { tags } = endpoint
  const countries = wanted.countries?.map((country) => country.toUpperCase())
  return (
    (wanted.protocols?.includes(endpoint.protocol) ?? true) &&
    (countries === undefined || (tags.country !== undefined && countries.includes(tags.country))) &&
    (wanted.classes === undefined || (tags.class !== undefined && wanted.classes.includes(tags.class))) &&
    (wanted.providers === undefined ||
      (tags.provider !== undefined && wanted.providers.includes(tags.provider)))
  )
}
