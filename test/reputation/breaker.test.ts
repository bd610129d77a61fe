import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseOptions } from '../../src/options/options.ts'
import {
  type BreakerContext,
  cooldown,
  countFailure,
  countSuccess,
  type FailureReport,
  initialBreaker,
  isTooSlow,
  isTripping,
  open,
} from '../../src/rules/breaker.ts'

const options = parseOptions({}).breaker
const scope = fc.constantFrom('fleet' as const, 'host' as const)

const failure = (change: Partial<FailureReport> = {}): FailureReport => ({
  at: 1_000,
  epoch: 0,
  weight: 1,
  hard: false,
  fatal: false,
  reason: 'reset',
  norm: 1,
  mayTrip: true,
  jitter: 0.5,
  alpha: 1,
  beta: 1,
  options,
  ...change,
})
const success = (slow = false, times = 1) => ({ at: 1_000, epoch: 0, times, slow, alpha: 1, beta: 1 })

function after(
  context: BreakerContext,
  outcomes: readonly ('good' | 'slow' | 'soft' | 'hard')[],
): BreakerContext {
  return outcomes.reduce(
    (now, each) =>
      each === 'good' || each === 'slow'
        ? countSuccess(now, success(each === 'slow'))
        : countFailure(now, failure({ hard: each === 'hard' })),
    context,
  )
}

describe('a cooldown', () => {
  test('doubles with each reopening up to the cap of its scope', () => {
    fc.assert(
      fc.property(scope, fc.nat(200), (where, reopens) => {
        const cap = where === 'fleet' ? 2 * options.cap : options.cap
        const now = cooldown(where, reopens, options)
        const next = cooldown(where, reopens + 1, options)
        expect(now).toBeLessThanOrEqual(cap)
        expect(next).toBe(Math.min(cap, now * 2))
      }),
    )
  })

  test('lies between half and the whole of its length, whatever the jitter', () => {
    fc.assert(
      fc.property(
        scope,
        fc.nat(12),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.boolean(),
        (where, reopens, jitter, permanent) => {
          const context = { ...initialBreaker(where), reopens }
          const opened = open(context, { at: 5_000, reason: 'reset', jitter, permanent }, options)
          const full = cooldown(where, permanent ? 30 : reopens, options)
          expect(opened.openUntil - 5_000).toBeGreaterThanOrEqual(full / 2)
          expect(opened.openUntil - 5_000).toBeLessThan(full + 1e-6)
          expect(opened.epoch).toBe(context.epoch + 1)
          expect(opened.reopens).toBe(reopens + 1)
        },
      ),
    )
  })
})

describe('a breaker', () => {
  test('opens after three hard faults in a row, and not after two', () => {
    const twice = after(initialBreaker('fleet'), ['hard', 'hard'])
    expect(isTripping(initialBreaker('fleet'), failure({ hard: true }))).toBe(false)
    expect(isTripping(after(initialBreaker('fleet'), ['hard']), failure({ hard: true }))).toBe(false)
    expect(isTripping(twice, failure({ hard: true }))).toBe(true)
  })

  test('starts its count again after a success', () => {
    const interrupted = after(initialBreaker('fleet'), ['hard', 'hard', 'good'])
    expect(isTripping(interrupted, failure({ hard: true }))).toBe(false)
  })

  test('opens at once for a refused credential, even where nothing may trip', () => {
    expect(isTripping(initialBreaker('fleet'), failure({ fatal: true, mayTrip: false }))).toBe(true)
  })

  test('stays closed for soft faults while it is no worse than its peers', () => {
    const bad = after(initialBreaker('host'), ['soft', 'soft', 'soft', 'soft', 'soft', 'soft', 'soft'])
    expect(isTripping(bad, failure({ norm: 0 }))).toBe(false)
    expect(isTripping(bad, failure({ norm: 0.5 }))).toBe(true)
  })

  test('never opens by soft faults before its window holds enough', () => {
    fc.assert(
      fc.property(
        scope,
        fc.array(fc.constantFrom('good' as const, 'soft' as const), { maxLength: 4 }),
        (where, outcomes) => {
          expect(isTripping(after(initialBreaker(where), outcomes), failure())).toBe(false)
        },
      ),
    )
  })

  test('keeps its shares within [0, 1] whatever comes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('good' as const, 'slow' as const, 'soft' as const, 'hard' as const), {
          maxLength: 80,
        }),
        (outcomes) => {
          const { failedShare, slowShare, seen, proven } = after(initialBreaker('host'), outcomes)
          for (const share of [failedShare, slowShare]) {
            expect(share).toBeGreaterThanOrEqual(0)
            expect(share).toBeLessThanOrEqual(1)
          }
          expect(seen).toBeLessThanOrEqual(20)
          expect(proven).toBeLessThanOrEqual(3)
        },
      ),
    )
  })

  test('forgets that it reopened after three successes in a row', () => {
    const reopened = { ...initialBreaker('host'), reopens: 4 }
    expect(after(reopened, ['good', 'good']).reopens).toBe(4)
    expect(after(reopened, ['good', 'good', 'soft', 'good']).reopens).toBe(4)
    expect(after(reopened, ['good', 'good', 'good']).reopens).toBe(0)
  })

  test('hears of many successes at once as if they had been told one by one, the last of them slow or not', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.boolean(), (times, isLastSlow) => {
        const start = after(initialBreaker('host'), ['soft', 'good', 'slow'])
        const single = [
          ...Array.from({ length: times - 1 }, () => 'good' as const),
          isLastSlow ? ('slow' as const) : ('good' as const),
        ]
        expect(countSuccess(start, success(isLastSlow, times))).toEqual(after(start, single))
      }),
    )
  })

  test('of a host is not opened by one slow answer behind many fast ones', () => {
    const steady = after(
      initialBreaker('host'),
      Array.from({ length: 20 }, () => 'good' as const),
    )
    expect(isTooSlow(steady, success(true, 64))).toBe(false)
  })

  test('of a host opens when eight answers in ten are slow; of the fleet never', () => {
    const slow = Array.from({ length: 12 }, () => 'slow' as const)
    expect(isTooSlow(after(initialBreaker('host'), slow), success(true))).toBe(true)
    expect(isTooSlow(after(initialBreaker('fleet'), slow), success(true))).toBe(false)
    expect(isTooSlow(after(initialBreaker('host'), slow), success(false))).toBe(false)
  })
})
