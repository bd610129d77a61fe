import type { ParsedProxy } from '../contracts/endpoint.ts'
import { readLine } from './line.ts'
import { isEntry, readObject } from './object.ts'
import { type ParseDefaults, readProxy, schemeWord } from './parse-proxy.ts'
import type { Entry } from './proxy-list.ts'
import { countryCode } from './tags.ts'

/**
 * Lists as JSON APIs serve them: an array of strings, objects or rows, alone or under some name (`proxies`, `data`,
 * `results`, …); an object with a list for each protocol or country, or with addresses for names; one object alone; or one
 * object a line (NDJSON).
 */

/** The entries of a JSON list, or undefined when it is no list. */
export function readJson(json: unknown, defaults: ParseDefaults = {}): Entry[] | undefined {
  const found: Entry[] = []
  return collectEntries(json, defaults, found, 0) ? found : undefined
}

const deepest = 4

function collectEntries(json: unknown, defaults: ParseDefaults, found: Entry[], depth: number): boolean {
  if (Array.isArray(json)) {
    for (const value of json) addEntries(found, readValue(value, defaults))
    return true
  }
  if (typeof json !== 'object' || json === null || depth > deepest) return false
  if (isEntry(json)) {
    addEntries(found, [readObject(json, defaults)])
    return true
  }
  let isList = false
  for (const [name, value] of Object.entries(json))
    isList = collectNamed(name, value, defaults, found, depth) || isList
  return isList
}

/** What stands under a name: a list of a protocol or a country, what a client takes for each scheme, or the address itself. */
function collectNamed(
  name: string,
  value: unknown,
  defaults: ParseDefaults,
  found: Entry[],
  depth: number,
): boolean {
  const protocol = schemeWord(name.replace(/:\/\/$/, ''))
  const country = Array.isArray(value) ? countryCode(name) : undefined
  if (typeof value === 'string' && protocol !== undefined) {
    addEntries(found, readLine(value, defaults))
    return true
  }
  if (typeof value !== 'object' || value === null) return false
  const address = Array.isArray(value) || !name.includes(':') ? '' : readProxy(name, defaults)
  if (typeof address !== 'string') {
    addEntries(found, [readObject({ ...value, proxy: name }, defaults)])
    return true
  }
  const tags = country === undefined ? defaults.tags : { ...defaults.tags, country }
  return collectEntries(
    value,
    { ...defaults, ...(protocol && { protocol }), ...(tags && { tags }) },
    found,
    depth + 1,
  )
}

/** A string is read as a line would be, an array of words as a row of columns. */
function readValue(value: unknown, defaults: ParseDefaults): readonly (ParsedProxy | string)[] {
  if (typeof value === 'string') return readLine(value, defaults)
  const isRow =
    Array.isArray(value) &&
    value.length < 20 &&
    value.every((cell) => ['string', 'number'].includes(typeof cell))
  return isRow ? readLine(value.join('\t'), defaults) : [readObject(value, defaults)]
}

function addEntries(found: Entry[], proxies: readonly (ParsedProxy | string)[]): void {
  for (const proxy of proxies) found.push({ place: `entry ${found.length + 1}`, proxy })
}

/** The entries of NDJSON, or undefined when the lines are not objects. */
export function readJsonLines(text: string, defaults: ParseDefaults = {}): Entry[] | undefined {
  const entries: Entry[] = []
  for (const [index, line] of text.split(/\r\n|\n|\r/).entries()) {
    if (line.trim() === '') continue
    const value = parseJson(line)
    if (value === undefined || typeof value !== 'object') {
      if (entries.length === 0) return undefined
      entries.push({ place: `line ${index + 1}`, proxy: 'it is not JSON' })
      continue
    }
    entries.push({ place: `line ${index + 1}`, proxy: readObject(value, defaults) })
  }
  return entries
}

/** The value of a text, or undefined when it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
