import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseOptions } from '../../src/options/options.ts'
import { hedgeDelay } from '../../src/race/hedging.ts'
import { LatencyHistogram } from '../../src/reputation/latency.ts'
import { HedgeBudget } from '../../src/router/hedge-budget.ts'

const options = parseOptions({}).hedge
if (options === false) throw new Error('hedging is on by default')
const longest = 3_000

function histogram(times: readonly number[]): LatencyHistogram {
  const made = new LatencyHistogram()
  for (const each of times) made.record(each)
  return made
}

test('a hedge is never earlier than the least delay where proxies are good, and each further attempt waits twice as long', () => {
  const times = fc.array(fc.double({ min: 1, max: 20_000, noNaN: true }), { maxLength: 200 })
  fc.assert(
    fc.property(times, fc.double({ min: 0.4, max: 0.99, noNaN: true }), (list, expected) => {
      const second = hedgeDelay(options, histogram(list), expected, 1, longest)
      expect(second).toBeGreaterThanOrEqual(options.minDelay)
      expect(second).toBeLessThanOrEqual(longest)
      expect(hedgeDelay(options, histogram(list), expected, 2, longest)).toBeCloseTo(2 * second)
    }),
  )
})

test('good proxies are hedged after what 95 % of the answers need', () => {
  const times = Array.from({ length: 400 }, (_, n) => (n % 20 === 0 ? 2_000 : 300))
  const delay = hedgeDelay(options, histogram(times), 0.9, 1, longest)
  expect(delay).toBeGreaterThan(280)
  expect(delay).toBeLessThan(320)
})

test('before anything is known the second attempt waits for the cold delay', () => {
  expect(hedgeDelay(options, histogram([5, 5]), 0.8, 1, longest)).toBe(options.coldDelay)
})

test('proxies that fail more often than not race almost at once', () => {
  expect(hedgeDelay(options, histogram([]), 0.2, 1, longest)).toBe(options.minDelay)
  expect(hedgeDelay(options, histogram([]), 0.2, 2, longest)).toBe(2 * options.minDelay)
})

test('the budget stops hedges at half a bucket, and good answers earn them back', () => {
  const budget = new HedgeBudget({ ...options, tokens: 10 })
  for (let n = 0; n < 5; n++) {
    expect(budget.allows()).toBe(true)
    budget.spent()
  }
  expect(budget.allows()).toBe(false)
  budget.earned()
  expect(budget.allows()).toBe(true)
})

test('extra attempts are bounded by the bucket and the earnings, in every order of spending and earning', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 500 }), (answers) => {
      const budget = new HedgeBudget({ ...options, tokens: 20 })
      let hedges = 0
      let earned = 0
      for (const isAnswer of answers) {
        if (isAnswer) {
          budget.earned()
          earned += 0.1
        } else if (budget.allows()) {
          budget.spent()
          hedges++
        }
      }
      expect(hedges).toBeLessThanOrEqual(10 + earned + 1)
    }),
  )
})
