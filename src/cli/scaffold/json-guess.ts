import { quoted } from './field-names.ts'
import type { Field, Guess, Next } from './guess.ts'

/** An answer of an interface: the longest list of objects in it, the shape of these, and how the next answer is asked for. */
const deepest = 6
const mostMembers = 40
const nextNames = [
  'next',
  'nextUrl',
  'next_url',
  'nextPage',
  'next_page',
  'nextLink',
  '@odata.nextLink',
  'nextRecordsUrl',
]
const nextPlaces = [[], ['links'], ['_links'], ['paging'], ['pagination'], ['meta'], ['info'], ['page']]

export function guessJson(answer: unknown, url: string): Guess {
  const list = longestList(answer, [], 0)
  const rows = list?.rows ?? [answer]
  const objects = rows.filter(isObject)
  const next = nextIn(answer, url, list !== undefined)
  const fields = objects.length > 0 ? fieldsOf(objects) : []
  const found = list
    ? `${list.rows.length} objects in ${list.pointer.length === 0 ? 'the answer' : `"/${list.pointer.join('/')}"`}`
    : 'no list of objects, so the answer is one item'
  return { found, rows: list && { pointer: list.pointer }, fields, next, format: 'json' }
}

interface List {
  readonly pointer: readonly string[]
  readonly rows: readonly unknown[]
}

function longestList(value: unknown, pointer: readonly string[], depth: number): List | undefined {
  if (Array.isArray(value)) return value.some(isObject) ? { pointer, rows: value } : undefined
  if (!isObject(value) || depth >= deepest) return undefined
  let longest: List | undefined
  for (const [name, member] of Object.entries(value)) {
    const found = longestList(member, [...pointer, name], depth + 1)
    if (found && found.rows.length > (longest?.rows.length ?? 0)) longest = found
  }
  return longest
}

function fieldsOf(objects: readonly Readonly<Record<string, unknown>>[]): Field[] {
  const names = [...new Set(objects.flatMap((each) => Object.keys(each)))].slice(0, mostMembers)
  return names.map((name) => ({
    name,
    schema: schemaOf(
      objects.map((each) => (Object.hasOwn(each, name) ? each[name] : undefined)),
      0,
    ),
    code: () => '',
  }))
}

/** Of all values that a member has, as far as they were seen. */
function schemaOf(values: readonly unknown[], depth: number): string {
  const there = values.filter((value) => value !== undefined && value !== null)
  const kinds = new Set(there.map(kindOf))
  const [kind] = kinds
  const base = kinds.size === 1 ? schemaOfKind(kind!, there, depth) : 'z.unknown()'
  if (base === 'z.unknown()') return base
  const nullable = values.includes(null) ? '.nullable()' : ''
  return `${base}${nullable}${values.includes(undefined) ? '.optional()' : ''}`
}

function schemaOfKind(kind: string, values: readonly unknown[], depth: number): string {
  if (kind === 'array') {
    const all = (values as readonly unknown[][]).flat()
    return all.length === 0 ? 'z.array(z.unknown())' : `z.array(${schemaOf(all, depth + 1)})`
  }
  if (kind !== 'object') return `z.${kind}()`
  if (depth >= 2) return 'z.record(z.string(), z.unknown())'
  const objects = values as readonly Readonly<Record<string, unknown>>[]
  const names = [...new Set(objects.flatMap((each) => Object.keys(each)))]
  if (names.length === 0 || names.length > mostMembers) return 'z.record(z.string(), z.unknown())'
  const members = names.map(
    (name) =>
      `${keyOf(name)}: ${schemaOf(
        objects.map((each) => each[name]),
        depth + 1,
      )}`,
  )
  return `z.object({ ${members.join(', ')} })`
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'array' : typeof value
}

/** As it stands in an object literal. */
export function keyOf(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name)
}

function nextIn(answer: unknown, url: string, hasList: boolean): Next | undefined {
  for (const place of nextPlaces) {
    const holder = valueAt(answer, place)
    if (!isObject(holder)) continue
    for (const name of nextNames) {
      const pointer = [...place, name]
      const value = holder[name]
      if (typeof value === 'string' && leads(value, url)) return { kind: 'member', pointer }
      if (isObject(value) && typeof value.href === 'string')
        return { kind: 'member', pointer: [...pointer, 'href'] }
    }
  }
  const parameter = [...new URL(url).searchParams.keys()].find((each) =>
    /^(?:page|p|pageNumber|page_number)$/i.test(each),
  )
  return hasList && parameter !== undefined ? { kind: 'count', parameter } : undefined
}

function leads(value: string, url: string): boolean {
  return (/^https?:/i.test(value) || /^[/?]/.test(value)) && URL.canParse(value, url)
}

export function valueAt(answer: unknown, pointer: readonly string[]): unknown {
  return pointer.reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), answer)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
