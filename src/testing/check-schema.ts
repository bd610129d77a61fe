import { jsonSchemaOf } from '../base/json-schema.ts'
import { messageOf } from '../contracts/errors.ts'
import type { Schema } from '../contracts/schema.ts'
import type { Source } from '../contracts/source.ts'
import { isSchema, parseParams } from '../source/schema.ts'
import { type Check, checked } from './check-report.ts'

/** What the schemas of a source say, and what they cannot say: help, columns and documents are made of them. */
export function checkSchema(source: Source, params: unknown): Check {
  const notices: string[] = []
  let paramsSaid = 'params fit'
  const taken = jsonSchemaOf(source.params, 'input') as Shape | undefined
  try {
    parseParams(source, params ?? {})
    if (params === undefined) paramsSaid = 'params have defaults'
  } catch (error) {
    if (params !== undefined) {
      return checked('schema', 'failed', withoutStop(messageOf(error)), {
        way: 'Give params that fit, with --param NAME=VALUE',
      })
    }
    const required = taken?.required ?? []
    paramsSaid = required.length > 0 ? `needs ${required.join(', ')}` : 'needs params'
  }
  if (taken === undefined) {
    notices.push(
      'the params cannot be shown: their schema has no JSON form, so help and messages know no names',
    )
  }
  for (const [kind, schema] of itemSchemas(source)) {
    const what = kind === '' ? 'items' : `items of the kind ${kind}`
    const given = jsonSchemaOf(schema, 'output') as Shape | undefined
    if (given === undefined) {
      notices.push(
        `${what} cannot be shown: their schema has no JSON form, so columns come from the first ones`,
      )
    } else if (given.properties === undefined && given.type !== 'object' && !given.anyOf && !given.oneOf) {
      const isAny = given.type === undefined
      notices.push(
        isAny
          ? `${what} may be anything: nothing is checked, and columns come from the first ones`
          : `${what} are no objects but ${String(given.type)}: tables have one column`,
      )
    } else {
      const blind = Object.entries(given.properties ?? {}).flatMap(
        ([name, { type, anyOf, oneOf, enum: values, const: value, allOf, $ref }]) =>
          [type, anyOf, oneOf, values, value, allOf, $ref].every((each) => each === undefined) ? name : [],
      )
      if (blind.length > 0) notices.push(`${what}: ${blind.join(', ')} may be anything`)
    }
  }
  const detail = `${paramsSaid}, items have a schema`
  return notices.length === 0
    ? checked('schema', 'ok', detail)
    : checked('schema', 'notice', detail, { more: notices })
}

/** Of all kinds of items; the kind of a source that has one is ''. */
export function itemSchemas({ item }: Pick<Source, 'item'>): readonly [kind: string, schema: Schema][] {
  const given: unknown = item
  return isSchema(given) ? [['', given]] : Object.entries(given as Readonly<Record<string, Schema>>)
}

interface Shape {
  readonly type?: string | readonly string[]
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly anyOf?: readonly unknown[]
  readonly oneOf?: readonly unknown[]
}

export function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, '')
}
