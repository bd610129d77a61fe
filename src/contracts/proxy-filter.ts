import type { ProxyEndpoint, ProxyProtocol, ProxyTags } from './endpoint.ts'

/**
 * Which proxies are wanted, by what is known of them. Every property that is given must fit, and of an array one value is
 * enough. A proxy that does not say its country is not in the country asked for; `direct` has no tags, so no filter
 * by tags lets it pass.
 */
export interface ProxyFilter {
  /** How the proxy is spoken to, such as `socks5`. */
  readonly protocol?: OneOrMore<ProxyProtocol> | undefined
  /** ISO 3166-1 alpha-2, any case. */
  readonly country?: OneOrMore<string> | undefined
  /** What kind of address it has. */
  readonly class?: OneOrMore<NonNullable<ProxyTags['class']>> | undefined
  /** The provider that listed it, as its tag says. */
  readonly provider?: OneOrMore<string> | undefined
  /** Labels of single proxies, as `crawler.proxies()` lists them. */
  readonly label?: OneOrMore<string> | undefined
}

/** A value, or a list of which one is enough. */
type OneOrMore<Value> = Value | readonly Value[]

/** Whether a proxy is one of those that are wanted. */
export function passesFilter(endpoint: ProxyEndpoint, filter: ProxyFilter): boolean {
  const { tags } = endpoint
  const country = filter.country === undefined ? undefined : [filter.country].flat().map(upperCase)
  return (
    isAmong(filter.protocol, endpoint.protocol) &&
    isAmong(country, tags.country) &&
    isAmong(filter.class, tags.class) &&
    isAmong(filter.provider, tags.provider) &&
    isAmong(filter.label, endpoint.id)
  )
}

/** The filter for people: `country=DE|FR, class=residential`; `any` when it asks for nothing. */
export function describeFilter(filter: ProxyFilter): string {
  const given = Object.entries(filter).filter(([, wanted]) => wanted !== undefined)
  if (given.length === 0) return 'any'
  return given.map(([name, wanted]) => `${name}=${[wanted].flat().join('|')}`).join(', ')
}

function isAmong<Value>(wanted: OneOrMore<Value> | undefined, value: Value | undefined): boolean {
  return wanted === undefined || (value !== undefined && [wanted].flat().includes(value))
}

function upperCase(text: string): string {
  return text.toUpperCase()
}
