import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { estimate, progressView, QueueTrend } from '../../src/cli/progress.ts'
import { hostReading, progressReading, statsReading } from './readings.ts'

describe('progress', () => {
  test('the estimate is what is known to be left over the present rate', () => {
    expect(estimate(progressReading({ queued: 50, rate: 5 }))).toBe(10_000)
  })

  test('a limit on pages shortens the estimate', () => {
    expect(estimate(progressReading({ pages: 10, queued: 50, rate: 5 }), 20)).toBe(2_000)
    expect(estimate(progressReading({ pages: 30, queued: 50, rate: 5 }), 20)).toBe(0)
  })

  test('a crawl that drains waits only for what is under way', () => {
    expect(estimate(progressReading({ state: 'draining', running: 5, queued: 500, rate: 5 }))).toBe(1_000)
  })

  test('nobody knows the end of a crawl that stands still', () => {
    expect(estimate(progressReading({ rate: 0 }))).toBeUndefined()
    expect(estimate(progressReading({ state: 'paused' }))).toBeUndefined()
  })

  test('a crawl that finds as many pages as it fetches has no estimate', () => {
    expect(estimate(progressReading({ queued: 12, rate: 2 }), undefined, 0)).toBeUndefined()
    expect(estimate(progressReading({ queued: 12, rate: 2 }), undefined, 3)).toBeUndefined()
    expect(estimate(progressReading({ queued: 12, rate: 2 }), undefined, -1)).toBe(12_000)
    expect(estimate(progressReading({ pages: 10, queued: 50, rate: 5 }), 20, 3)).toBe(2_000)
  })

  test('whether the queue shrinks is looked at over ten seconds, and not before three', () => {
    const trend = new QueueTrend()
    expect(trend.growth(0, 100)).toBe(0)
    expect(trend.growth(2_000, 90)).toBe(0)
    expect(trend.growth(4_000, 80)).toBe(-5)
    expect(trend.growth(20_000, 80)).toBe(0)
  })

  test('an estimate is never negative and never infinite', () => {
    const count = fc.integer({ min: 0, max: 1e6 })
    fc.assert(
      fc.property(
        count,
        count,
        count,
        fc.option(count, { nil: undefined }),
        (pages, queued, rate, maxPages) => {
          const ms = estimate(progressReading({ pages, queued, rate }), maxPages)
          expect(ms === undefined || (ms >= 0 && Number.isFinite(ms))).toBe(true)
        },
      ),
    )
  })

  test('hosts in trouble are listed worst first, and the rest is counted', () => {
    const stats = statsReading({
      hosts: {
        'fine.example': hostReading(),
        'slow.example': hostReading({ state: 'throttled', reason: 'status-429', until: 9_000, waiting: 7 }),
        'slower.example': hostReading({
          state: 'throttled',
          reason: 'status-429',
          until: 9_000,
          waiting: 70,
        }),
        'ill.example': hostReading({ state: 'down', reason: 'status-503' }),
        'leaving.example': hostReading({ state: 'draining' }),
      },
    })
    const view = progressView({ progress: progressReading(), stats, now: 5_000, most: 2 })
    expect(view.troubled.map(({ host }) => host)).toEqual(['ill.example', 'slower.example'])
    expect(view.troubled[1]?.remainingMs).toBe(4_000)
    expect(view.alsoTroubled).toBe(1)
  })

  test('a moment that has passed is not told as a moment to come', () => {
    const stats = statsReading({ hosts: { 'a.example': hostReading({ state: 'throttled', until: 1 }) } })
    expect(
      progressView({ progress: progressReading(), stats, now: 5 }).troubled[0]?.remainingMs,
    ).toBeUndefined()
  })
})
