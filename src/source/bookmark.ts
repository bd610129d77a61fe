import { readFile, rename, writeFile } from 'node:fs/promises'
import { messageOf, RegattaError } from '../contracts/errors.ts'

/**
 * Where the next run of an interface begins: the highest value of a field that the last one saw, such as the time of a
 * change, and the items that have just this value. The bound is inclusive, because two items may share a moment of which only
 * one was there; those that were seen are left out by their keys. It is written when everything is stored, and replaced as
 * a whole: a run that ends before has not moved it, and what it brought comes once more.
 */
export interface Bookmark {
  /** Undefined before the first run. */
  readonly value?: string | number | undefined
  /** Of the items with this value. */
  readonly keys: readonly string[]
}

/** The one in a file; an empty one where there is no file. Throws PARAM_INVALID for a file that is something else. */
export async function readBookmark(path: string): Promise<Bookmark> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { keys: [] }
    throw unreadable(path, messageOf(error), error)
  }
  try {
    const { value, keys } = JSON.parse(text) as Partial<Bookmark>
    const isValue = typeof value === 'string' || typeof value === 'number'
    if (isValue && Array.isArray(keys)) return { value, keys: keys.map(String) }
  } catch {
    // It is told below.
  }
  throw unreadable(
    path,
    'it is not what a run has written; remove it, and the next run begins from the start',
  )
}

/** Whole or not at all. */
export async function writeBookmark(path: string, bookmark: Bookmark): Promise<void> {
  const temporary = `${path}.tmp`
  await writeFile(temporary, `${JSON.stringify(bookmark)}\n`)
  await rename(temporary, path)
}

/** The bookmark behind an item: moved where its value is higher, and with its key where it is the same. */
export function advanced(bookmark: Bookmark, value: unknown, key: string): Bookmark {
  if (typeof value !== 'string' && typeof value !== 'number') return bookmark
  const order = bookmark.value === undefined ? 1 : compareValues(value, bookmark.value)
  if (order > 0) return { value, keys: [key] }
  if (order < 0 || bookmark.keys.includes(key)) return bookmark
  return { value: bookmark.value, keys: [...bookmark.keys, key] }
}

/** Whether an item was there before the bookmark was set. */
export function isBehind({ value: bound, keys }: Bookmark, value: unknown, key: string): boolean {
  if (bound === undefined || (typeof value !== 'string' && typeof value !== 'number')) return false
  const order = compareValues(value, bound)
  return order < 0 || (order === 0 && keys.includes(key))
}

/** Numbers by size, dates by their moment, other texts by their characters. */
export function compareValues(one: string | number, other: string | number): number {
  const [first, second] = [asNumber(one), asNumber(other)]
  if (first !== undefined && second !== undefined) return first - second
  const [left, right] = [String(one), String(other)]
  return left < right ? -1 : left > right ? 1 : 0
}

const moment = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?\s?(?:Z|[+-]\d\d:?\d\d)?)?$/

/** Of a text that is a number, or a date with or without time: without a zone it is read as UTC. */
function asNumber(value: string | number): number | undefined {
  if (typeof value === 'number') return value
  if (/^-?\d{1,15}(?:\.\d+)?$/.test(value)) return Number(value)
  if (!moment.test(value)) return undefined
  const hasZone = /(?:Z|[+-]\d\d:?\d\d)$/.test(value.slice(10))
  const ms = Date.parse(hasZone || value.length === 10 ? value : `${value.replace(' ', 'T')}Z`)
  return Number.isNaN(ms) ? undefined : ms
}

function unreadable(path: string, why: string, cause?: unknown): RegattaError {
  return new RegattaError('PARAM_INVALID', `The bookmark ${path} cannot be read: ${why}.`, {
    value: { issues: [{ path: 'bookmark', message: why }] },
    cause,
  })
}
