import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import type { AnyActorRef, InspectionEvent } from 'xstate'
import { systemClock } from '../../src/base/clock.ts'
import { Wheel } from '../../src/base/wheel.ts'
import type { ReputationRow } from '../../src/contracts/stats.ts'
import { Engine } from '../../src/engine/engine.ts'
import { Telling } from '../../src/engine/telling.ts'
import { parseOptions } from '../../src/options/options.ts'
import { good, openScene, proxyList, type Scene } from '../faults/simulation.ts'

/** The machines live from the start, hang in one tree, and say what is drawn. */
interface Seen {
  readonly actor: AnyActorRef
  readonly path: string
}

/** Every actor that is told of something from now on, by its path from the crawler down. */
function look(scene: Scene): { seen: Map<string, Seen>; arrows: Set<string>; stop: () => void } {
  const seen = new Map<string, Seen>()
  const arrows = new Set<string>()
  const stop = scene.crawler.inspect((event: InspectionEvent) => {
    const actor = event.actorRef as AnyActorRef
    const path = pathOf(actor)
    seen.set(path, { actor, path })
    if (event.type !== '@xstate.event') return
    const source = event.sourceRef ? pathOf(event.sourceRef as AnyActorRef) : '?'
    arrows.add(`${source} → ${path}: ${event.event.type}`.replace(/(task|slot) \d+/g, '$1'))
  })
  return { seen, arrows, stop }
}

function pathOf(actor: AnyActorRef): string {
  const parent = (actor as unknown as { _parent?: AnyActorRef })._parent
  return parent ? `${pathOf(parent)}/${actor.id}` : actor.id
}

const contextOf = ({ actor }: Seen): { alpha: number; beta: number } => actor.getSnapshot().context

describe('the machines of a crawler', () => {
  it('hang in one tree, and each event has a source', async () => {
    const scene = await openScene({ proxies: proxyList(2), politeness: false }, () => good)
    const { seen, arrows, stop } = look(scene)
    await scene.until(scene.crawler.fetch('http://a.test/'))
    const [proxy] = [...seen.keys()].filter((path) => path.startsWith('crawler/router/a.test/'))
    const id = proxy!.split('a.test/')[1]!
    expect([...seen.keys()]).toEqual(
      expect.arrayContaining([
        'crawler/router',
        'crawler/router/a.test',
        `crawler/router/a.test/${id}`,
        `crawler/fleet/${id}`,
      ]),
    )
    const said = [...arrows]
    expect(said).toContain(`crawler/tasks/task → crawler/router/a.test/${id}: succeeded`)
    expect(said).toContain(`crawler/tasks/task → crawler/fleet/${id}: succeeded`)
    expect(said).toContain('crawler/tasks/task → crawler/router: pool.open')
    stop()
    await scene.end()
  })

  it('know what is drawn when somebody looks, though successes were told in bulk', async () => {
    const scene = await openScene({ proxies: proxyList(3), politeness: false, seed: 3 }, (call) =>
      call.request.url.includes('bad') && call.proxy.host.endsWith('.1')
        ? { afterMs: 50, status: 403 }
        : good,
    )
    const visit = async (n: number) => {
      await scene.until(scene.crawler.fetch(`http://a.test/${n % 5 === 0 ? 'bad' : 'page'}/${n}`))
      await scene.until(scene.crawler.fetch(`http://b.test/${n}`))
    }
    const first = look(scene)
    for (let n = 0; n < 30; n++) await visit(n)
    first.stop()
    for (let n = 30; n < 60; n++) {
      await visit(n)
      await scene.clock.advance(1_000)
    }
    const isTold = ({ proxy, host, alpha, beta }: ReputationRow) => {
      const seen = first.seen.get(host ? `crawler/router/${host}/${proxy}` : `crawler/fleet/${proxy}`)
      const context = contextOf(seen!)
      return Math.abs(context.alpha - alpha) < 1e-9 && Math.abs(context.beta - beta) < 1e-9
    }
    const before = scene.crawler.reputation()
    expect(before.filter(isTold).length).toBeLessThan(before.length / 2)
    const { stop } = look(scene)
    const rows = scene.crawler.reputation()
    expect(rows.length).toBeGreaterThanOrEqual(6)
    expect(rows.filter((row) => !isTold(row))).toEqual([])
    stop()
    await scene.end()
  })

  it('hear of every success at once while somebody looks, at the host and in the fleet', async () => {
    const scene = await openScene({ proxies: proxyList(1), politeness: false }, () => good)
    for (let n = 0; n < 5; n++) await scene.until(scene.crawler.fetch(`http://a.test/${n}`))
    const { seen, stop } = look(scene)
    const [id] = [scene.crawler.proxies()[0]!.id]
    for (let n = 0; n < 7; n++) {
      await scene.until(scene.crawler.fetch(`http://a.test/more/${n}`))
      for (const { host, alpha, beta } of scene.crawler.reputation()) {
        const context = contextOf(seen.get(host ? `crawler/router/a.test/${id}` : `crawler/fleet/${id}`)!)
        // The host's own share is part of its prior and moves with the answer that is told.
        expect(context.alpha / context.beta / (alpha / beta)).toBeCloseTo(1, 6)
      }
    }
    stop()
    await scene.end()
  })
})

const newEngine = () =>
  new Engine({
    options: parseOptions({ direct: true, politeness: false }),
    clock: systemClock,
    wheel: new Wheel(systemClock),
    transport: { send: () => ({ cancel() {} }), forget() {}, async close() {} },
    seed: 1,
    telling: new Telling({ isHeard: () => false, announce: () => {} }, false, systemClock),
  })

const join = (engine: Engine, count: number) => {
  for (let n = 0; n < count; n++) {
    const host = `p${n}`
    const base = { protocol: 'socks5', port: 1, credentialGroup: '', network: host, tags: {} } as const
    engine.join({ endpoint: { id: `socks5://${host}:1`, host, ...base } })
  }
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const megabytes = () => {
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return (heapUsed + arrayBuffers) / 1e6
}

/** CPU seconds and megabytes of some work. */
function costOf(work: () => void): { seconds: number; megabytes: number } {
  const before = megabytes()
  const begun = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(begun)
  return { seconds: (user + system) / 1e6, megabytes: megabytes() - before }
}

describe('the price of living machines', () => {
  it('10,000 proxies join in under 1.5 s and 60 MB, each with its machine', () => {
    const engine = newEngine()
    const cost = costOf(() => join(engine, 10_000))
    expect(engine.fleet.breakers.countAwake()).toBe(10_000)
    expect(cost.seconds).toBeLessThan(1.5)
    expect(cost.megabytes).toBeLessThan(60)
    engine.close()
  })

  it('1,000 hosts open in under 1.5 s and 60 MB, each with its machine and that of a proxy', () => {
    const engine = newEngine()
    join(engine, 100)
    const cost = costOf(() => {
      for (let n = 0; n < 1_000; n++) {
        const pool = engine.router.pool(`h${n}.example`)
        pool.release(pool.lease({ why: 'first', busy: [], failed: [] })!)
      }
    })
    const pools = [...engine.router.pools.values()]
    expect(
      pools.filter((pool) => pool.isAwake && pool.record.pairs.breakers.countAwake() === 1),
    ).toHaveLength(1_000)
    expect(cost.seconds).toBeLessThan(1.5)
    expect(cost.megabytes).toBeLessThan(60)
    engine.close()
  })
})
