import { describe, expect, it } from 'vitest'
import { parseProxy } from '../../src/fleet/parse-proxy.ts'
import { closed } from '../../src/reputation/breakers.ts'
import { recordsOf } from '../../src/state/reputation/take.ts'
import {
  blocked,
  dead,
  hosts,
  labels,
  late,
  page,
  SnapshotWorld,
  TwoHands,
  throughJson,
} from './snapshot-world.ts'

const today = Date.UTC(2026, 0, 1)
const [host] = hosts as [string]

function newWorld(proxies?: readonly string[]): SnapshotWorld {
  return new SnapshotWorld(new TwoHands(1_000_000, today), proxies)
}

describe('a proxy that is not there yet', () => {
  it('gets its record when it joins, in hosts that are open and in those that are not', () => {
    const world = newWorld()
    for (const proxy of [0, 1]) {
      for (let n = 0; n < 4; n++) {
        world.clock.pass(600)
        world.visit(hosts[0]!, proxy, proxy === 0 ? blocked : page)
        world.visit(hosts[1]!, proxy, page, 900)
      }
    }
    const expected = world.restarted(5_000)
    const whole = expected.view()
    const again = world.restarted(5_000, labels.slice(1))
    again.engine.router.pool(hosts[0]!)
    again.engine.join(parseProxy(labels[0]!))
    expect(again.view()).toEqual(whole)
    const kept = again.engine
      .snapshot()
      .records.flatMap((each) =>
        each.kind === 'pairs' ? each.proxies.map((id) => `${each.host} ${id}`) : [],
      )
    expect(kept).toHaveLength(new Set(kept).size)
  })

  it('is kept for the next run as it is, and so is a host that nobody visits', () => {
    const world = newWorld()
    for (const proxy of [0, 1]) {
      world.visit(hosts[0]!, proxy, page)
      world.visit(hosts[1]!, proxy, page)
    }
    const whole = world.restarted(120_000).view()
    const second = world.restarted(60_000, [labels[1]!])
    second.engine.router.pool(hosts[0]!)
    const third = second.restarted(60_000)
    for (const [name, value] of Object.entries(third.view())) {
      if (typeof value === 'string') expect([name, value]).toEqual([name, whole[name]])
      else expect(Math.abs(value - (whole[name] as number)), name).toBeLessThan(0.01)
    }
  })

  it('begins anew when it comes with another account', () => {
    const world = newWorld(['socks5://u:one@192.0.2.1:1080'])
    for (let n = 0; n < 6; n++) {
      world.clock.pass(600)
      world.visit(host, 0, dead)
    }
    const other = ['socks5://u:two@192.0.2.1:1080']
    const again = world.restarted(1_000, other)
    expect(again.engine.fleet.breakers.state[0]).toBe(closed)
    expect(again.engine.fleet.mean(0, 17)).toBe(newWorld(other).engine.fleet.mean(0, 1_000_000))
  })

  it('learned nothing new: what this run knows itself is not overwritten', () => {
    const world = newWorld()
    world.visit(host, 0, page)
    const snapshot = throughJson(world.engine.snapshot(true))
    const again = newWorld()
    again.visit(host, 0, dead)
    const before = again.engine.fleet.mean(0, again.clock.now())
    again.engine.restore(snapshot)
    expect(again.engine.fleet.mean(0, again.clock.now())).toBe(before)
  })
})

describe('an account', () => {
  const members = [1, 2, 3].map((n) => `socks5://192.0.2.${n}:1080`)
  const refused = { kind: 'dead', reason: 'proxy-auth', credential: true } as const

  function withAccount(world: SnapshotWorld): SnapshotWorld {
    for (const each of members) {
      const { endpoint } = parseProxy(each)
      world.engine.join({ endpoint: { ...endpoint, credentialGroup: 'account 1' } })
    }
    return world
  }

  it('that is refused is not hammered by a crawl that is started again and again', () => {
    const world = withAccount(newWorld([]))
    expect(world.visit(host, 0, refused) && world.visit(host, 1, refused)).toBe(true)
    expect(world.visit(host, 2, refused)).toBe(false)
    const snapshot = throughJson(world.engine.snapshot(true))
    const again = withAccount(new SnapshotWorld(new TwoHands(3, world.clock.wall() + 1_000), []))
    again.engine.restore(snapshot)
    for (const number of [0, 1, 2]) expect(again.visit(host, number, refused)).toBe(false)
  })
})

describe('a session', () => {
  it('keeps its proxy over a restart until it has idled too long, and its key is not in the snapshot', () => {
    const world = newWorld()
    world.engine.sessions.enter('account of jane').bind(3)
    world.engine.sessions.enter('session-1#1').bind(4)
    expect(JSON.stringify(world.engine.snapshot())).not.toContain('jane')
    const again = world.restarted(200_000)
    expect(again.engine.fleet.endpoints[again.engine.sessions.proxyOf('account of jane')!]!.id).toBe(
      labels[3],
    )
    // A try of crawler.session() begins at number one in every process: that one is another.
    expect(again.engine.sessions.proxyOf('session-1#1')).toBeUndefined()
    expect(world.restarted(300_001).engine.sessions.proxyOf('account of jane')).toBeUndefined()
    const ended = world.restarted(1_000)
    ended.engine.sessions.end('account of jane')
    expect(ended.engine.sessions.proxyOf('account of jane')).toBeUndefined()
  })
})

describe('the size', () => {
  it('is bounded: the hosts used last are kept, whole while there is room', () => {
    const world = newWorld()
    for (const each of ['old.example', 'new.example']) {
      for (let proxy = 0; proxy < 5; proxy++) world.visit(each, proxy, page)
    }
    const { engine, clock } = world
    const parts = {
      clock,
      fleet: engine.fleet,
      sessions: engine.sessions,
      isHonest: () => false,
      pools: () => engine.router.pools.values(),
      left: () => [],
    }
    const pairsIn = (pairs: number, hostLimit = 10) =>
      [...recordsOf(parts, { proxies: 100, hosts: hostLimit, pairs, sessions: 10 })].flatMap((each) =>
        each.kind === 'pairs' ? [[each.host, each.proxies.length]] : [],
      )
    expect(pairsIn(100)).toEqual([
      ['new.example', 5],
      ['old.example', 5],
    ])
    expect(pairsIn(7)).toEqual([
      ['new.example', 5],
      ['old.example', 2],
    ])
    expect(pairsIn(3)).toEqual([['new.example', 3]])
    const few = [...recordsOf(parts, { proxies: 100, hosts: 1, pairs: 100, sessions: 10 })]
    expect(few.flatMap((each) => (each.kind === 'host' ? [each.host] : []))).toEqual(['new.example'])
  })

  it('holds also those that only ever lost a race: they are known to be slow', () => {
    const world = newWorld()
    world.visit(host, 1, page, 100)
    world.visit(host, 0, late, 4_000)
    const expected = world.engine.router.pool(host).record.pairs.logLatency(1)
    const { pairs } = world.restarted(0).engine.router.pool(host).record
    expect(pairs.logLatency(pairs.rowOf(0))).toBeCloseTo(expected, 2)
  })

  it('leaves out rows that tell nothing any more', () => {
    const world = newWorld()
    world.visit(host, 0, page)
    world.clock.pass(86_400_000)
    world.visit(host, 1, page)
    const pairs = world.engine.snapshot().records.filter((each) => each.kind === 'pairs')
    expect(pairs.map(({ proxies }) => proxies)).toEqual([[labels[1]]])
  })
})
