import { isOfData, traitsOf } from './part-path.ts'
import { type Part, sharedValues } from './part-tally.ts'
import type { Profile } from './profile.ts'

/** In what two answers to one question differ, and how much they have in common all the same. */
export interface Difference {
  /**
   * What differs: `status`, `type`, `target`, `size` (by more than an eighth), `bytes` (of what is not read by parts), and for
   * each path `count:PATH` and `value:PATH` (other values, or another order of them). Empty: they agree.
   * Where status, type or target differ, parts are not looked at.
   */
  readonly keys: readonly string[]
  /** The share of both that is the same, by weight of the parts, in [0, 1]; 0 when status, type or target differ. */
  readonly likeness: number
  /** Only texts differ: no element, link, script, frame, form, header, status or target. */
  readonly isTextOnly: boolean
}

/** Statuses that end a page each in its own way; of the others the class counts. */
const endings = new Set([204, 205, 206, 304, 404, 410, 451])
/** Sizes within this ratio may be those of one page. */
const sameSize = 7 / 8
/** What the structure of an answer counts for; the rest is for the values in it. */
const structureShare = 0.6
/** So much any two pages have in common: a heading, a paragraph, a link. It counts as far as their values are the same, too. */
const commonplace = 6
/** What all headers together count for where the bodies are equal. */
const headersShare = 0.05

const agreement: Difference = { keys: [], likeness: 1, isTextOnly: true }

export function differenceOf(one: Profile, other: Profile): Difference {
  const outer = outerKeys(one, other)
  if (outer.length > 0) return { keys: outer, likeness: 0, isTextOnly: false }
  const keys: string[] = []
  if (one.digest === other.digest && one.size === other.size) {
    const headers = sharedCounts(one.headers, other.headers, 0, keys)
    if (keys.length === 0) return agreement
    return { keys, likeness: 1 - headersShare * (1 - headers), isTextOnly: false }
  }
  if (Math.min(one.size, other.size) < Math.max(one.size, other.size) * sameSize) keys.push('size')
  const isOpaque = one.type === 'binary' || one.isPartial || other.isPartial
  if (isOpaque) keys.push('bytes')
  const values = sharedValues(one.sketch, other.sketch)
  const before = keys.length
  const structure = sharedCounts(one.parts, other.parts, values, keys)
  if (keys.length === before && !isOpaque) return agreement
  const likeness = one.type === 'binary' ? values : likenessOf(structure, values)
  return { keys, likeness, isTextOnly: keys.every(isOfText) }
}

/** Headings, paragraphs and lists of links are built alike everywhere, so half a structure counts as far as values confirm it. */
function likenessOf(structure: number, values: number): number {
  return structureShare * structure * Math.min(1, structure + 2 * values) + (1 - structureShare) * values
}

function outerKeys(one: Profile, other: Profile): string[] {
  const keys: string[] = []
  if (statusKind(one.status) !== statusKind(other.status)) keys.push('status')
  // Two faults have no body to tell them apart, but a cause.
  else if (one.status === 0 && one.headers.keys().next().value !== other.headers.keys().next().value)
    keys.push('status')
  if (one.type !== other.type) keys.push('type')
  if (one.target !== other.target) keys.push('target')
  return keys
}

function statusKind(status: number): number {
  return endings.has(status) ? status : Math.floor(status / 100)
}

/** Adds the keys that differ, and returns the share of the parts that are in both. */
function sharedCounts(
  one: ReadonlyMap<string, Part>,
  other: ReadonlyMap<string, Part>,
  values: number,
  keys: string[],
): number {
  let common = commonplace * values
  let total = commonplace
  for (const [path, part] of one) {
    const { weight } = traitsOf(path)
    const match = other.get(path)
    const count = match?.count ?? 0
    common += weight * Math.min(part.count, count)
    total += weight * Math.max(part.count, count)
    if (part.count !== count) keys.push(`count:${path}`)
    if (part.value !== (match?.value ?? 0)) keys.push(`value:${path}`)
  }
  for (const [path, { count, value }] of other) {
    if (one.has(path)) continue
    total += traitsOf(path).weight * count
    keys.push(`count:${path}`)
    if (value !== 0) keys.push(`value:${path}`)
  }
  return total === 0 ? 1 : common / total
}

/** A size says nothing of its own: longer texts are longer. One line or one value more is more than another text. */
function isOfText(key: string): boolean {
  if (key === 'size') return true
  const colon = key.indexOf(':')
  const path = key.slice(colon + 1)
  return colon > 0 && traitsOf(path).isText && (key.startsWith('value:') || !isOfData(path))
}
