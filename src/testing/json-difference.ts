import { showValue } from '../base/show.ts'

/** Where two values of JSON differ, one line a place: what a person looks for in a long list of items. */
export interface Difference {
  /** `items[2].price`. */
  readonly path: string
  /** Undefined where there is nothing. */
  readonly expected: unknown
  readonly found: unknown
}

/** In document order, `most` at most. `path` is what the values themselves are called. */
export function differences(expected: unknown, found: unknown, path: string, most = 10): Difference[] {
  const all: Difference[] = []
  walk(expected, found, path)
  return all

  function walk(one: unknown, other: unknown, at: string): void {
    if (all.length >= most || Object.is(one, other)) return
    const keys = keysOf(one, other)
    if (keys === undefined) {
      all.push({ path: at, expected: one, found: other })
      return
    }
    for (const key of keys) {
      const place = typeof key === 'number' ? `${at}[${key}]` : at === '' ? key : `${at}.${key}`
      walk(memberOf(one, key), memberOf(other, key), place)
    }
  }
}

/** `items[2].price: expected 3, found "3"`. */
export function describeDifference({ path, expected, found }: Difference): string {
  if (found === undefined) return `${path}: expected ${showValue(expected)}, and there is none`
  if (expected === undefined) return `${path}: not expected, found ${showValue(found)}`
  return `${path}: expected ${showValue(expected)}, found ${showValue(found)}`
}

/** Of two lists or two objects; undefined for all else, which differs as a whole. */
function keysOf(one: unknown, other: unknown): readonly (string | number)[] | undefined {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return undefined
  if (Array.isArray(one) !== Array.isArray(other)) return undefined
  if (Array.isArray(one)) return [...Array(Math.max(one.length, (other as unknown[]).length)).keys()]
  return [...new Set([...Object.keys(one), ...Object.keys(other)])]
}

function memberOf(value: unknown, key: string | number): unknown {
  return Object.hasOwn(value as object, key) ? (value as Record<string | number, unknown>)[key] : undefined
}
