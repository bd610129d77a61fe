import fc from 'fast-check'
import { expect, test } from 'vitest'
import { classPrior, combinePrior, Evidence, shrink } from '../../src/reputation/posterior.ts'

const share = fc.double({ min: 0, max: 1, noNaN: true })
const halfLife = 600_000

function evidence(cap = 50): Evidence {
  const made = new Evidence(halfLife, cap)
  made.grow(1)
  return made
}

const outcomes = fc.array(
  fc.record({ gap: fc.integer({ min: 0, max: 2_000_000 }), success: share, failure: share }),
  { minLength: 1, maxLength: 60 },
)

test('evidence is the sum of what was seen, each halved per half-life', () => {
  fc.assert(
    fc.property(outcomes, (list) => {
      const made = evidence(1e9)
      let now = 1
      let exact = 0
      for (const { gap, success, failure } of list) {
        now += gap
        exact = exact * 2 ** (-gap / halfLife) + success
        made.add(0, success, failure, now)
      }
      expect(made.success[0]! * made.left(0, now)).toBeCloseTo(exact, Math.max(0, 1 - Math.log10(1 + exact)))
      expect(Math.abs(made.success[0]! * made.left(0, now) - exact)).toBeLessThanOrEqual(0.01 * exact + 1e-9)
    }),
  )
})

test('evidence never outgrows its cap and never goes negative, refunds included', () => {
  fc.assert(
    fc.property(outcomes, fc.array(fc.double({ min: 0, max: 20, noNaN: true })), (list, refunds) => {
      const made = evidence()
      let now = 1
      list.forEach(({ gap, success, failure }, n) => {
        now += gap
        made.add(0, success, failure, now)
        if (refunds[n] !== undefined) made.takeBack(0, refunds[n])
        expect(made.success[0]! + made.failure[0]!).toBeLessThanOrEqual(50 + 1e-9)
        expect(made.success[0]).toBeGreaterThanOrEqual(0)
        expect(made.failure[0]).toBeGreaterThanOrEqual(0)
      })
    }),
  )
})

test('what nobody looks at fades by itself', () => {
  const made = evidence()
  made.add(0, 8, 0, 1_000)
  expect(made.left(0, 1_000 + halfLife)).toBeCloseTo(0.5)
  expect(made.left(0, 1_000 + 20 * halfLife)).toBeLessThan(1e-5)
})

test('a penalty given back leaves the record as it was', () => {
  const made = evidence()
  made.add(0, 3, 2, 1_000)
  made.add(0, 0, 0.5, 1_001)
  made.takeBack(0, 0.5)
  expect(made.success[0]).toBeCloseTo(3)
  expect(made.failure[0]).toBeCloseTo(2)
})

test('a prior lies between 1 and 99 %, and grows with both the proxy and the host', () => {
  fc.assert(
    fc.property(share, share, share, (proxy, host, average) => {
      const prior = combinePrior(proxy, host, average)
      expect(prior).toBeGreaterThanOrEqual(0.01)
      expect(prior).toBeLessThanOrEqual(0.99)
      expect(combinePrior(Math.min(1, proxy + 0.1), host, average)).toBeGreaterThanOrEqual(prior)
      expect(combinePrior(proxy, Math.min(1, host + 0.1), average)).toBeGreaterThanOrEqual(prior)
    }),
  )
})

test('at a host like every other, a proxy is as good as elsewhere', () => {
  expect(combinePrior(0.7, 0.5, 0.5)).toBeCloseTo(0.7)
})

test('a record of nothing is worth its class, a long one is worth itself', () => {
  expect(shrink(0, 0, classPrior('free'))).toBeCloseTo(0.1)
  expect(shrink(0, 0, classPrior(undefined))).toBeCloseTo(0.5)
  expect(shrink(900, 100, classPrior('free'))).toBeCloseTo(0.9, 1)
})
