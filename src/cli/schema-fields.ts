import { z } from 'zod'
import { isZod, jsonSchemaOf } from '../base/json-schema.ts'
import type { Schema } from '../contracts/schema.ts'
import type { Source } from '../contracts/source.ts'
import { isSchema } from '../source/schema.ts'

/**
 * What a schema says of an object, field by field: for `regatta sources`, for the documents, and to know what a text of the
 * command line is to become. It is read from the schema's JSON form, so it works with any library that has one.
 */
export interface Field {
  /** With the names above it: `headings[].level`. */
  readonly name: string
  /** `string`, `number`, `boolean`, `string[]`, `"a" | "b"`; `any` where the schema cannot be shown. */
  readonly type: string
  readonly required: boolean
  readonly defaultValue: unknown
  /** As the schema has it: `.describe('…')` of zod. */
  readonly description: string | undefined
}

/** JSON Schema, as far as it is read here. */
export interface Shape {
  readonly type?: string | readonly string[]
  readonly format?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Shape[]
  readonly oneOf?: readonly Shape[]
  readonly items?: Shape
  readonly properties?: Readonly<Record<string, Shape>>
  readonly required?: readonly string[]
  readonly default?: unknown
  readonly description?: string
  /** It may be left out where another param stands in for it. */
  readonly needed?: boolean
}

/** What the schema takes, or gives; an empty shape where it cannot be shown. */
export function shapeOf(schema: Schema, io: 'input' | 'output'): Shape {
  return (jsonSchemaOf(schema, io) ?? {}) as Shape
}

/** What may be given for an object of this schema: the params of a source. */
export function inputFields(schema: Schema): Field[] {
  return fieldsOf(shapeOf(schema, 'input')).map((field) => ({
    ...field,
    defaultValue: field.defaultValue ?? defaultOf(schema, field.name),
  }))
}

/** The schemas of a source's items, by kind; the kind of a source that has one schema is ''. */
export function itemKinds(source: Pick<Source, 'item'>): [kind: string, schema: Schema][] {
  const item: unknown = source.item
  return isSchema(item) ? [['', item]] : Object.entries(item as Readonly<Record<string, Schema>>)
}

/** What an object of this schema holds, and what that holds in turn: the items of a source. */
export function outputFields(schema: Schema): Field[] {
  return deepFields(shapeOf(schema, 'output'), '')
}

function deepFields(shape: Shape, prefix: string): Field[] {
  return fieldsOf(shape).flatMap((field) => {
    const inner = shape.properties![field.name]!
    const name = prefix + field.name
    const within = inner.type === 'array' ? deepFields(inner.items ?? {}, `${name}[].`) : []
    return [{ ...field, name }, ...within, ...deepFields(inner, `${name}.`)]
  })
}

function fieldsOf(shape: Shape): Field[] {
  return Object.entries(shape.properties ?? {}).map(([name, property]) => ({
    name,
    type: typeName(property),
    required: property.needed === true || (shape.required?.includes(name) ?? false),
    defaultValue: property.default,
    description: property.description,
  }))
}

/** What zod makes of nothing: it also finds the defaults that a schema with transforms cannot show. */
function defaultOf(schema: Schema, name: string): unknown {
  if (!isZod(schema) || !(schema instanceof z.ZodObject)) return undefined
  const param = (schema.shape as Record<string, z.ZodType | undefined>)[name]
  const parsed = param?.safeParse(undefined)
  return parsed?.success ? parsed.data : undefined
}

function typeName(shape: Shape): string {
  if (shape.enum) return shape.enum.map((value) => JSON.stringify(value)).join(' | ')
  if (shape.const !== undefined) return JSON.stringify(shape.const)
  const options = shape.anyOf ?? shape.oneOf
  if (options) return joinTypes(options.map(typeName))
  if (shape.type === 'array') {
    const item = typeName(shape.items ?? {})
    return item.includes(' ') ? `(${item})[]` : `${item}[]`
  }
  if (shape.type === undefined) return 'any'
  return typeof shape.type === 'string' ? shape.type : joinTypes(shape.type)
}

/** On a command line everything is text; that a schema takes text too says nothing. */
function joinTypes(types: readonly string[]): string {
  const distinct = new Set(types)
  if (distinct.size > 1) distinct.delete('string')
  return [...distinct].join(' | ')
}
