import { z } from 'zod'
import type { ParsedProxy } from '../contracts/endpoint.ts'
import type { Entry } from './list.ts'
import { assembleProxy, type ParseDefaults, protocolOf, readProxy, schemeNames } from './parse-proxy.ts'
import { isCountry } from './tags.ts'

/**
 * Lists as JSON APIs serve them: an array of strings, or of objects with the names in use (`host` or `ip`, `port`,
 * `protocol`, `type` or the first of `protocols`, `username`, `password`, `country`), alone or under `proxies`, `data`
 * or `results`.
 */
const word = z.string().nullish()
const entrySchema = z.object({
  host: word,
  ip: word,
  port: z.union([z.number(), z.string()]),
  protocol: word,
  type: word,
  protocols: z.array(z.string()).nullish(),
  username: word,
  password: word,
  country: word,
  country_code: word,
})
const listSchema = z.union([
  z.array(z.unknown()),
  z.object({ proxies: z.array(z.unknown()) }).transform((wrapped) => wrapped.proxies),
  z.object({ data: z.array(z.unknown()) }).transform((wrapped) => wrapped.data),
  z.object({ results: z.array(z.unknown()) }).transform((wrapped) => wrapped.results),
])

/** The entries of a JSON list, or undefined when it is no list. */
export function readJson(json: unknown, defaults: ParseDefaults = {}): Entry[] | undefined {
  const list = listSchema.safeParse(json)
  return list.data?.map((entry, index) => ({
    place: `entry ${index + 1}`,
    proxy: typeof entry === 'string' ? readProxy(entry, defaults) : readObject(entry, defaults),
  }))
}

function readObject(value: unknown, defaults: ParseDefaults): ParsedProxy | string {
  const { data: entry, error } = entrySchema.safeParse(value)
  if (!entry) {
    const field = error.issues[0]?.path.join('.') ?? ''
    return field
      ? `its field "${field}" is missing or of a wrong type`
      : 'it is neither a string nor an object'
  }
  const host = entry.host ?? entry.ip
  if (!host) return 'it has neither "host" nor "ip"'
  const scheme = entry.protocol ?? entry.type ?? entry.protocols?.[0]
  const protocol = scheme ? protocolOf(scheme) : (defaults.protocol ?? 'http')
  if (!protocol) return `its protocol is not one of ${schemeNames}`
  const country = entry.country_code ?? entry.country ?? ''
  return assembleProxy(
    protocol,
    host.includes(':') && !host.startsWith('[') ? `[${host}]` : host,
    String(entry.port),
    entry.username ? { username: entry.username, password: entry.password ?? '' } : undefined,
    { ...defaults.tags, ...(isCountry(country) && { country: country.toUpperCase() }) },
  )
}
