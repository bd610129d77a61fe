import type { ParsedProxy, ProxyCredentials, ProxyScheme, ProxyTags } from '../contracts/endpoint.ts'
import { asnOf } from '../contracts/proxy-filter.ts'
import { bracketed, labelProxy } from './label.ts'
import { assembleProxy, type ParseDefaults, readProxy, schemeNames, schemeWord } from './parse-proxy.ts'
import { cityOf, classOf, countryOf, priceOf, saysKind } from './tags.ts'

/**
 * One entry of a list whose fields have names: an object of a JSON list, a row of a table. The names that publishers use
 * differ in case, underscores and words, so they are compared without the first two and looked up in turn. A whole address
 * in one field (`proxy`, `url`, `ipPort`) is read when host and port are not apart.
 */
const names = {
  host: [
    'host',
    'ip',
    'ipaddress',
    'proxyaddress',
    'address',
    'addr',
    'server',
    'serveraddress',
    'hostname',
    'proxyip',
    'proxyhost',
  ],
  port: ['port', 'proxyport'],
  scheme: ['protocol', 'protocols', 'scheme', 'type', 'proxytype'],
  username: ['username', 'user', 'login'],
  password: ['password', 'pass', 'pwd'],
  whole: ['proxy', 'url', 'ipport', 'ipaddressport', 'hostport', 'proxyurl'],
  country: ['countrycode', 'country', 'isocode', 'code', 'cc', 'geolocation', 'location', 'ipdata', 'geo'],
  city: ['city', 'cityname', 'town'],
  asn: ['asn', 'asnumber', 'asnnumber', 'asnum', 'autonomoussystemnumber', 'as'],
  class: ['class', 'proxyclass', 'iptype', 'proxytype', 'type', 'usagetype', 'category'],
  price: ['price', 'pricepergb', 'priceusd'],
}
/** What holds fields of its own. */
const holders = [
  'geolocation',
  'geo',
  'location',
  'ipdata',
  'ipinfo',
  'city',
  'asn',
  'network',
  'names',
  'en',
]

type Fields = ReadonlyMap<string, unknown>

/** The proxy, or the reason why there is none. */
export function readObject(value: unknown, defaults: ParseDefaults): ParsedProxy | string {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return 'it is neither a string nor an object'
  const fields = fieldsOf(value)
  const tags = { ...defaults.tags, ...tagsOf(fields) }
  const scheme = schemeOf(fields)
  if (typeof scheme === 'string') return scheme
  const protocol = scheme?.protocol || defaults.protocol
  const host = textOf(fields, names.host)
  const both = protocol?.startsWith('socks') ? ['portsocks', 'portsocks5'] : ['porthttp', 'porthttps']
  const port = (scheme?.port ?? textOf(fields, [...names.port, ...both]))?.replace(/\.0$/, '') // a number as pandas writes it
  const account = accountOf(fields)
  if (host !== undefined && port !== undefined) {
    const proxy = assembleProxy(protocol ?? 'http', bracketed(host), port, account, tags)
    return typeof proxy === 'string' || protocol ? proxy : { ...proxy, guessed: true }
  }
  const whole = textOf(fields, names.whole) ?? host
  if (whole !== undefined) {
    const proxy = readProxy(whole, { ...defaults, ...(protocol && { protocol }), tags })
    if (typeof proxy === 'string' || proxy.credentials || !account) return proxy
    return { ...proxy, ...labelProxy({ ...proxy.endpoint, credentials: account }) }
  }
  return port === undefined
    ? 'it has neither "host" nor "ip", and no "port"'
    : 'it has neither "host" nor "ip"'
}

function accountOf(fields: Fields): ProxyCredentials | undefined {
  const username = textOf(fields, names.username)
  return username === undefined ? undefined : { username, password: textOf(fields, names.password) ?? '' }
}

/** Whether the head of a table names a host, and something else that is known. */
export function isHead(cells: readonly string[]): boolean {
  const keys = cells.map(keyOf)
  const isOneOf =
    (...lists: string[][]) =>
    (key: string) =>
      lists.some((list) => list.includes(key))
  return (
    keys.some(isOneOf(names.host, names.whole)) &&
    keys.some(isOneOf(names.port, names.scheme, names.country, names.username, names.password))
  )
}

/** Whether an object is an entry, and not what holds the entries. */
export function isEntry(value: object): boolean {
  const fields = fieldsOf(value)
  const has = (keys: readonly string[]) => textOf(fields, keys) !== undefined
  return (has(names.host) && has(names.port)) || has(names.whole)
}

