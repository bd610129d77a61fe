import { describe, expect, it } from 'vitest'
import type { SimulatedAttempt } from '../../src/sim/transport.ts'
import { good, numberOf, openScene, proxyList, type Scene } from './simulation.ts'

const second = 1_000
const refused: SimulatedAttempt = { afterMs: 5, fault: { phase: 'dial', cause: 'dial-refused' } }

describe('fault 12: late results of an older epoch', () => {
  it.each([1, 2, 3])('fifty late failures and a late success move no breaker (seed %i)', async (seed) => {
    // Proxy 1 takes 51 requests at t = 0; they come home late: 50 fail while it is open and half-open, one succeeds.
    const late = (index: number): SimulatedAttempt => {
      const afterMs = 2 * second + index * second
      return index === 25 ? { afterMs, status: 200 } : { ...refused, afterMs }
    }
    let sent = 0
    let probes = 0
    let mostProbes = 0
    const scene = await openScene(
      {
        proxies: proxyList(3),
        politeness: false,
        hedge: { minDelay: 10_000, coldDelay: 10_000 },
        // Nothing gives up on what comes late.
        timeouts: { firstByte: 60_000, total: 60_000 },
        seed,
      },
      (call, now) => {
        if (numberOf(call) !== 1) return good
        if (now === 0) return late(sent++)
        if (now < second) return refused
        if (scene.crawler.proxies()[0]!.state !== 'halfOpen') return good
        probes++
        mostProbes = Math.max(mostProbes, inFlightOf(scene, 1) - lateInFlight(now))
        return good
      },
    )
    const lateInFlight = (now: number) =>
      Array.from({ length: 51 }, (_, index) => 2 * second + index * second).filter((at) => at > now).length
    const first = scene.crawler.proxies()[0]!.id
    const states = () =>
      scene.log.proxyStates.filter(({ proxy, host }) => proxy === first && host === undefined)

    const pinned = Array.from(
      { length: 51 },
      (_, page) =>
        scene.crawler.trySubmit(`http://target.test/late/${page}`, { proxy: first, hedge: false }).response,
    )
    await scene.clock.advance(100)
    for (let page = 0; page < 3; page++) {
      const answer = scene.crawler.fetch(`http://target.test/trip/${page}`, { proxy: first })
      await scene.until(answer.catch((error: unknown) => error))
    }
    expect(states().map(({ to }) => to)).toEqual(['open'])
    const openUntil = states()[0]!.until!
    expect(openUntil).toBeLessThan(31 * second)

    // A trickle of requests gives probes something to ride beside.
    let page = 0
    while (scene.clock.now() < 60 * second) {
      await scene.until(scene.crawler.fetch(`http://target.test/${page++}`))
      await scene.clock.advance(400)
    }
    await scene.until(Promise.allSettled(pinned))

    // Opened once, at the first cooldown's length; half-open once; closed by its own probes, in spite of the 50.
    expect(states().map(({ from, to }) => `${from} → ${to}`)).toEqual([
      'closed → open',
      'open → halfOpen',
      'halfOpen → closed',
    ])
    expect(scene.clock.now()).toBeGreaterThan(openUntil)
    expect(probes).toBeGreaterThanOrEqual(2)
    expect(mostProbes).toBeLessThanOrEqual(1)
    // The late success was an answer all the same: it is the task's own.
    expect((await pinned[25])!.status).toBe(200)
    await scene.end()
  })

  it('while half-open exactly one probe is out, however many tasks wait', async () => {
    let most = 0
    const scene = await openScene(
      { proxies: proxyList(1), politeness: false, breaker: { base: 10_000 } },
      (_call, now) => {
        if (now < second) return refused
        if (scene.crawler.proxies()[0]!.state === 'halfOpen')
          most = Math.max(most, scene.transport.running + 1)
        return { afterMs: 500 }
      },
    )
    const answers = Array.from({ length: 200 }, (_, page) =>
      scene.crawler.fetch(`http://target.test/${page}`),
    )
    await scene.until(Promise.all(answers))
    expect(most).toBe(1)
    expect(scene.log.proxyStates.filter(({ host, to }) => host === undefined && to === 'open')).toHaveLength(
      1,
    )
    await scene.end()
  })
})

function inFlightOf(scene: Scene, number: number): number {
  return scene.crawler.proxies()[number - 1]!.inFlight
}
