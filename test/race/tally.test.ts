import fc from 'fast-check'
import { beforeEach, expect, test } from 'vitest'
import type { Verdict } from '../../src/contracts/outcome.ts'
import { parseOptions } from '../../src/options/options.ts'
import { RaceTally } from '../../src/race/tally.ts'
import type { Pool } from '../../src/router/pool.ts'
import { TaskWorld } from '../machines/task-world.ts'

const { budgets } = parseOptions({})
const verdict = (kind: Verdict['kind']): Verdict => ({ kind, reason: 'any' })

let pool: Pool
beforeEach(() => {
  pool = new TaskWorld().engine.router.pool('host.example')
})

test('a target fault counts, a proxy fault never does', () => {
  const tally = new RaceTally()
  for (let n = 0; n < 10_000; n++) expect(tally.count(verdict('dead'), n, pool, 100, budgets)).toBeUndefined()
  for (let n = 1; n < budgets.target; n++)
    expect(tally.count(verdict('target'), n, pool, 100, budgets)).toBeUndefined()
  expect(tally.count(verdict('target'), 1, pool, 100, budgets)).toBe('target-faults')
})

test('an outage of the host costs a task nothing', () => {
  pool.send({ type: 'host.failed', until: 5_000, reason: 'headers-timeout' })
  const tally = new RaceTally()
  for (let n = 0; n < 50; n++) expect(tally.count(verdict('target'), n, pool, 100, budgets)).toBeUndefined()
})

test('a refusal ends the task only when enough distinct exits agree', () => {
  const tally = new RaceTally()
  for (let n = 0; n < 50; n++) {
    expect(tally.count(verdict('blocked'), n % (budgets.blocked - 1), pool, 100, budgets)).toBeUndefined()
  }
  expect(tally.count(verdict('blocked'), 77, pool, 100, budgets)).toBe('blocked-everywhere')
})

test('in a fleet smaller than the budget all of it must agree', () => {
  const tally = new RaceTally()
  let answer: string | undefined
  for (let n = 0; n < 40 && answer === undefined; n++)
    answer = tally.count(verdict('blocked'), n % 2, pool, 2, budgets)
  expect(answer).toBe('blocked-everywhere')
})

test('the more a host refuses anyway, the more refusals it takes', () => {
  const refusalsAt = (share: number) => {
    pool.record.share.value = share
    const tally = new RaceTally()
    for (let n = 1; ; n++) if (tally.count(verdict('blocked'), n, pool, 100, budgets)) return n
  }
  const [friendly, hostile] = [refusalsAt(0.95), refusalsAt(0.3)]
  expect(friendly).toBe(budgets.blocked)
  expect(hostile).toBeGreaterThan(friendly)
  expect(hostile).toBeLessThanOrEqual(budgets.blocked * 4)
})

test('every task ends, whatever goes wrong for ever', () => {
  const kind = fc.constantFrom(
    'target' as const,
    'transient' as const,
    'blocked' as const,
    'neutral' as const,
  )
  fc.assert(
    fc.property(fc.infiniteStream(kind), (kinds) => {
      const tally = new RaceTally()
      let attempts = 0
      for (const each of kinds)
        if (tally.count(verdict(each), attempts++, pool, 100, budgets) || attempts > 500) break
      expect(attempts).toBeLessThanOrEqual(500)
    }),
  )
})

test('five good proxies refused one bad page together lose less than three failures', () => {
  const tally = new RaceTally()
  let lost = 0
  for (let proxy = 0; proxy < 5; proxy++) {
    lost += tally.discount(verdict('blocked'), proxy, proxy).weight!
    tally.count(verdict('blocked'), proxy, pool, 100, budgets)
  }
  expect(lost).toBeLessThan(3)
  expect(tally.penalties.map((each) => each.proxy)).toEqual([0, 1, 2, 3, 4])
  expect(tally.penalties.reduce((sum, each) => sum + each.weight, 0)).toBeCloseTo(lost)
})

test('after a target fault it waits up to 30 s, longer each time; after a proxy fault not at all', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (faults, jitter) => {
        const tally = new RaceTally()
        for (let n = 0; n < faults; n++)
          tally.count(verdict('target'), n, pool, 100, { ...budgets, target: 100 })
        const full = Math.min(30_000, 1_000 * 2 ** Math.min(10, faults - 1))
        const wait = tally.waitBefore(verdict('target'), jitter)
        expect(wait).toBeGreaterThanOrEqual(full / 2)
        expect(wait).toBeLessThanOrEqual(full)
        expect(tally.waitBefore(verdict('dead'), jitter)).toBe(0)
      },
    ),
  )
})

test('a recycled tally remembers nothing', () => {
  const tally = new RaceTally()
  for (let n = 0; n < 4; n++) {
    tally.discount(verdict('blocked'), n, n)
    tally.count(verdict('target'), n, pool, 100, budgets)
    tally.count(verdict('blocked'), n, pool, 100, budgets)
  }
  tally.reset()
  expect(tally.penalties).toEqual([])
  expect(tally.count(verdict('target'), 1, pool, 100, budgets)).toBeUndefined()
  expect(tally.discount(verdict('blocked'), 9, 9).weight).toBe(1)
})

test('a full disk is waited for, longer each time', () => {
  const tally = new RaceTally()
  const full = { kind: 'neutral', reason: 'local-disk' } as const
  const waits = Array.from({ length: 7 }, (_, n) => {
    expect(tally.count(full, n, pool, 100, budgets)).toBeUndefined()
    return tally.waitBefore(full, 0.5)
  })
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
})