function fieldsOf(value: object): Fields {
  return new Map(Object.entries(value).map(([name, field]) => [keyOf(name), field]))
}

function keyOf(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '')
}

function textOf(fields: Fields, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const field = fields.get(key)
    if (typeof field === 'number') return String(field)
    if (typeof field === 'string' && field.trim() !== '') return field.trim()
  }
  return undefined
}

/** Of several, the one that carries most: SOCKS5 any connection, HTTP all pages, SOCKS4 only by address. Last a word that leaves it open. */
const ranks: readonly (ProxyScheme | '')[] = ['socks5h', 'socks5', 'http', 'socks4a', 'socks4', '']

/** The protocol of an entry, with the port that it names itself. */
interface Scheme {
  /** Empty where its word leaves that open. */
  readonly protocol: ProxyScheme | ''
  readonly port?: string
}

function schemeOf(fields: Fields): Scheme | string | undefined {
  for (const key of names.scheme) {
    const said = wordsOf(fields.get(key))
    if (said.length === 0) continue
    const known = said.flatMap(({ word, port }) => {
      const protocol = schemeWord(word)
      return protocol === undefined ? [] : [{ protocol, ...(port !== undefined && { port }) }]
    })
    if (known.length > 0)
      return known.sort((a, b) => ranks.indexOf(a.protocol) - ranks.indexOf(b.protocol))[0]!
    if (!key.includes('type') || !said.every(({ word }) => saysKind(word)))
      return `its protocol is not one of ${schemeNames}`
  }
  return undefined
}

/** `http`, `socks4,socks5`, an array of them, or of objects with a port each. */
function wordsOf(field: unknown): { readonly word: string; readonly port?: string | undefined }[] {
  if (typeof field === 'string')
    return field
      .split(/[^a-z0-9]+/i)
      .filter(Boolean)
      .map((word) => ({ word }))
  if (!Array.isArray(field)) return []
  return field.flatMap((each) => {
    if (typeof each !== 'object' || each === null) return wordsOf(typeof each === 'string' ? each : '')
    const inner = fieldsOf(each)
    const word = textOf(inner, names.scheme)
    return word === undefined ? [] : [{ word, port: textOf(inner, names.port) }]
  })
}

function tagsOf(fields: Fields): ProxyTags {
  const country = countryIn(fields, 0)
  const city = cityOf(placeIn(fields, names.city, 0) ?? '')
  const asn = asnOf(placeIn(fields, names.asn, 0) ?? '')
  const kind = names.class.map((key) => classOf(textOf(fields, [key]) ?? '')).find((each) => each)
  const price = priceOf(textOf(fields, names.price) ?? '')
  return {
    ...(country !== undefined && { country }),
    ...(city !== undefined && !/^(?:unknown|none|n\/?a)$/i.test(city) && { city }),
    ...(asn !== undefined && { asn }),
    ...(kind && { class: kind }),
    ...(price !== undefined && { price }),
  }
}

/** What stands under one of these names, here or in what holds fields of its own, such as `geolocation` or `ip_data`. */
function placeIn(fields: Fields, keys: readonly string[], depth: number): string | undefined {
  const here = textOf(fields, keys)
  if (here !== undefined || depth > 3) return here
  for (const key of holders) {
    const inner = fields.get(key)
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) continue
    // `city: { names: { en: 'Oslo' } }`: what holds its own names says no more than that.
    const isNamed = keys.includes(key)
    const found = placeIn(fieldsOf(inner), isNamed ? [...keys, 'en', 'number', 'name'] : keys, depth + 1)
    if (found !== undefined) return found
  }
  return undefined
}

function countryIn(fields: Fields, depth: number): string | undefined {
  // Columns of what was nested are called after all its levels: `geolocation.country`, `ip_data_countryCode`.
  const nested = [...fields.keys()].filter((key) => /.(?:countrycode|country|isocode)$/.test(key))
  for (const key of [...names.country, ...nested]) {
    const field = fields.get(key)
    const code = typeof field === 'string' ? countryOf(field) : undefined
    if (code !== undefined) return code
    if (typeof field === 'object' && field !== null && depth < 3) {
      const inner = countryIn(fieldsOf(field), depth + 1)
      if (inner !== undefined) return inner
    }
  }
  return undefined
}
