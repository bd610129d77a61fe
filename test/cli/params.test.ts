import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { readParams } from '../../src/cli/params.ts'
import { inputFields } from '../../src/cli/schema-fields.ts'

const schema = z.object({
  tag: z.string().default('life'),
  pages: z.number().int(),
  deep: z.boolean().default(false),
  tags: z.array(z.string()).optional(),
  ids: z.array(z.number()).optional(),
  kind: z.enum(['a', 'b']).optional(),
  filter: z.object({ from: z.number() }).optional(),
  start: z.union([z.array(z.string()), z.string().transform((text) => text.split(','))]).optional(),
})

const read = (...pairs: [string, string][]) => readParams(schema, pairs, 'shop')

describe('params from the command line', () => {
  test('text becomes what the schema wants', () => {
    const params = read(
      ['tag', '42'],
      ['pages', '3'],
      ['deep', 'true'],
      ['kind', 'b'],
      ['filter', '{"from":1}'],
    )
    expect(params).toEqual({ tag: '42', pages: 3, deep: true, kind: 'b', filter: { from: 1 } })
    expect(schema.safeParse(params).success).toBe(true)
  })

  test('a name given twice is a list, and so is one value or JSON where a list is wanted', () => {
    expect(read(['tags', 'a'], ['tags', 'b'])).toEqual({ tags: ['a', 'b'] })
    expect(read(['tags', 'a'])).toEqual({ tags: ['a'] })
    expect(read(['ids', '1'], ['ids', '2'])).toEqual({ ids: [1, 2] })
    expect(read(['ids', '[1,2]'])).toEqual({ ids: [1, 2] })
  })

  test('a schema that takes text for a list gets the text', () => {
    expect(read(['start', 'a,b'])).toEqual({ start: 'a,b' })
    expect(read(['start', 'a'], ['start', 'b'])).toEqual({ start: ['a', 'b'] })
  })

  test('what cannot be converted is left to the schema to refuse', () => {
    expect(read(['pages', 'many'])).toEqual({ pages: 'many' })
    expect(read(['deep', 'perhaps'])).toEqual({ deep: 'perhaps' })
  })

  test('an unknown name, a second value and broken JSON are refused with the way out', () => {
    expect(() => read(['tagg', 'x'])).toThrow(/"shop" has no param "tagg": it takes tag, pages/)
    expect(() => read(['tag', 'a'], ['tag', 'b'])).toThrow(/takes one value, not 2/)
    expect(() => read(['filter', '{'])).toThrow(/"filter".*wants JSON/)
  })

  test('names, types, defaults and needs are read from the schema', () => {
    const rows = inputFields(schema).map(({ name, type, required, defaultValue }) => [
      name,
      type,
      required,
      defaultValue,
    ])
    expect(rows).toEqual([
      ['tag', 'string', false, 'life'],
      ['pages', 'integer', true, undefined],
      ['deep', 'boolean', false, false],
      ['tags', 'string[]', false, undefined],
      ['ids', 'number[]', false, undefined],
      ['kind', '"a" | "b"', false, undefined],
      ['filter', 'object', false, undefined],
      ['start', 'string[]', false, undefined],
    ])
  })
})
