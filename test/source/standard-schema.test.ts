import type { StandardSchemaV1 } from '@standard-schema/spec'
import { type } from 'arktype'
import { defineSource } from 'regatta'
import * as v from 'valibot'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { readParams } from '../../src/cli/params.ts'
import { inputFields } from '../../src/cli/schema-fields.ts'
import { problemOf } from '../../src/source/define-source.ts'
import { parseData, parseParams } from '../../src/source/schema.ts'
import { pageOf } from './fixtures.ts'

/** A schema of a library that we have never heard of: a number in a field, in at least one of these forms. */
function numberIn<Name extends string>(name: Name) {
  type Value = { [Key in Name]: number }
  const schema: StandardSchemaV1<Value> = {
    '~standard': {
      version: 1,
      vendor: 'unheard',
      validate(value) {
        const field = (value as Partial<Value>)?.[name]
        if (typeof field === 'number') return { value: value as Value }
        return { issues: [{ message: 'not a number.', path: [{ key: name }] }] }
      },
    },
  }
  return schema
}

const source = defineSource({
  name: 'other',
  params: numberIn('depth'),
  item: numberIn('price'),
  data: { page: numberIn('rank') },
  *seeds({ depth }) {
    expectTypeOf(depth).toEqualTypeOf<number>()
    yield { url: 'https://a.example/', label: 'page', data: { rank: depth } }
  },
  parse: {
    *page(page) {
      expectTypeOf(page.params).toEqualTypeOf<{ depth: number }>()
      expectTypeOf(page.data).toEqualTypeOf<{ rank: number }>()
      yield page.item({ price: 1 })
      // @ts-expect-error an item that does not fit
      yield page.item({ price: 'one' })
    },
  },
})

describe('a source with schemas of another library', () => {
  test('has its params, items and data checked, and named where they do not fit', () => {
    expect(parseParams(source, { depth: 3 })).toEqual({ depth: 3 })
    expect(() => parseParams(source, { depth: '3' } as never)).toThrow(
      'Param "depth" of source "other": not a number (got "3").',
    )
    const page = pageOf(source, { depth: 1 }, 'https://a.example/')
    expect(page.item({ price: 4 })).toEqual({ kind: 'item', value: { price: 4 } })
    expect(page.item({ price: 'x' } as never)).toMatchObject({
      kind: 'refused',
      error: { message: expect.stringMatching(/Item field "price" of .*: not a number/) },
    })
    const request = { url: 'https://a.example/', label: 'page', data: { rank: null } }
    expect(() => parseData(source, request)).toThrow('"rank" of the data: not a number')
  })

  test('takes numbers from the command line, though nobody can look into it', () => {
    expect(inputFields(source.params)).toEqual([])
    expect(readParams(source.params, [['depth', '3']], 'other')).toEqual({ depth: 3 })
    expect(readParams(source.params, [['depth', 'deep']], 'other')).toEqual({ depth: 'deep' })
  })

  test('may have a schema that is a function, as those of arktype are', () => {
    const callable = Object.assign(() => undefined, numberIn('depth'))
    expect(problemOf({ ...source, params: callable, data: undefined, parse: () => [] })).toBeUndefined()
  })
})

test('zod keeps its own type on the source, so that it can be asked directly', () => {
  const own = defineSource({
    name: 'own',
    params: z.object({ n: z.coerce.number<string>() }),
    item: z.object({ t: z.string() }),
    *seeds() {},
    *parse() {},
  })
  expect(own.params.parse({ n: '4' })).toEqual({ n: 4 })
})

describe('what is no schema is refused with the reason', () => {
  const definition = { name: 'x', params: z.object({}), item: z.object({}), *seeds() {}, *parse() {} }

  test('a zod that is too old', () => {
    const old = { safeParse: () => ({ success: true }), _def: {} }
    expect(problemOf({ ...definition, item: old })).toContain('update zod to 3.24 or 4')
  })

  test('a schema that answers later', () => {
    const later = z.object({ n: z.number() }).refine(async () => true)
    const odd = { ...definition, params: later, item: later }
    expect(() => parseParams(odd as never, { n: 1 } as never)).toThrow(
      'The params of source "x" have a schema that answers later',
    )
  })

  test('a schema that throws', () => {
    const throwing: StandardSchemaV1<object> = {
      '~standard': {
        version: 1,
        vendor: 'x',
        validate() {
          throw new Error('boom')
        },
      },
    }
    expect(() => parseParams({ ...definition, params: throwing }, {})).toThrow('the schema threw: boom')
  })
})

describe('page.json(schema)', () => {
  const url = 'https://api.example/items'
  const own = defineSource({
    name: 'own',
    params: z.object({}),
    item: z.object({}),
    *seeds() {},
    *parse() {},
  })
  const answering = (body: string) => pageOf(own, {}, url, { body, type: 'application/json' })
  const schemas = [
    ['zod', z.object({ items: z.array(z.object({ price: z.number() })) })],
    ['valibot', v.object({ items: v.array(v.object({ price: v.number() })) })],
    ['arktype', type({ items: type({ price: 'number' }).array() })],
  ] as const

  test.each(schemas)(
    'of %s gives what the schema makes of the body, and names what does not fit',
    (_, schema) => {
      expect(answering('{"items":[{"price":4}]}').json(schema)).toEqual({ items: [{ price: 4 }] })
      const wrong = () => answering('{"items":[{"price":4},{"price":"5"}]}').json(schema)
      expect(wrong).toThrow(
        /^The JSON of https:\/\/api.example\/items is not what source "own" expects: "items\.1\.price": .*number.* \(got "5"\)\.$/,
      )
      expect(wrong).toThrow(expect.objectContaining({ code: 'SOURCE_FAILED' }))
    },
  )

  test('makes defaults and transforms', () => {
    const schema = z.object({
      at: z.string().transform((text) => new Date(text)),
      most: z.number().default(3),
    })
    expect(answering('{"at":"2026-01-02"}').json(schema)).toEqual({ at: new Date('2026-01-02'), most: 3 })
  })

  test('reads one body by several schemas', () => {
    const page = answering('{"kind":"list","items":[]}')
    expect(page.json(z.object({ kind: z.string() }))).toEqual({ kind: 'list' })
    expect(page.json(z.object({ items: z.array(z.unknown()) }))).toEqual({ items: [] })
    expect(page.json()).toEqual({ kind: 'list', items: [] })
  })

  test('tells a few of many problems, and how many more there are', () => {
    const body = JSON.stringify(Array.from({ length: 500 }, () => ({ price: 'none' })))
    const read = () => answering(body).json(z.array(z.object({ price: z.number() })))
    expect(read).toThrow(/"0\.price": .*; "4\.price": .*; and 495 more\.$/)
  })

  test('says that a body is no JSON before it asks the schema', () => {
    expect(() => answering('<html>').json(z.object({}))).toThrow(`${url} is not JSON`)
  })

  test('refuses a schema that answers later', () => {
    const later = z.object({}).refine(async () => true)
    expect(() => answering('{}').json(later)).toThrow(
      'The calls of page.json() of source "own" have a schema that answers later; leave async checks',
    )
  })

  test.each([
    ['nothing', undefined, 'this is nothing'],
    ['an object', {}, 'this is {}'],
    ['an old zod', { safeParse: () => ({}) }, 'update zod'],
  ])('refuses %s in the place of a schema', (_, schema, why) => {
    expect(() => answering('{}').json(schema as never)).toThrow(why)
  })
})
