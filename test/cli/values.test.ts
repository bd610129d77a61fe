import { InvalidArgumentError } from 'commander'
import { describe, expect, test } from 'vitest'
import {
  collectHeader,
  collectParam,
  parseCount,
  parseDepth,
  parseDuration,
  parseSeed,
} from '../../src/cli/values.ts'

describe('values on the command line', () => {
  test.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['1.5m', 90_000],
    ['2h', 7_200_000],
  ])('%s is a duration', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  test.each(['30', '', '-1s', '0s', '5 minutes', '1e3s', 's'])('"%s" is no duration', (text) => {
    expect(() => parseDuration(text)).toThrow(InvalidArgumentError)
  })

  test('counts are whole numbers within their range', () => {
    expect(parseCount('7')).toBe(7)
    expect(parseDepth('0')).toBe(0)
    expect(parseSeed('4294967295')).toBe(4_294_967_295)
    for (const text of ['0', '-1', '1.5', '1e3', '', 'many']) {
      expect(() => parseCount(text), text).toThrow(InvalidArgumentError)
    }
    expect(() => parseSeed('4294967296')).toThrow(/0 to 4294967295/)
  })

  test('a param keeps every = but the first', () => {
    expect(collectParam('q=a=b', [['x', '1']])).toEqual([
      ['x', '1'],
      ['q', 'a=b'],
    ])
    expect(() => collectParam('novalue')).toThrow(InvalidArgumentError)
  })

  test('a header is name=value or name: value, whichever sign comes first', () => {
    expect(collectHeader('Cookie: a=b')).toEqual({ cookie: 'a=b' })
    expect(collectHeader('Referer=https://a.example/', { cookie: 'x' })).toEqual({
      cookie: 'x',
      referer: 'https://a.example/',
    })
    expect(() => collectHeader('bad name: x')).toThrow(InvalidArgumentError)
  })
})
