import { isIP } from 'node:net'
import type { ParsedProxy, ProxyTags } from '../contracts/endpoint.ts'
import { bracketed } from './label.ts'
import {
  isPort,
  type ParseDefaults,
  readBareAddress,
  readProxy,
  schemeWord,
  stripComment,
} from './parse-proxy.ts'
import { countryCode, isRemark, readTags } from './tags.ts'

/**
 * One line of a list that somebody publishes: the address, and around it whatever the publisher tells of it. What can be
 * used of that is a country, a protocol and an account; the rest is left alone, since another's remark is no mistake of the
 * user's.
 *
 *     203.0.113.9:8080 US-N-S +          a table with codes
 *     203.0.113.9:1080::Germany          a place behind an empty field
 *     203.0.113.9:1080:DE  …:socks5:DE   countries and protocols as further fields
 *     203.0.113.9:1080@socks5#DE         the same behind other signs
 *     203.0.113.9   1080   SOCKS5  US    columns, by tab, blank, comma, semicolon or bar
 *     203.0.113.9;1080;bob;word          the account in columns, by anything but blanks
 *     203.0.113.9:1080|bob:word          or behind a bar
 *     socks5 203.0.113.9 1080 user pass  a line of proxychains
 *     SOCKS5 203.0.113.9:1080            a line of a PAC file
 *     - "203.0.113.9:1080",              bullets, numbers, quotes, commas too many
 *     DE 0.2 s 203.0.113.9:1080          what is told in front of an IP address
 *     203.0.113.9:1080,203.0.113.8:80    several on a line
 */
export function readLine(line: string, defaults: ParseDefaults): readonly (ParsedProxy | string)[] {
  const script = pacEntries(line)
  if (script) return script.map((entry) => readOne(entry, entry.split(/\s+/), defaults))
  const text = tidy(stripComment(line))
  const cells = cellsOf(text, /[\s,;|]+/)
  if (cells.length > 1) {
    const several = cells.map((cell) => readProxy(cell, defaults))
    if (several.every((each) => typeof each !== 'string')) return several
  }
  return [readOne(text, cells, defaults)]
}

/** What a PAC file returns: several ways in one text, `SOCKS5 203.0.113.9:1080; PROXY 203.0.113.8:80; DIRECT`. */
function pacEntries(line: string): string[] | undefined {
  if (!line.includes(';') || line.length > 2_000) return undefined
  const entries = line
    .trim()
    .replace(/^["']|(?<!["',;])["',;]+$/g, '')
    .split(';')
    .map((entry) => entry.trim())
    .filter(Boolean)
  const isEach = entries.every((entry) => /^(?:direct|(?:proxy|https?|socks[45]?)\s+\S+:\d+)$/i.test(entry))
  if (!isEach) return undefined
  const proxies = entries.filter((entry) => !/^direct$/i.test(entry))
  return proxies.length > 0 ? proxies : undefined
}

/** Whether there is anything to read: a line of dashes or brackets is layout. */
export function saysSomething(line: string): boolean {
  return /[\p{L}\p{N}]/u.test(stripComment(line))
}

