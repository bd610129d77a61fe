import { describe, expect, it } from 'vitest'
import type { SimulatedAttempt } from '../../src/sim/transport.ts'
import { lastStates } from './invariants.ts'
import { good, keepFetching, openScene, proxyList, type Scene } from './simulation.ts'

const minute = 60_000
const ways: Record<string, SimulatedAttempt> = {
  'SOCKS says that the host refuses': {
    afterMs: 60,
    fault: { phase: 'handshake', cause: 'socks-connection-refused' },
  },
  'SOCKS says that it is unreachable': {
    afterMs: 60,
    fault: { phase: 'handshake', cause: 'socks-host-unreachable' },
  },
  'it resets every request': { afterMs: 60, fault: { phase: 'headers', cause: 'reset' } },
  'it never answers': { afterMs: Number.POSITIVE_INFINITY },
  'it answers 500': { afterMs: 60, status: 500 },
}

describe.each(Object.keys(ways))(
  'fault 3: the target is down for ten minutes, for all proxies: %s',
  (way) => {
    it.each([1, 2])('and nobody but the host is blamed (seed %i)', async (seed) => {
      const outage = { from: minute, to: 11 * minute }
      const isOut = (now: number) => now >= outage.from && now < outage.to
      const politeness = { interval: 1_000 }
      const scene = await openScene({ proxies: proxyList(20), politeness, seed }, (_call, now) =>
        isOut(now) ? ways[way]! : good,
      )
      const load = keepFetching(scene, 'target.test', 10)

      let downAt = Number.NaN
      scene.crawler.on('host.state', ({ to }) => {
        if (to === 'down') downAt = scene.clock.now()
      })
      await scene.clock.advance(outage.from)
      const usual = load.rate(minute / 2, outage.from)
      const before = successes(scene)
      await scene.clock.advance(outage.to - outage.from)
      const after = successes(scene)
      const downs = scene.log.hostStates.filter(({ to }) => to === 'down')
      expect(downs).toHaveLength(1)

      // The origin's view: once the host is held to be down, one canary each five seconds at most.
      const canaries = scene.attempts.filter(({ at }) => at > downAt && at < outage.to)
      expect(canaries.length).toBeGreaterThan(20)
      for (let index = 1; index < canaries.length; index++) {
        expect(canaries[index]!.at - canaries[index - 1]!.at).toBeGreaterThanOrEqual(5_000)
      }

      // Nobody was opened for the fleet, and what the proxies were blamed for has been given back.
      expect(scene.log.proxyStates.filter(({ host, to }) => host === undefined && to === 'open')).toEqual([])
      // (ten minutes of oblivion cost the best of them half a point; a single failure kept would cost one more)
      expect(Math.min(...after)).toBeGreaterThan(Math.max(...after) - 0.005)
      expect(Math.min(...after)).toBeGreaterThan(Math.min(...before) - 0.01)

      await scene.clock.advance(45_000)
      expect(load.rate(outage.to + 15_000, outage.to + 45_000)).toBeGreaterThan(0.9 * usual)
      await load.stop()
      expect(load.failures).toEqual([])
      expect([...lastStates(scene.log).values()].filter((state) => state !== 'closed')).toEqual([])
      await scene.end()
    })
  },
)

function successes({ crawler }: Scene): number[] {
  return crawler.proxies().map(({ success }) => success)
}
