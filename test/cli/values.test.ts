import { InvalidArgumentError } from 'commander'
import { describe, expect, test } from 'vitest'
import {
  collectHeader,
  collectParam,
  parseCount,
  parseDepth,
  parseDuration,
  parsePause,
  parseRate,
  parseSeed,
} from '../../src/cli/values.ts'

describe('values on the command line', () => {
  test.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['1.5m', 90_000],
    ['2h', 7_200_000],
    ['1h30m', 5_400_000],
    ['1m 30s', 90_000],
    ['5 minutes', 300_000],
    ['7d', 604_800_000],
  ])('%s is a duration', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  test.each(['30', '', '-1s', '0s', '5 moments', '1e3s', 's', '5m3', 'm5', '1h,30m', '5 m x'])(
    '"%s" is no duration',
    (text) => {
      expect(() => parseDuration(text)).toThrow(InvalidArgumentError)
    },
  )

  test.each([
    ['2', 2],
    ['2/s', 2],
    ['30/m', 0.5],
    ['30/min', 0.5],
    ['360/h', 0.1],
  ])('%s is a rate', (text, perSecond) => {
    expect(parseRate(text)).toBeCloseTo(perSecond)
  })

  test.each(['', '0', '0/s', '-1/s', '2/', '2/x', '/s', '1/d', 'many'])('"%s" is no rate', (text) => {
    expect(() => parseRate(text)).toThrow(InvalidArgumentError)
  })

  test('a pause may be nothing', () => {
    expect([parsePause('0'), parsePause('0ms'), parsePause('2s')]).toEqual([0, 0, 2_000])
    expect(() => parsePause('2')).toThrow(InvalidArgumentError)
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
