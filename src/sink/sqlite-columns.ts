import { type JsonSchema as Json, jsonSchemaOf } from '../base/json-schema.ts'
import type { Schema } from '../contracts/schema.ts'

/**
 * From an item's schema to the columns of its table. The schema is read as JSON Schema, so that every way to write one
 * leads to the same column. A type is a promise about all values: where a schema allows several, there is none, and
 * SQLite keeps each value as it is.
 */
export interface Column {
  readonly name: string
  readonly type: ColumnType
}

/** Nested values are JSON text, dates ISO 8601 text, booleans 0 and 1. An empty type takes any value. */
export type ColumnType = 'TEXT' | 'INTEGER' | 'REAL' | ''

/** One per key; undefined when the schema does not say which keys there are. */
export function columnsOf(schema: Schema): readonly Column[] | undefined {
  const json = jsonSchemaOf(schema, 'output')
  if (!json) return undefined
  const types = new Map<string, ColumnType>()
  let isKeyed = false
  for (const branch of branchesOf(json, json)) {
    if (!branch.properties) continue
    isKeyed = true
    for (const [name, property] of Object.entries(branch.properties)) {
      const type = typeOf(property, json)
      const before = types.get(name)
      types.set(name, before === undefined || before === type ? type : '')
    }
  }
  if (isKeyed) return [...types].map(([name, type]) => ({ name, type }))
  const type = typeOf(json, json)
  return type === '' || json.type === 'object' ? undefined : [{ name: 'value', type }]
}

/** What the schema allows, without null. */
function branchesOf(schema: Json | boolean, root: Json): Json[] {
  if (typeof schema === 'boolean') return [{}]
  if (schema.$ref !== undefined) {
    if (schema.$ref === '#') return [{ type: 'object' }]
    const name = schema.$ref.split('/').at(-1)!
    return branchesOf(root.$defs?.[name] ?? {}, root)
  }
  const either = schema.anyOf ?? schema.oneOf
  if (either) return either.flatMap((branch) => branchesOf(branch, root))
  if (schema.allOf) return schema.allOf.flatMap((part) => branchesOf(part, root))
  return schema.type === 'null' ? [] : [schema]
}

function typeOf(schema: Json | boolean, root: Json): ColumnType {
  const types = new Set(branchesOf(schema, root).flatMap(typesIn))
  if (types.size === 1) return [...types][0]!
  return types.size === 2 && types.has('INTEGER') && types.has('REAL') ? 'REAL' : ''
}

function typesIn({ type, enum: values, const: only }: Json): ColumnType[] {
  if (type === undefined && values) return values.flatMap(typeOfValue)
  if (type === undefined && only !== undefined) return typeOfValue(only)
  const names = [type ?? ''].flat().filter((name) => name !== 'null')
  return names.map((name) => columnTypes[name] ?? '')
}

function typeOfValue(value: unknown): ColumnType[] {
  if (value === null) return []
  if (typeof value === 'number') return [Number.isInteger(value) ? 'INTEGER' : 'REAL']
  return [typeof value === 'boolean' ? 'INTEGER' : 'TEXT']
}

const columnTypes: Partial<Record<string, ColumnType>> = {
  string: 'TEXT',
  number: 'REAL',
  integer: 'INTEGER',
  boolean: 'INTEGER',
  object: 'TEXT',
  array: 'TEXT',
}
