import { nearest } from '../base/nearest.ts'
import { RegattaError } from '../contracts/errors.ts'
import { describeFilter, type ProxyFilter } from '../contracts/proxy-filter.ts'
import { proxyFilterSchema } from './proxy-schemas.ts'

/**
 * A filter as it is typed: `country=US|CA,class=residential`, `price<=3`. A value without a name belongs to the name before
 * it (`country=US,CA`), and a name that comes again widens the choice.
 */
const names = ['protocol', 'country', 'city', 'asn', 'class', 'provider', 'label', 'price'] as const
const example = "'country=US|CA,class=residential' or 'price<=3'"

/** The filter, over one that was read before. Throws OPTION_INVALID saying what was expected. */
export function readFilter(text: string, previous: ProxyFilter = {}): ProxyFilter {
  const values = new Map<string, (string | number)[]>(
    Object.entries(previous).map(([name, value]) => [name, [value].flat() as (string | number)[]]),
  )
  let last: string | undefined
  for (const part of text.split(/[,;]/)) {
    if (part.trim() === '') continue
    const [, word, sign, value = part.trim()] = /^\s*([a-z]+)\s*(<=|=<|==?|<|:)\s*(.*?)\s*$/i.exec(part) ?? []
    const name = word === undefined ? last : nameOf(word)
    if (name === undefined) throw invalid(`expected name=value, such as ${example}`)
    if (value === '') throw invalid(`expected a value behind "${word}"`)
    if (name === 'price') {
      const price = /^\d+(?:\.\d+)?$/.test(value) ? Number(value) : Number.NaN
      if (Number.isNaN(price)) throw invalid('expected an amount behind "price", such as price<=3')
      values.set('maxPrice', [price])
      continue
    }
    if (sign !== undefined && /[<>]/.test(sign)) throw invalid(`expected ${name}=value`)
    const wanted = value.split('|').map((each) => spelt(name, each.trim()))
    // What is typed again in one text, or in another flag, is one more choice.
    values.set(name, [...(values.get(name) ?? []), ...wanted])
    last = name
  }
  if (values.size === 0) throw invalid(`expected name=value, such as ${example}`)
  const filter = Object.fromEntries(
    [...values].map(([name, wanted]) => [name, wanted.length === 1 ? wanted[0] : wanted]),
  )
  const parsed = proxyFilterSchema.safeParse(filter)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const name = String(issue?.path[0] ?? '')
  throw invalid(`${name}: ${messageFor(name, issue?.message)}`)
}

function messageFor(name: string, message = 'it does not fit'): string {
  if (name === 'class') return 'expected datacenter, residential, mobile or free'
  if (name === 'protocol') return 'expected http, https, socks4, socks4a, socks5, socks5h or direct'
  if (name === 'country') return 'expected a code of two letters, such as DE'
  return name === 'asn' ? 'expected the number of a network, such as AS3320' : message
}

function spelt(name: string, value: string): string {
  return name === 'class' || name === 'protocol' ? value.toLowerCase() : value
}

function nameOf(word: string): string {
  const name = word.toLowerCase()
  if (name === 'maxprice') return 'price'
  if ((names as readonly string[]).includes(name)) return name
  const meant = nearest(name, names)
  const hint = meant === undefined ? `there are ${names.join(', ')}` : `did you mean "${meant}"`
  throw invalid(`"${word.slice(0, 40)}" is nothing that is known of proxies; ${hint}`)
}

function invalid(expected: string): RegattaError {
  return new RegattaError('OPTION_INVALID', `Option "use": ${expected}.`, { value: { path: 'use' } })
}

/** The filter as it would be typed. */
export function filterText(filter: ProxyFilter): string {
  return describeFilter(filter).replaceAll(', ', ',')
}
