import type { ProxyEndpoint } from '../contracts/endpoint.ts'
import { RegattaError } from '../contracts/errors.ts'
import {
  describeFilter,
  filterNames,
  type ProxyFilter,
  passesFilter,
  passesOne,
  saidOf,
} from '../contracts/proxy-filter.ts'

/**
 * A filter that no proxy passes is a slip, as a rule: `UK` for `GB`, a tag that the list does not have. So the values that
 * there are stand in the error: of each property those of the proxies that pass all the others, and where that leaves
 * nobody, those of all proxies.
 */
const mostValues = 12

/** Whether any of them passes. */
export function somePass(endpoints: Iterable<ProxyEndpoint>, filters: readonly ProxyFilter[]): boolean {
  for (const endpoint of endpoints) if (filters.every((filter) => passesFilter(endpoint, filter))) return true
  return false
}

/** The error; `where` says who asks for it: `The option "use"`. */
export function noProxyPasses(
  endpoints: readonly ProxyEndpoint[],
  filter: ProxyFilter,
  where: string,
): RegattaError<'NO_PROXY_PASSES'> {
  const listed = endpoints.filter(({ protocol }) => protocol !== 'direct')
  const names = filterNames.filter((name) => filter[name] !== undefined)
  const known = names.map((name) => [name, valuesOf(listed, filter, name)] as const)
  const told = known.map(([name, values]) => `${words[name]}: ${shown(values)}`).join('; ')
  const count =
    listed.length === 1
      ? 'The one proxy that is known has'
      : `The ${listed.length} proxies that are known have`
  return new RegattaError(
    'NO_PROXY_PASSES',
    `${where} asks for proxies with ${describeFilter(filter)}, and none passes. ${count} ${told}.`,
    {
      value: {
        filter: describeFilter(filter),
        known: Object.fromEntries(known.map(([name, values]) => [name, values.map(([value]) => value)])),
      },
    },
  )
}

const words: Readonly<Record<keyof ProxyFilter, string>> = {
  protocol: 'protocol',
  country: 'country',
  city: 'city',
  asn: 'asn',
  class: 'class',
  provider: 'provider',
  maxPrice: 'price',
  label: 'label',
}

type Counted = readonly (readonly [value: string, proxies: number])[]

function valuesOf(
  endpoints: readonly ProxyEndpoint[],
  filter: ProxyFilter,
  name: keyof ProxyFilter,
): Counted {
  const others = filterNames.filter((each) => each !== name)
  const fitting = endpoints.filter((endpoint) => others.every((each) => passesOne(endpoint, filter, each)))
  const counts = new Map<string, number>()
  for (const endpoint of fitting.length > 0 ? fitting : endpoints) {
    const value = saidOf(endpoint, name)
    const text = value === undefined ? 'none' : name === 'asn' ? `AS${value}` : String(value)
    counts.set(text, (counts.get(text) ?? 0) + 1)
  }
  return [...counts].sort(([, one], [, other]) => other - one)
}

function shown(values: Counted): string {
  const first = values.slice(0, mostValues).map(([value, proxies]) => `${value} (${proxies})`)
  return first.join(', ') + (values.length > mostValues ? `, and ${values.length - mostValues} more` : '')
}
