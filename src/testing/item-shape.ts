/**
 * What items look like, field by field, so that those of today can be compared with those of a fixture: how many have a
 * field, how often it is empty, and which types it has. Fields of lists are taken together: `tags[]`.
 */
export interface FieldShape {
  /** Items, or objects around it, that could have it. */
  readonly of: number
  /** Those that have it, and more than nothing in it. */
  readonly filled: number
  readonly types: ReadonlySet<string>
}

export type ItemShape = ReadonlyMap<string, FieldShape>

interface Counted {
  of: number
  filled: number
  readonly types: Set<string>
}

/** `items`: as JSON. */
export function shapeOfItems(items: readonly unknown[]): ItemShape {
  const fields = new Map<string, Counted>()
  addAll('', items)
  return fields

  /** `values`: what stands at one place of all items; names that some of them lack are counted as empty there. */
  function addAll(at: string, values: readonly unknown[]): void {
    const objects = values.filter(isObject)
    const lists = values.filter((value): value is unknown[] => Array.isArray(value))
    const plain = values.filter((value) => !isObject(value) && !Array.isArray(value))
    if (plain.length > 0 && (at === '' || at.endsWith('[]')))
      note(at === '' ? 'the item' : at, plain, values.length)
    const names = new Set(objects.flatMap((each) => Object.keys(each)))
    for (const name of names) {
      const path = at === '' ? name : `${at}.${name}`
      const found = objects.map((each) => each[name])
      note(path, found, objects.length)
      addAll(path, found)
    }
    if (lists.length > 0) addAll(`${at}[]`, lists.flat())
  }

  function note(path: string, values: readonly unknown[], of: number): void {
    const field = fields.get(path) ?? { of: 0, filled: 0, types: new Set<string>() }
    field.of += of
    for (const value of values) {
      if (isEmpty(value)) continue
      field.filled++
      field.types.add(typeName(value))
    }
    fields.set(path, field)
  }
}

/** Fields that are no longer as they were, one sentence each. */
export function driftBetween(before: ItemShape, now: ItemShape): string[] {
  const told: string[] = []
  const gone: string[] = []
  for (const [path, field] of before) {
    // What stands in a field that is gone is gone with it.
    if (gone.some((each) => path.startsWith(`${each}.`) || path.startsWith(`${each}[]`))) continue
    const missing = { of: ofParent(path, now), filled: 0, types: new Set<string>() }
    const { of, filled, types } = now.get(path) ?? missing
    if (of === 0) continue
    if (hasFallen(field.filled, field.of, filled, of)) {
      gone.push(path)
      told.push(`${path}: in ${field.filled} of ${field.of} fixture items, in ${filled} of ${of} live items`)
      continue
    }
    const strange = [...types].filter((type) => !field.types.has(type))
    if (strange.length > 0 && field.types.size > 0) {
      told.push(`${path}: ${[...field.types].join(' or ')} in the fixtures, ${strange.join(' or ')} live`)
    }
  }
  return told
}

/** A field that none has though chance would have given it to one, or that far fewer have than chance would explain. */
function hasFallen(before: number, ofBefore: number, now: number, of: number): boolean {
  const [was, is] = [before / ofBefore, now / of]
  if (now === 0) return (1 - was) ** of < 0.05
  const spread = Math.sqrt((was * (1 - was) + 0.05) * (1 / ofBefore + 1 / of))
  return was - is > Math.max(0.2, 3 * spread)
}

function ofParent(path: string, shape: ItemShape): number {
  const parent = path.replace(/(\.[^.]+|\[\])$/, '')
  if (parent === path) return Math.max(0, ...[...shape.values()].map(({ of }) => of))
  return shape.get(parent)?.filled ?? 0
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true
  if (typeof value === 'string') return value.trim() === ''
  return Array.isArray(value) && value.length === 0
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
