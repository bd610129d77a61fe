import { resolve } from 'node:path'
import { messageOf, RegattaError } from '../contracts/errors.ts'
import type { Schema } from '../contracts/schema.ts'
import { issuesOf, parseBy } from '../source/schema.ts'
import { type Shape, shapeOf } from './schema-fields.ts'
import type { Pair } from './values.ts'

/**
 * A source's params between its schema and the command line, where everything is text. The schema's JSON form says
 * which type a name wants: the text is converted to that, and the schema judges the result. A name given twice is a list.
 * A schema that cannot say it (zod 3) is asked: what it refuses as a text, it may take as the value that the text spells.
 */

/**
 * The params object that `pairs` mean for this schema, not yet validated. A file is named from `cwd`. Throws PARAM_INVALID for
 * an unknown name.
 */
export function readParams(
  schema: Schema,
  pairs: readonly Pair[],
  source: string,
  cwd = '.',
): Record<string, unknown> {
  const properties = shapeOf(schema, 'input').properties
  const values: Record<string, unknown> = {}
  for (const [name, group] of Map.groupBy(pairs, ([name]) => name)) {
    const known = properties === undefined || Object.hasOwn(properties, name)
    if (!known) throw unknownParam(name, Object.keys(properties), source)
    const texts = group.map(([, text]) => text)
    const shape = properties?.[name] ?? {}
    const value = convert(texts, shape, name, source)
    const isFile = shape.format === 'path' && typeof value === 'string' && value !== '' && value !== '-'
    values[name] = isFile ? resolve(cwd, value) : value
  }
  return properties === undefined ? spelled(schema, values) : values
}

/** Texts that a schema refuses, as what they spell: `12`, `true`, `["a"]`. */
function spelled(schema: Schema, values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const parsed = parseBy(schema, values, 'The params')
  const refused = new Set(issuesOf({ issues: parsed.issues ?? [] }).map(({ path }) => path.split('.')[0]))
  const spell = (value: unknown): unknown => {
    if (typeof value !== 'string') return Array.isArray(value) ? value.map(spell) : value
    try {
      return JSON.parse(value)
    } catch {
      return value
    }
  }
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, refused.has(name) ? spell(value) : value]),
  )
}

function convert(texts: readonly string[], shape: Shape, name: string, source: string): unknown {
  const types = typesOf(shape)
  const last = texts.at(-1) ?? ''
  if (types.has('array')) {
    const list = shape.items ?? shape.anyOf?.find((each) => each.type === 'array')?.items ?? {}
    if (texts.length > 1 || !last.trim().startsWith('[')) {
      if (texts.length === 1 && types.has('string')) return last
      return texts.map((text) => convert([text], list, name, source))
    }
    return parseJson(last, name, source)
  }
  if (texts.length > 1) {
    throw new RegattaError(
      'PARAM_INVALID',
      `Param "${name}" of source "${source}" takes one value, not ${texts.length}.`,
      { value: { issues: [{ path: name, message: 'expected one value' }] } },
    )
  }
  if (types.has('string') || types.size === 0) return last
  if (types.has('boolean') && (last === 'true' || last === 'false')) return last === 'true'
  if ((types.has('number') || types.has('integer')) && last.trim() !== '' && Number.isFinite(Number(last))) {
    return Number(last)
  }
  if (types.has('object')) return parseJson(last, name, source)
  if (types.has('null') && last === 'null') return null
  return last
}

function parseJson(text: string, name: string, source: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new RegattaError(
      'PARAM_INVALID',
      `Param "${name}" of source "${source}" wants JSON: ${messageOf(error)}.`,
      { value: { issues: [{ path: name, message: 'expected JSON' }] }, cause: error },
    )
  }
}

function unknownParam(name: string, known: readonly string[], source: string): RegattaError {
  const list = known.length === 0 ? 'it takes none' : `it takes ${known.join(', ')}`
  return new RegattaError('PARAM_INVALID', `Source "${source}" has no param "${name}": ${list}.`, {
    value: { issues: [{ path: name, message: 'there is no such param' }] },
  })
}

function typesOf(shape: Shape): Set<string> {
  const types = new Set<string>()
  const add = (each: Shape) => {
    if (typeof each.type === 'string') types.add(each.type)
    else for (const type of each.type ?? []) types.add(type)
    for (const value of each.enum ?? (each.const === undefined ? [] : [each.const])) types.add(typeof value)
    for (const option of [...(each.anyOf ?? []), ...(each.oneOf ?? [])]) add(option)
  }
  add(shape)
  return types
}
