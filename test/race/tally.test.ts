import fc from 'fast-check'
import { beforeEach, expect, test } from 'vitest'
import type { Verdict } from '../../src/contracts/outcome.ts'
import { parseProxy } from '../../src/fleet/parse-proxy.ts'
import { parseOptions } from '../../src/options/options.ts'
import { type Asked, RaceTally } from '../../src/race/tally.ts'
import type { Pool } from '../../src/router/pool.ts'
import { TaskWorld } from '../machines/task-world.ts'

const { budgets } = parseOptions({})
const verdict = (kind: Verdict['kind']): Verdict => ({ kind, reason: 'any' })
const over = (proxy: number, parts: Partial<Asked> = {}): Asked => ({
  proxy,
  heard: 'host',
  isPinned: false,
  isDirect: false,
  ...parts,
})
interface World {
  readonly pool: Pool
  /** The numbers of its proxies. */
  readonly exits: readonly number[]
}

/** A host, with so many proxies that may visit it. */
function hostWith(proxies: number): World {
  const { engine } = new TaskWorld()
  for (const number of [...engine.fleet.members]) engine.leave(engine.fleet.nameOf(number))
  for (let n = 1; n <= proxies; n++) engine.join(parseProxy(`socks5://10.0.0.${n}:1080`))
  return { pool: engine.router.pool('host.example'), exits: [...engine.fleet.members] }
}

let pool: Pool
let exits: readonly number[]
beforeEach(() => {
  ;({ pool, exits } = hostWith(100))
})

test('a target fault counts, a dead proxy never does', () => {
  const tally = new RaceTally()
  for (let n = 0; n < 10_000; n++)
    expect(tally.count(verdict('dead'), over(n, { heard: 'nobody' }), pool)).toBeUndefined()
  for (let n = 1; n < pool.settings.budgets.target; n++)
    expect(tally.count(verdict('target'), over(n), pool)).toBeUndefined()
  expect(tally.count(verdict('target'), over(1), pool)).toBe('target-faults')
})

test('an outage of the host costs a task nothing', () => {
  pool.send({ type: 'host.failed', until: 5_000, reason: 'headers-timeout' })
  const tally = new RaceTally()
  for (let n = 0; n < 50; n++) expect(tally.count(verdict('target'), over(n), pool)).toBeUndefined()
})

test('a host that has answered and is not there any more costs a task nothing either', () => {
  pool.record.health.answered(0)
  const tally = new RaceTally()
  for (let n = 0; n < 50; n++)
    expect(tally.count(verdict('target'), over(n, { heard: 'nobody' }), pool)).toBeUndefined()
})

test('a refusal ends the task only when enough distinct exits agree', () => {
  const tally = new RaceTally()
  for (let n = 0; n < 50; n++) {
    const exit = exits[n % (budgets.blocked - 1)]!
    expect(tally.count(verdict('blocked'), over(exit), pool)).toBeUndefined()
  }
  expect(tally.count(verdict('blocked'), over(exits[77]!), pool)).toBe('blocked-everywhere')
})

test.each([1, 2, 3, 4, 5, 12])('of %i exits at most five must agree, and one is asked twice', (count) => {
  const { pool: small, exits: members } = hostWith(count)
  const tally = new RaceTally()
  let asked = 0
  let reason: string | undefined
  while (reason === undefined && asked < 40)
    reason = tally.count(verdict('challenge'), over(members[asked++ % count]!), small)
  expect([reason, asked]).toEqual(['blocked-everywhere', Math.max(2, Math.min(5, count))])
})

test('an exit that fails otherwise is not waited for', () => {
  const tally = new RaceTally()
  const { pool: small, exits: members } = hostWith(3)
  const [one, two, three] = members
  expect(tally.count(verdict('blocked'), over(one!), small)).toBeUndefined()
  expect(tally.count(verdict('dead'), over(two!, { heard: 'nobody' }), small)).toBeUndefined()
  expect(tally.count(verdict('blocked'), over(three!), small)).toBe('blocked-everywhere')
})

test('where exits are refused at random, more refusals are needed', () => {
  const refusalsAt = (wrongful: number) => {
    for (let page = 0; page < 200; page++) pool.record.chance.observe(wrongful)
    const tally = new RaceTally()
    for (let n = 0; ; n++) if (tally.count(verdict('blocked'), over(exits[n]!), pool)) return n + 1
  }
  const [friendly, hostile] = [refusalsAt(0), refusalsAt(2)]
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
        if (tally.count(verdict(each), over(attempts++), pool) || attempts > 500) break
      expect(attempts).toBeLessThanOrEqual(500)
    }),
  )
})

test('five good proxies refused one bad page together lose less than three failures', () => {
  const tally = new RaceTally()
  let lost = 0
  for (let proxy = 0; proxy < 5; proxy++) {
    lost += tally.discount(verdict('blocked'), proxy, proxy, true).weight!
    tally.count(verdict('blocked'), over(exits[proxy]!), pool)
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
        for (let n = 0; n < faults; n++) tally.count(verdict('target'), over(n), pool)
        const full = Math.min(30_000, 1_000 * 1.25 ** Math.min(20, faults - 1))
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
    tally.discount(verdict('blocked'), n, n, true)
    tally.count(verdict('target'), over(n), pool)
    tally.count(verdict('blocked'), over(n), pool)
  }
  tally.reset()
  expect(tally.penalties).toEqual([])
  expect(tally.count(verdict('target'), over(1), pool)).toBeUndefined()
  expect(tally.discount(verdict('blocked'), 9, 9, true).weight).toBe(1)
})

test('a full disk is waited for, longer each time', () => {
  const tally = new RaceTally()
  const full = { kind: 'neutral', reason: 'local-disk' } as const
  const waits = Array.from({ length: 7 }, (_, n) => {
    expect(tally.count(full, over(n), pool)).toBeUndefined()
    return tally.waitBefore(full, 0.5)
  })
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
})
