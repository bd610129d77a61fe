import { describe, expect, test } from 'vitest'
import { counted, formatBytes, formatCount, formatDuration, formatRate } from '../../src/base/format.ts'

describe('numbers for people', () => {
  test.each([
    [undefined, '–'],
    [0, '0 ms'],
    [999, '999 ms'],
    [999.6, '1.0 s'],
    [12_340, '12.3 s'],
    [59_949, '59.9 s'],
    [59_960, '1 min 00 s'],
    [245_000, '4 min 05 s'],
    [3_599_600, '1 h 00 min'],
    [3_720_000, '1 h 02 min'],
    [90_000_000, '1 d 01 h'],
  ])('a duration of %s ms is shown as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })

  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '1.0 kB'],
    [9_960, '10 kB'],
    [999_600, '1.0 MB'],
    [12_345_678, '12 MB'],
    [4.2e15, '4.2 PB'],
  ])('%s bytes are shown as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })

  test('counts have thousands apart, and agree with their noun', () => {
    expect(formatCount(1_234_567)).toBe('1,234,567')
    expect(formatCount(999)).toBe('999')
    expect(counted(1, 'page')).toBe('1 page')
    expect(counted(2_000, 'proxy', 'proxies')).toBe('2,000 proxies')
  })

  test('a rate has a decimal only while it matters', () => {
    expect(formatRate(0.44)).toBe('0.4/s')
    expect(formatRate(99.96)).toBe('100/s')
    expect(formatRate(1_234.5)).toBe('1,235/s')
  })
})