const invisible = /[\u00ad\u200b-\u200f\u2060\ufeff]/g
const bullet = /^(?:[-*+•·–]|\d{1,6}[.)])\s+/
const quotes = /^["'`]|["'`]$/g

/** A line without what only lays it out: bars at its ends, a bullet, quotes, the brackets of a list in code. */
function tidy(line: string): string {
  const text = line.replace(invisible, '').replaceAll('：', ':').replace(bullet, '').trim()
  const inner = /^["'`[|]|[\]"'`,;|]$/.test(text) ? withoutBorder(text) : text
  return inner
    .trim()
    .replace(quotes, '')
    .replace(/^([^\s:]+)(?: +: *|: +)(?=\d{1,5}\b)/, (sign, host: string) =>
      // `Total: 12` is no proxy.
      /[.\]]/.test(host) ? `${host}:` : sign,
    )
}

function withoutBorder(text: string): string {
  let end = text.length
  while (end > 0 && ',;|'.includes(text[end - 1]!)) end--
  const row = text.slice(text.startsWith('|') ? 1 : 0, end)
  const inner = /^\[\s*["'`]/.test(row) ? row.slice(1) : row
  return /["'`,]\s?\]$/.test(inner) ? inner.slice(0, -1) : inner
}

function cellsOf(text: string, separator: RegExp): string[] {
  return text
    .split(separator)
    .map((cell) => cell.trim().replace(quotes, ''))
    .filter((cell) => cell !== '' && cell !== ']')
}

function readOne(text: string, cells: readonly string[], defaults: ParseDefaults): ParsedProxy | string {
  const told = readToldBehind(text, defaults)
  if (told !== undefined) return told
  const plain = readProxy(text, defaults)
  if (typeof plain !== 'string') return plain
  const read = readCells(cells, text, defaults) ?? readFirstAddress(cells, defaults)
  if (read !== undefined) return read
  // Prose is told that it is no address, not what is wrong behind one.
  const first = readProxy(cells[0] ?? '', defaults)
  return typeof first === 'string' ? first : plain
}

const hostAndPort = /^((?:\[[^\]]*\]|[^:[\]@/\s]+):\d{1,5})/

/** `host:port` with remarks where an account could stand: `:socks5:DE`, `@http#DE`, `#DE`. */
function readToldBehind(text: string, defaults: ParseDefaults): ParsedProxy | string | undefined {
  const address = hostAndPort.exec(text)?.[1]
  const rest = address === undefined ? '' : text.slice(address.length)
  const [, fields, scheme, comment] =
    /^(?::([^:@\s#]+(?::[^:@\s#]+)+)|@([a-z0-9]+))?(?:#(.*))?$/is.exec(rest) ?? []
  if (address === undefined || (fields ?? scheme ?? comment) === undefined) return undefined
  const remarks = fields?.split(':') ?? (scheme === undefined ? [] : [scheme])
  const isScheme = scheme !== undefined && (schemeWord(scheme) ?? countryCode(scheme)) !== undefined
  if (scheme !== undefined ? !isScheme : !remarks.every(isFieldRemark)) return undefined
  return readRest(address, [...remarks, ...(comment?.split(/[^\w-]+/) ?? [])], defaults)
}

function isFieldRemark(word: string): boolean {
  return schemeWord(word) !== undefined || countryCode(word) !== undefined || isRemark(word)
}

/** The proxy, the reason why its cells are none, or undefined when they say nothing that one may rely on. */
function readCells(
  cells: readonly string[],
  text: string,
  defaults: ParseDefaults,
): ParsedProxy | string | undefined {
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
    const address = `${bracketed(first)}:${second}`
    const account = accountInColumns(text)
    return account ? readBareAddress(`${address}:${account}`, defaults) : readRest(address, rest, defaults)
  }
  const [, address, field] = /^((?:\[[^\]]*\]|[^:[\]@/]+):\d{1,5})(?::+([^:]*))?$/.exec(first) ?? []
  if (address !== undefined) {
    const isAccount =
      field === undefined && rest.length === 0 && /^[^:\s]+:[^:\s]+$/.test(second) && !/^\d+:/.test(second)
    if (isAccount) return readBareAddress(`${address}:${second}`, defaults)
    return readRest(address, [...(field ? [field] : []), second, ...rest], defaults)
  }
  const [, word = '', behind = ''] = /^([a-z0-9]+):((?:\[[^\]]*\]|[^:[\]/]+):\d.*)$/i.exec(first) ?? []
  const named = schemeWord(word)
  if (named !== undefined)
    return readRest(behind, cells.slice(1), { ...defaults, ...(named && { protocol: named }) })
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(first) ? readRest(first, [second, ...rest], defaults) : undefined
}

/** `user:password` of a row of four columns whose last two are no remarks; blanks may stand inside a remark. */
function accountInColumns(text: string): string | undefined {
  const columns = cellsOf(text, /[\t,;|]/)
  const [, , username = '', password = ''] = columns
  if (columns.length !== 4 || /\s/.test(username + password)) return undefined
  if (isFieldRemark(username) || schemeWord(password) !== undefined) return undefined
  return isRemark(password) && !/^\d+$/.test(password) ? undefined : `${username}:${password}`
}

/** The first IP address with a port, or URL of a proxy, that stands among other things. */
function readFirstAddress(
  cells: readonly string[],
  defaults: ParseDefaults,
): ParsedProxy | string | undefined {
  const at = cells.findIndex((cell) =>
    /^(?:\w+:\/\/|(?:\d{1,3}\.){3}\d{1,3}:\d|\[[0-9a-f:.]+\]:\d)/i.test(cell),
  )
  if (at < 0 || typeof readProxy(cells[at]!, defaults) === 'string') return undefined
  return readRest(cells[at]!, [...cells.slice(0, at), ...cells.slice(at + 1)], defaults)
}

/** An address with what is told of it. */
function readRest(
  address: string,
  remarks: readonly string[],
  defaults: ParseDefaults,
): ParsedProxy | string | undefined {
  const words = remarks.filter((word) => /^[^=]+=/.test(word))
  const tags = readTags(words)
  if (typeof tags === 'string') return tags
  const found = remarks.map(countryCode).find((country) => country !== undefined)
  const all: ProxyTags = { ...(found && { country: found }), ...tags }
  if (address.includes('://')) return readProxy(address, { ...defaults, tags: { ...defaults.tags, ...all } })
  const told = remarks.map(schemeWord).find((protocol) => protocol)
  return readBareAddress(address, { ...defaults, ...(told && { protocol: told }) }, all)
}
