import { isIP } from 'node:net'
import type { ParsedProxy, ProxyTags } from '../contracts/endpoint.ts'
import { bracketed } from './label.ts'
import {
  isPort,
  type ParseDefaults,
  protocolOf,
  readBareAddress,
  readProxy,
  stripComment,
} from './parse-proxy.ts'
import { isCountry, readTags } from './tags.ts'

/**
 * One line of a list that somebody publishes: the address, and behind it whatever the publisher tells of it. What can be
 * used of that is a country and a protocol; the rest is left alone, since another's remark is no mistake of the user's.
 *
 *     203.0.113.9:8080 US-N-S +          a table with codes
 *     203.0.113.9:1080::Germany          a place behind an empty field
 *     203.0.113.9:1080:DE  …:socks5      a country or a protocol as third field
 *     203.0.113.9   1080   SOCKS5  US    columns, by tab, blank, comma, semicolon or bar
 *     socks5 203.0.113.9 1080 user pass  a line of proxychains
 *     SOCKS5 203.0.113.9:1080            a line of a PAC file
 */
export function readLine(line: string, defaults: ParseDefaults): ParsedProxy | string {
  const text = withoutBorder(stripComment(line))
  const plain = readProxy(text, defaults)
  if (typeof plain !== 'string') return plain
  const cells = text.split(/\s*[,;|]\s*|\s+/).filter((cell) => cell !== '')
  const read = readCells(cells, defaults)
  if (read !== undefined) return read
  // Prose is told that it is no address, not what is wrong behind one.
  const first = readProxy(cells[0] ?? '', defaults)
  return typeof first === 'string' ? first : plain
}

/** A row of a table as it is drawn, without the bars at its ends. */
function withoutBorder(text: string): string {
  const from = text.startsWith('|') ? 1 : 0
  return text.slice(from, text.endsWith('|') ? -1 : undefined).trim()
}

/** The proxy, the reason why its cells are none, or undefined when they say nothing that one may rely on. */
function readCells(cells: readonly string[], defaults: ParseDefaults): ParsedProxy | string | undefined {
  const [first = '', second = '', ...rest] = cells
  const scheme = schemeWord(first)
  if (scheme !== undefined && second !== '') {
    const inner = isPort(rest[0] ?? '') && !second.includes(':') ? rest.slice(1) : rest
    const address = inner === rest ? second : `${bracketed(second)}:${rest[0]}`
    const [username, password] = inner
    const account = username !== undefined && password !== undefined && inner.length === 2
    return readRest(account ? `${address}:${username}:${password}` : address, [], {
      ...defaults,
      ...(scheme && { protocol: scheme }),
    })
  }
  if (isPort(second) && (isIP(first) !== 0 || /^[\w-]+(\.[\w-]+)+$/.test(first))) {
    return readRest(`${bracketed(first)}:${second}`, rest, defaults)
  }
  const [, address, field] = /^((?:\[[^\]]*\]|[^:[\]@/]+):\d{1,5})(?::+([^:]*))?$/.exec(first) ?? []
  if (address !== undefined) {
    return readRest(address, [...(field ? [field] : []), second, ...rest], defaults)
  }
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(first) ? readRest(first, [second, ...rest], defaults) : undefined
}

/** An address with what is told of it. */
function readRest(
  address: string,
  remarks: readonly string[],
  defaults: ParseDefaults,
): ParsedProxy | string | undefined {
  const words = remarks.filter((word) => word.includes('='))
  const tags = readTags(words)
  if (typeof tags === 'string') return tags
  const found = remarks.map(countryIn).find((country) => country !== undefined)
  const all: ProxyTags = { ...(found && { country: found }), ...tags }
  if (address.includes('://')) return readProxy(address, { ...defaults, tags: { ...defaults.tags, ...all } })
  const told = remarks.map(schemeWord).find((protocol) => protocol)
  return readBareAddress(address, { ...defaults, ...(told && { protocol: told }) }, all)
}

/**
 * The protocol that a word names, or undefined when it names none. Lists say `HTTPS` of an HTTP proxy that lets TLS
 * through, and a PAC file `PROXY`: both leave the question open, which an empty string says.
 */
function schemeWord(word: string): Exclude<ReturnType<typeof protocolOf>, undefined> | '' | undefined {
  if (/^(?:proxy|https)$/i.test(word)) return ''
  return protocolOf(word)
}

/** `DE`, or `DE-N-S` as tables write it. */
function countryIn(word: string): string | undefined {
  const code = word.split('-', 1)[0]!
  return code === code.toUpperCase() && isCountry(code) ? code : undefined
}
