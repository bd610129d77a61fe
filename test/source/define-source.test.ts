import { expect, test } from 'vitest'
import { z } from 'zod'
import { defineSource } from '../../src/source/define-source.ts'
import { flag, list, parseParams, wholeNumber } from '../../src/source/schema.ts'

const good = {
  name: 'good',
  params: z.object({
    tag: z.string(),
    depth: z.object({ most: z.number() }).optional(),
    apiKey: z.string().optional(),
  }),
  item: z.string(),
  *seeds() {
    yield 'http://a.example/'
  },
  *parse() {},
}

test.each([
  ['no object', 7, 'object'],
  ['no name', { ...good, name: undefined }, 'needs a name'],
  ['a name that cannot be typed', { ...good, name: 'my source' }, '"my source"'],
  ['params that are no schema', { ...good, params: {} }, '"params" must be a zod schema'],
  ['no item', { ...good, item: undefined }, '"item" must be'],
  ['seeds that are a list', { ...good, seeds: ['http://a.example/'] }, '"seeds" must be'],
  ['no parse', { ...good, parse: undefined }, '"parse" must be'],
  ['a misspelt member', { ...good, desciption: 'x' }, '"desciption"'],
  ['a robots that is no boolean', { ...good, robots: 'no' }, '"robots" must be true or false'],
])('a definition with %s is refused at once', (_, definition, sentence) => {
  expect(() => defineSource(definition as unknown as typeof good)).toThrow(
    expect.objectContaining({ code: 'SOURCE_INVALID', message: expect.stringContaining(sentence) }),
  )
})

test('a wrong param is named with its value and what was expected', () => {
  const source = defineSource(good)
  expect(parseParams(source, { tag: 'x' })).toEqual({ tag: 'x' })
  const input = { tag: 'x', depth: { most: 'far' } } as unknown as { tag: string }
  expect(() => parseParams(source, input)).toThrow(
    expect.objectContaining({
      code: 'PARAM_INVALID',
      message: expect.stringMatching(/"depth\.most" of source "good".*expected number.*got "far"/),
    }),
  )
  expect(() => parseParams(source, undefined)).toThrow(/"tag" of source "good".*got nothing/)
})

test('the value of a param that is a secret is not repeated', () => {
  const input = { tag: 'x', apiKey: 12345 } as unknown as { tag: string }
  expect(() => parseParams(defineSource(good), input)).toThrow(
    expect.objectContaining({ code: 'PARAM_INVALID', message: expect.not.stringContaining('12345') }),
  )
})

test('params of a command line mean what they say', () => {
  const schema = z.object({ on: flag(), count: wholeNumber(), all: list() })
  expect(schema.parse({ on: 'no', count: '12', all: 'a, b' })).toEqual({
    on: false,
    count: 12,
    all: ['a', 'b'],
  })
  expect(schema.parse({ on: true, count: 3, all: ['a b'] })).toEqual({ on: true, count: 3, all: ['a b'] })
  expect(schema.safeParse({ on: 'perhaps', count: '1.5', all: 7 }).error?.issues).toHaveLength(3)
})
