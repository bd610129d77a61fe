import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { transition } from 'xstate'
import { proxyMachine } from '../../machines/proxy.ts'
import { breakerStates } from '../../src/reputation/breakers.ts'
import { readRecord, type SnapshotRecord } from '../../src/state/reputation/snapshot-record.ts'
import {
  blocked,
  dead,
  hosts,
  labels,
  late,
  limited,
  page,
  SnapshotWorld,
  type Step,
  TwoHands,
  throughJson,
  timeout,
} from './snapshot-world.ts'

const today = Date.UTC(2026, 0, 1)
const [host] = hosts as [string]

function newWorld(...rest: [proxies?: readonly string[], options?: object]): SnapshotWorld {
  return new SnapshotWorld(new TwoHands(1_000_000, today), ...rest)
}

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 90_000 }) }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('visit' as const),
      host: fc.nat(hosts.length - 1),
      proxy: fc.nat(labels.length - 1),
      ms: fc.integer({ min: 1, max: 4_000 }),
      verdict: fc.constantFrom(page, page, page, late, dead, blocked, limited, timeout),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('isolate' as const), proxy: fc.nat(labels.length - 1) }),
  },
)

describe('a snapshot', () => {
  it('restored elsewhere is what it was, faded for the time between', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.integer({ min: 0, max: 1_200_000 }), (steps, ms) => {
        const world = newWorld()
        world.play(steps)
        const again = world.restarted(ms)
        world.clock.pass(ms)
        const [before, after] = [world.view(), again.view()]
        expect(Object.keys(after)).toEqual(Object.keys(before))
        for (const [name, value] of Object.entries(before)) {
          const found = after[name]!
          if (typeof value === 'string') expect([name, found]).toEqual([name, value])
          // Times are kept to the millisecond and numbers to three decimals.
          else if (Math.abs((found as number) - value) > Math.max(2, value) * 0.005 + 0.005) {
            if (!/ in$|until$/.test(name) || Math.abs((found as number) - value) > 2)
              expect.fail(`${name}: ${found} instead of ${value}`)
          }
        }
      }),
      { numRuns: 300 },
    )
  })

  it('taken again right after it was restored says the same', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const world = newWorld()
        world.play(steps)
        const again = world.restarted(0)
        const third = again.restarted(0)
        expect(third.view()).toEqual(again.view())
      }),
      { numRuns: 100 },
    )
  })

  it('is JSON, and every record passes its own check', () => {
    const world = newWorld()
    world.play([{ do: 'visit', host: 0, proxy: 0, ms: 90, verdict: page }])
    for (const record of world.engine.records()) expect(readRecord(record)).toEqual(record)
  })
})

describe('a breaker', () => {
  function opened(): SnapshotWorld {
    const world = newWorld()
    world.visit(host, 1, page)
    for (let n = 0; n < 3; n++) world.visit(host, 0, dead)
    world.clock.pass(600)
    for (let n = 0; n < 3; n++) {
      world.visit(host, 0, dead)
      world.clock.pass(600)
    }
    expect(stateOf(world)).toBe('open')
    return world
  }
  const stateOf = ({ engine }: SnapshotWorld) => breakerStates[engine.fleet.breakers.state[0]!]

  it('whose cooldown has not ended stays open until then', () => {
    const world = opened()
    const { openUntil } = world.engine.fleet.breakers.contextOf(0)
    const left = openUntil - world.clock.now()
    const again = world.restarted(left - 1_000)
    expect(stateOf(again)).toBe('open')
    expect(again.visit(host, 0, page)).toBe(false)
    again.clock.pass(1_001)
    expect(again.visit(host, 0, page)).toBe(true)
    expect(stateOf(again)).toBe('halfOpen')
  })

  it('whose cooldown has ended is half-open, just as its machine makes it', () => {
    const world = opened()
    const { context } = world.engine.fleet.breakers.recordOf(0)!
    const again = world.restarted(3_600_000)
    const restored = again.engine.fleet.breakers.recordOf(0)!
    const chart = proxyMachine.resolveState({ value: 'open', context })
    const event = { type: 'cooldown.elapsed', at: Number.MAX_VALUE } as const
    const [after] = transition(proxyMachine, chart, event)
    expect(restored.state).toBe(after.value)
    const { reopens, proven, probeUntil, reason, run } = after.context
    expect(restored.context).toMatchObject({ reopens, proven, probeUntil, reason, run })
    again.visit(host, 0, page)
    again.clock.pass(1_000)
    again.visit(host, 0, page)
    expect(stateOf(again)).toBe('closed')
  })

  it('hears of the success that wipes what it holds', () => {
    const world = newWorld()
    world.visit(host, 0, dead)
    const again = world.restarted(1_000)
    expect(again.engine.fleet.breakers.contextOf(0).run).toBe(1)
    again.visit(host, 0, page)
    expect(again.engine.fleet.breakers.contextOf(0).run).toBe(0)
  })

  it('that a hand has taken out stays out until a hand brings it back', () => {
    const world = newWorld()
    world.play([{ do: 'isolate', proxy: 0 }])
    const again = world.restarted(86_400_000)
    expect(stateOf(again)).toBe('isolated')
    again.engine.fleet.breakers.send(0, { type: 'readmit' })
    expect(again.visit(host, 0, page)).toBe(true)
  })
})

