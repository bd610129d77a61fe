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
  /** Any case; blanks and hyphens do not count: `new-york` is `New York`. */
  readonly city?: OneOrMore<string> | undefined
  /** Autonomous systems, as 3320 or `AS3320`. */
  readonly asn?: OneOrMore<number | string> | undefined
  /** What kind of address it has. */
  readonly class?: OneOrMore<NonNullable<ProxyTags['class']>> | undefined
  /** The provider that listed it, as its tag says. */
  readonly provider?: OneOrMore<string> | undefined
  /** What a gigabyte may cost at most. One that does not say its price is not cheap enough. */
  readonly maxPrice?: number | undefined
  /** Labels of single proxies, as `crawler.proxies()` lists them. */
  readonly label?: OneOrMore<string> | undefined
}

/** What a request says of the proxies that it may use: a filter as it is typed, or as an object, or several that all must be passed. */
export type ProxyUse = string | ProxyFilter | readonly (string | ProxyFilter)[]

/** A value, or a list of which one is enough. */
type OneOrMore<Value> = Value | readonly Value[]

/** What a filter may ask for, in the order in which it is told. */
export const filterNames = [
  'protocol',
  'country',
  'city',
  'asn',
  'class',
  'provider',
  'maxPrice',
  'label',
] as const satisfies readonly (keyof ProxyFilter)[]

/** Whether a proxy is one of those that are wanted. */
export function passesFilter(endpoint: ProxyEndpoint, filter: ProxyFilter): boolean {
  return filterNames.every((name) => passesOne(endpoint, filter, name))
}

/** Whether it fits one property of the filter; true where that asks for nothing. */
export function passesOne(endpoint: ProxyEndpoint, filter: ProxyFilter, name: keyof ProxyFilter): boolean {
  const wanted = filter[name]
  if (wanted === undefined) return true
  const value = saidOf(endpoint, name)
  if (value === undefined) return false
  if (name === 'maxPrice') return Number(value) <= Number(wanted)
  return [wanted].flat().some((each) => spellings[name](each) === spellings[name](value))
}

/** What a proxy says of the property; undefined where it says nothing. */
export function saidOf({ id, protocol, tags }: ProxyEndpoint, name: keyof ProxyFilter) {
  if (name === 'protocol') return protocol
  if (name === 'label') return id
  return name === 'maxPrice' ? tags.price : tags[name]
}

/** The filter for people: `country=DE|FR, class=residential`; `any` when it asks for nothing. */
export function describeFilter(filter: ProxyFilter): string {
  const given = Object.entries(filter).filter(([, wanted]) => wanted !== undefined)
  if (given.length === 0) return 'any'
  return given
    .map(([name, wanted]) =>
      name === 'maxPrice' ? `price<=${wanted}` : `${name}=${[wanted].flat().join('|')}`,
    )
    .join(', ')
}

/** A city without what spellings differ in. */
export function plainCity(city: string): string {
  return city
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '')
}

/** The number of an autonomous system: of `AS3320`, `3320`, `AS3320 Deutsche Telekom`; undefined where it is none. */
export function asnOf(text: string | number): number | undefined {
  const [, digits] = /^\s*(?:as\s?)?(\d{1,10})(?!\d)/i.exec(String(text)) ?? []
  const number = Number(digits)
  return number > 0 && number <= 0xffff_ffff ? number : undefined
}

const asItIs = (value: unknown) => value
const spellings: Readonly<Record<keyof ProxyFilter, (value: string | number) => unknown>> = {
  protocol: asItIs,
  country: (value) => String(value).toUpperCase(),
  city: (value) => plainCity(String(value)),
  asn: asnOf,
  class: asItIs,
  provider: (value) => String(value).toLowerCase(),
  maxPrice: asItIs,
  label: asItIs,
}
