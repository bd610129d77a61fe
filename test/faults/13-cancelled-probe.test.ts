import { describe, expect, it } from 'vitest'
import type { SimulatedAttempt } from '../../src/sim/transport.ts'
import { good, numberOf, openScene, proxyList, type Scene } from './simulation.ts'

const second = 1_000
const hang: SimulatedAttempt = { afterMs: Number.POSITIVE_INFINITY }
const refused: SimulatedAttempt = { afterMs: 5, fault: { phase: 'dial', cause: 'dial-refused' } }

/** Proxy 1 of `count` refuses until it opens, then hangs until `recovers`, then is well. */
async function openWithProbe(count: number, recovers: number, then: SimulatedAttempt = good): Promise<Scene> {
  const scene: Scene = await openScene(
    {
      proxies: proxyList(count),
      politeness: false,
      breaker: { base: 10_000 },
      hedge: { minDelay: 5_000, coldDelay: 5_000 },
    },
    (call, now) => {
      if (numberOf(call) !== 1) return good
      if (now < second) return refused
      return now < recovers ? hang : then
    },
  )
  const first = scene.crawler.proxies()[0]!.id
  for (let page = 0; page < 3; page++) {
    await scene.until(
      scene.crawler
        .fetch(`http://target.test/trip/${page}`, { proxy: first })
        .catch((error: unknown) => error),
    )
  }
  expect(scene.crawler.proxies()[0]!.state).toBe('open')
  return scene
}

async function trickle(scene: Scene, until: number): Promise<void> {
  for (let page = 0; scene.clock.now() < until; page++) {
    await scene.until(scene.crawler.fetch(`http://target.test/trickle/${until}/${page}`))
    await scene.clock.advance(200)
  }
}

describe('fault 13: the permit of a half-open probe comes back', () => {
  it('when its task has its answer already: the probe finishes on its own account', async () => {
    // Proxy 1 is well again but slower than the others, so it never wins a race.
    const scene = await openWithProbe(3, 0, { afterMs: 400 })
    await trickle(scene, 40 * second)
    const probes = scene.log.started.filter(({ why }) => why === 'probe')
    expect(probes.length).toBeGreaterThanOrEqual(2)
    for (const { task, attempt } of probes) {
      expect(scene.log.outcomes.find((each) => each.task === task && each.attempt === attempt)).toMatchObject(
        {
          verdict: 'success',
          won: false,
        },
      )
      expect(scene.log.settled.find((each) => each.task === task)).toMatchObject({ ok: true, elapsedMs: 100 })
    }
    expect(scene.crawler.proxies()[0]!.state).toBe('closed')
    await scene.end()
  })

  it('when the probe hangs: its own timeout ends it, and it opens again', async () => {
    const scene = await openWithProbe(3, 60 * second)
    await trickle(scene, 58 * second)
    const fleet = scene.log.proxyStates.filter(({ host }) => host === undefined).map(({ to }) => to)
    expect(fleet.slice(0, 2)).toEqual(['open', 'halfOpen'])
    // One at a time: no probe starts while another is out.
    const probes = scene.log.started.filter(({ why }) => why === 'probe').length
    expect(probes).toBeGreaterThanOrEqual(2)
    expect(probes).toBeLessThanOrEqual(6)
    await trickle(scene, 150 * second)
    expect(scene.crawler.proxies()[0]!.state).toBe('closed')
    await scene.end()
  })

  it('when its task is aborted', async () => {
    const scene = await openWithProbe(1, 40 * second)
    const abort = new AbortController()
    const answer = scene.crawler
      .fetch('http://target.test/aborted', { signal: abort.signal })
      .catch((error: unknown) => error)
    await scene.clock.runUntil(() => scene.log.started.some(({ why }) => why === 'probe'))
    await scene.clock.advance(second)
    expect(scene.crawler.proxies()[0]).toMatchObject({ state: 'halfOpen', inFlight: 1 })
    abort.abort()
    await scene.until(answer)
    await scene.clock.advance(10)
    expect(scene.crawler.proxies()[0]).toMatchObject({ state: 'halfOpen', inFlight: 0 })
    // The next task gets the permit at once, not when the old one would have expired.
    const before = scene.log.started.length
    const next = scene.crawler.fetch('http://target.test/next')
    await scene.clock.advance(1_100)
    expect(scene.log.started.slice(before).map(({ why }) => why)).toEqual(['probe'])
    await scene.until(next)
    await scene.until(scene.crawler.fetch('http://target.test/after'))
    expect(scene.crawler.proxies()[0]!.state).toBe('closed')
    await scene.end()
  })

  it('when it was leased by hand and forgotten: the lease expires', async () => {
    const scene = await openWithProbe(1, 12 * second)
    const lease = await scene.until(scene.crawler.lease('target.test', { expiresMs: 20 * second }))
    expect(scene.crawler.proxies()[0]).toMatchObject({ id: lease.proxy, state: 'halfOpen', inFlight: 1 })
    const from = scene.clock.now()
    const answer = scene.crawler.fetch('http://target.test/')
    await scene.until(answer)
    expect(scene.clock.now() - from).toBeGreaterThanOrEqual(20 * second)
    expect(scene.clock.now() - from).toBeLessThan(32 * second)
    lease.fail('dead') // too late: it has ended, and nobody hears it
    expect(scene.crawler.proxies()[0]!.inFlight).toBe(0)
    await scene.end()
  })
})
