import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LatencyHistogram } from '../../src/reputation/latency.ts'

test('a quantile is within 5 % of the exact one, give or take a twentieth of a millisecond', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 60_000, noNaN: true }), { minLength: 1, maxLength: 1_000 }),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      (times, q) => {
        const histogram = new LatencyHistogram()
        for (const each of times) histogram.record(each)
        const exact = times.toSorted((one, other) => one - other)[Math.ceil(q * times.length) - 1]!
        expect(Math.abs(histogram.quantile(q)! - exact)).toBeLessThanOrEqual(0.05 * exact + 0.05)
      },
    ),
  )
})

test('what was usual long ago is forgotten', () => {
  const histogram = new LatencyHistogram()
  for (let n = 0; n < 3_000; n++) histogram.record(100)
  for (let n = 0; n < 3_000; n++) histogram.record(1_000)
  expect(histogram.quantile(0.5)!).toBeGreaterThan(950)
  expect(histogram.quantile(0.05)!).toBeGreaterThan(950)
})

test('quantiles asked in turn do not disturb each other', () => {
  const histogram = new LatencyHistogram()
  for (let n = 1; n <= 1_000; n++) {
    histogram.record(n)
    histogram.quantile(0.5)
    histogram.quantile(0.95)
  }
  expect(histogram.quantile(0.5)!).toBeGreaterThan(470)
  expect(histogram.quantile(0.95)!).toBeGreaterThan(900)
})

test('nothing recorded has no quantile', () => {
  expect(new LatencyHistogram().quantile(0.5)).toBeUndefined()
})
