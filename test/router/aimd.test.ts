import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AdaptiveLimit } from '../../src/router/aimd.ts'

const step = fc.oneof(
  fc.record({ do: fc.constant('answered' as const), inFlight: fc.nat(100), gap: fc.nat(500) }),
  fc.record({ do: fc.constant('refused' as const), age: fc.nat(5_000), gap: fc.nat(500) }),
)

test('the limit stays within its bounds whatever the host says', () => {
  const bounds = fc.record({
    start: fc.integer({ min: 1, max: 99 }),
    min: fc.integer({ min: 1, max: 20 }),
    max: fc.integer({ min: 20, max: 99 }),
  })
  fc.assert(
    fc.property(bounds, fc.array(step, { maxLength: 300 }), ({ start, min, max }, steps) => {
      const limit = new AdaptiveLimit({ start, min, max })
      let now = 0
      for (const each of steps) {
        now += each.gap
        if (each.do === 'answered') limit.answered(each.inFlight)
        else limit.refused(now - each.age, now)
        expect(limit.value).toBeGreaterThanOrEqual(min)
        expect(limit.value).toBeLessThanOrEqual(max)
      }
    }),
  )
})

test('one burst of refusals cuts once', () => {
  const limit = new AdaptiveLimit({ start: 40, min: 1, max: 64 })
  for (let n = 0; n < 40; n++) limit.refused(10_000 + n, 10_500 + n * 100)
  expect(limit.value).toBe(20)
})

test('a request sent after the cut may cut again, a second later', () => {
  const limit = new AdaptiveLimit({ start: 40, min: 1, max: 64 })
  limit.refused(1_000, 2_000)
  limit.refused(2_100, 2_900)
  expect(limit.value).toBe(20)
  limit.refused(2_100, 3_100)
  expect(limit.value).toBe(10)
})

test('it grows by one per answer until the first cut, and slowly after it', () => {
  const limit = new AdaptiveLimit({ start: 4, min: 1, max: 64 })
  for (let n = 0; n < 16; n++) limit.answered(100)
  expect(limit.value).toBe(20)
  limit.refused(0, 1)
  for (let n = 0; n < 16; n++) limit.answered(100)
  expect(limit.value).toBeLessThanOrEqual(12)
})

test('a limit that nobody reaches does not grow', () => {
  const limit = new AdaptiveLimit({ start: 10, min: 1, max: 64 })
  for (let n = 0; n < 100; n++) limit.answered(3)
  expect(limit.value).toBe(10)
})

test('no limit is no limit, refusals or not', () => {
  const limit = new AdaptiveLimit(false)
  limit.refused(1, 5_000)
  limit.answered(5)
  expect(limit.value).toBe(Number.POSITIVE_INFINITY)
})