describe('a host', () => {
  const stateOf = ({ engine }: SnapshotWorld) => engine.router.pool(host).state

  it('that asked for a pause is left alone until it is over', () => {
    const world = newWorld()
    for (const proxy of [0, 1, 2]) world.visit(host, proxy, { ...limited, retryAfterMs: 60_000 })
    expect(stateOf(world)).toBe('throttled')
    const again = world.restarted(30_000)
    expect(stateOf(again)).toBe('throttled')
    expect(again.visit(host, 3, page)).toBe(false)
    again.clock.pass(30_001)
    expect(again.visit(host, 3, page)).toBe(true)
    expect(stateOf(again)).toBe('serving')
    expect(stateOf(world.restarted(90_000))).toBe('serving')
  })

  it('that was down is asked by one canary first', () => {
    const world = newWorld()
    for (let n = 0; n < 6; n++) {
      world.visit(host, n, page)
      world.clock.pass(600)
    }
    for (let n = 0; n < 30 && stateOf(world) !== 'down'; n++) {
      world.visit(host, n % 6, { kind: 'target', reason: 'status-503' })
      world.clock.pass(600)
    }
    expect(stateOf(world)).toBe('down')
    const again = world.restarted(3_600_000)
    expect(stateOf(again)).toBe('down')
    const pool = again.engine.router.pool(host)
    const wish = { why: 'first', busy: [], failed: [] } as const
    expect(pool.lease(wish)?.why).toBe('canary')
    expect(pool.lease(wish)).toBeUndefined()
  })
})

describe('time', () => {
  it('that went backwards between two runs counts as no time', () => {
    const world = newWorld()
    world.play([
      { do: 'visit', host: 0, proxy: 0, ms: 100, verdict: page },
      { do: 'visit', host: 0, proxy: 1, ms: 100, verdict: { ...limited, retryAfterMs: 60_000 } },
    ])
    const now = world.restarted(0).view()
    const then = world.restarted(-7 * 86_400_000).view()
    expect(then).toEqual(now)
    expect(then[`${host} ${labels[1]} usable in`]).toBeCloseTo(60_000, -1)
  })

  it('of thirty days wipes everything', () => {
    const world = newWorld()
    world.play([{ do: 'isolate', proxy: 0 }])
    expect(world.restarted(31 * 86_400_000).view()).toEqual(newWorld().view())
  })

  it('is kept between two requests although the last ones before a crash are not known', () => {
    const world = newWorld()
    world.visit(host, 0, page)
    world.clock.pass(10_000)
    const crashed = throughJson(world.engine.snapshot(false))
    const again = new SnapshotWorld(new TwoHands(5, today + 3_600_000))
    again.engine.restore(crashed)
    expect(again.visit(host, 0, page)).toBe(false)
    again.clock.pass(500)
    expect(again.visit(host, 0, page)).toBe(true)
  })

  it('does not make a host forget the pace it asked for', () => {
    const world = newWorld()
    world.visit(host, 0, page)
    for (let n = 0; n < 4; n++) {
      world.clock.pass(60_000)
      world.visit(host, 0, { ...limited, retryAfterMs: 1_000 })
    }
    const learned = world.engine.router.pool(host).pace.interval
    expect(learned).toBeGreaterThan(1_000)
    const again = world.restarted(86_400_000)
    expect(again.engine.router.pool(host).pace.interval).toBeCloseTo(learned, 2)
  })
})

describe('what is no snapshot', () => {
  it('is refused with a reason, whatever it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(typeof readRecord(value)).toBe('string')
      }),
    )
    const world = newWorld()
    world.visit(host, 0, page)
    const { records } = world.engine.snapshot()
    const spoil = (kind: SnapshotRecord['kind'], change: object) =>
      readRecord({ ...records.find((each) => each.kind === kind), ...change })
    for (const { kind } of records) expect(spoil(kind, {})).toMatchObject({ kind })
    expect(spoil('pairs', { success: [] })).toMatch(/"success" has 0 rows/)
    expect(spoil('pairs', { success: [-1] })).toMatch(/success/)
    const outages = [[7, 'open', 1, 1, '']]
    expect(spoil('proxies', { outages })).toMatch(/not there/)
  })
})
