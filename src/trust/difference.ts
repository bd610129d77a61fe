import { bareName, isOfData, traitsOf } from './part-path.ts'
import { type Part, sharedValues } from './part-tally.ts'
import type { Profile } from './profile.ts'

/** In what two answers to one question differ, and how much they have in common all the same. */
export interface Difference {
  /**
   * What differs: `status`, `type`, `target`, `size` (by more than an eighth), `bytes` (of what is not read by parts), and for
   * each path `count:PATH` and `value:PATH` (other values, another order of them, or other names of
   * as many elements). Empty: they agree.
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
  const moved: Moved[] = []
  const compare = (path: string, mine: Part, its: Part) => {
    const { weight } = traitsOf(path)
    common += weight * Math.min(mine.count, its.count)
    total += weight * Math.max(mine.count, its.count)
    if (mine.count !== its.count) moved.push({ path, mine, its })
    else if (mine.value !== its.value) keys.push(`value:${path}`)
  }
  for (const [path, part] of one) compare(path, part, other.get(path) ?? absent)
  for (const [path, part] of other) if (!one.has(path)) compare(path, absent, part)
  if (moved.length > 0) {
    const renamed = addMoved(moved, keys)
    common += renamed
    total -= renamed
  }
  return total === 0 ? 1 : common / total
}

const absent: Part = { count: 0, value: 0 }

/** A path that one answer has more often than the other. */
interface Moved {
  readonly path: string
  readonly mine: Part
  readonly its: Part
}

/**
 * Where one class went and another came, and the elements are as many as before, only a name has changed: some sites draw
 * them anew for each answer. That is told as another value of the path without the names, which is the same from visit to
 * visit. Returns the weight of what is in both so.
 */
function addMoved(moved: readonly Moved[], keys: string[]): number {
  const groups = Map.groupBy(moved, ({ path }) => bareName(path))
  let renamed = 0
  for (const [name, members] of groups) {
    const surplus = members.reduce((sum, { mine, its }) => sum + mine.count - its.count, 0)
    if (surplus === 0) {
      keys.push(`value:${name}`)
      const count = members.reduce((sum, { mine, its }) => sum + Math.max(0, mine.count - its.count), 0)
      renamed += traitsOf(name).weight * count
      continue
    }
    for (const { path, mine, its } of members) {
      keys.push(`count:${path}`)
      if (mine.value !== its.value) keys.push(`value:${path}`)
    }
  }
  return renamed
}

/** A size says nothing of its own: longer texts are longer. One line or one value more is more than another text. */
function isOfText(key: string): boolean {
  if (key === 'size') return true
  const colon = key.indexOf(':')
  const path = key.slice(colon + 1)
  return colon > 0 && traitsOf(path).isText && (key.startsWith('value:') || !isOfData(path))
}
