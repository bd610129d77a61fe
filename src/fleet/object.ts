import type { ParsedProxy, ProxyProtocol } from '../contracts/endpoint.ts'
import { bracketed } from './label.ts'
import { assembleProxy, type ParseDefaults, protocolOf, readProxy, schemeNames } from './parse-proxy.ts'
import { isCountry } from './tags.ts'

/**
 * One entry of a list whose fields have names: an object of a JSON list, a row of a table. The names that publishers use
 * differ in case, underscores and words, so they are compared without the first two and looked up in turn. A whole address
 * in one field (`proxy`, `url`, `ipPort`) is read when host and port are not apart.
 */
const names = {
  host: ['host', 'ip', 'ipaddress', 'proxyaddress', 'address', 'addr', 'server', 'hostname'],
  port: ['port', 'proxyport'],
  scheme: ['protocol', 'protocols', 'scheme', 'type', 'proxytype'],
  username: ['username', 'user', 'login'],
  password: ['password', 'pass', 'pwd'],
  whole: ['proxy', 'url', 'ipport', 'proxyurl'],
  country: ['countrycode', 'country', 'isocode', 'geolocation', 'location', 'ipdata', 'geo'],
}

type Fields = ReadonlyMap<string, unknown>

/** The proxy, or the reason why there is none. */
export function readObject(value: unknown, defaults: ParseDefaults): ParsedProxy | string {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return 'it is neither a string nor an object'
  const fields = fieldsOf(value)
  const tags = { ...defaults.tags, ...countryTag(fields) }
  const scheme = schemeOf(fields)
  if (typeof scheme === 'string') return scheme
  const protocol = scheme?.protocol ?? defaults.protocol
  const host = textOf(fields, names.host)
  const port = textOf(fields, names.port)
  if (host !== undefined && port !== undefined) {
    const username = textOf(fields, names.username)
    const password = textOf(fields, names.password) ?? ''
    const proxy = assembleProxy(
      protocol ?? 'http',
      bracketed(host),
      port,
      username ? { username, password } : undefined,
      tags,
    )
    return typeof proxy === 'string' || protocol ? proxy : { ...proxy, guessed: true }
  }
  const whole = textOf(fields, names.whole) ?? host
  if (whole !== undefined) return readProxy(whole, { ...defaults, ...(protocol && { protocol }), tags })
  return port === undefined
    ? 'it has neither "host" nor "ip", and no "port"'
    : 'it has neither "host" nor "ip"'
}

/** Whether an object is an entry, and not what holds the entries. */
export function isEntry(value: object): boolean {
  const fields = fieldsOf(value)
  const has = (keys: readonly string[]) => textOf(fields, keys) !== undefined
  return (has(names.host) && has(names.port)) || has(names.whole)
}

function fieldsOf(value: object): Fields {
  return new Map(
    Object.entries(value).map(([name, field]) => [name.toLowerCase().replace(/[^a-z0-9]/g, ''), field]),
  )
}

function textOf(fields: Fields, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const field = fields.get(key)
    if (typeof field === 'number') return String(field)
    if (typeof field === 'string' && field.trim() !== '') return field.trim()
  }
  return undefined
}

/** Of several, the one that carries most: SOCKS5 any connection, HTTP all pages, SOCKS4 only by address. */
const ranks: readonly ProxyProtocol[] = ['socks5h', 'socks5', 'http', 'socks4a', 'socks4', 'https']

/** What the field `type` says elsewhere: how anonymous a proxy is, or where it stands. */
const otherTypes =
  /^(?:elite|anonymous|transparent|distorting|high|proxy|datacenter|residential|mobile|isp|free|public)$/i

function schemeOf(
  fields: Fields,
): { protocol: Exclude<ProxyProtocol, 'direct'> | undefined } | string | undefined {
  for (const key of names.scheme) {
    const field = fields.get(key)
    const words = (Array.isArray(field) ? field : typeof field === 'string' ? field.split(/[,;/|\s]+/) : [])
      .filter((word) => typeof word === 'string' && word !== '')
      .map(String)
    if (words.length === 0) continue
    const known = words.map(protocolOf).filter((protocol) => protocol !== undefined)
    if (known.length > 0) return { protocol: known.sort((a, b) => ranks.indexOf(a) - ranks.indexOf(b))[0]! }
    if (!key.includes('type') || !words.every((word) => otherTypes.test(word)))
      return `its protocol is not one of ${schemeNames}`
  }
  return undefined
}

function countryTag(fields: Fields): { country?: string } {
  const country = countryIn(fields, 0)
  return country === undefined ? {} : { country: country.toUpperCase() }
}

function countryIn(fields: Fields, depth: number): string | undefined {
  for (const key of names.country) {
    const field = fields.get(key)
    if (typeof field === 'string' && isCountry(field)) return field
    if (typeof field === 'object' && field !== null && depth < 3) {
      const inner = countryIn(fieldsOf(field), depth + 1)
      if (inner !== undefined) return inner
    }
  }
  return undefined
}
