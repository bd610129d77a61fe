import type { Entry } from './list.ts'
import { isEntry, readObject } from './object.ts'
import { type ParseDefaults, protocolOf, readProxy } from './parse-proxy.ts'

/**
 * Lists as JSON APIs serve them: an array of strings or of objects, alone or under some name (`proxies`, `data`,
 * `results`, …); an object with a list for each protocol; one object alone; or one object a line (NDJSON).
 */

/** The entries of a JSON list, or undefined when it is no list. */
export function readJson(json: unknown, defaults: ParseDefaults = {}): Entry[] | undefined {
  const found: Entry[] = []
  return collectEntries(json, defaults, found, 0) ? found : undefined
}

const deepest = 4

function collectEntries(json: unknown, defaults: ParseDefaults, found: Entry[], depth: number): boolean {
  if (Array.isArray(json)) {
    for (const value of json) {
      const proxy = typeof value === 'string' ? readProxy(value, defaults) : readObject(value, defaults)
      found.push({ place: `entry ${found.length + 1}`, proxy })
    }
    return true
  }
  if (typeof json !== 'object' || json === null || depth > deepest) return false
  if (isEntry(json)) {
    found.push({ place: `entry ${found.length + 1}`, proxy: readObject(json, defaults) })
    return true
  }
  let isList = false
  for (const [name, value] of Object.entries(json)) {
    if (typeof value !== 'object' || value === null) continue
    const protocol = protocolOf(name)
    if (collectEntries(value, protocol ? { ...defaults, protocol } : defaults, found, depth + 1))
      isList = true
  }
  return isList
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
