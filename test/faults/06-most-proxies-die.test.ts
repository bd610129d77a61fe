import { describe, expect, it } from 'vitest'
import type { SimulatedAttempt } from '../../src/sim/transport.ts'
import { good, keepFetching, numberOf, openScene, proxyList } from './simulation.ts'

const minute = 60_000
const ways: Record<string, SimulatedAttempt> = {
  'they refuse': { afterMs: 5, fault: { phase: 'dial', cause: 'dial-refused' } },
  'their SYNs are dropped': { afterMs: 4_000, fault: { phase: 'dial', cause: 'dial-timeout' } },
  'they are silent after the greeting': {
    afterMs: 4_000,
    fault: { phase: 'handshake', cause: 'handshake-timeout' },
  },
}

describe.each(Object.keys(ways))(
  'fault 6: ninety of a hundred proxies die at once and return after five minutes: %s',
  (way) => {
    it.each([1])('throughput tracks the rest, probes are few, and all come back (seed %i)', async (seed) => {
      const outage = { from: 3 * minute, to: 8 * minute }
      const isDead = (proxy: number, now: number) => proxy > 10 && now >= outage.from && now < outage.to
      const scene = await openScene(
        { proxies: proxyList(100), politeness: { interval: 5_000 }, seed },
        (call, now) => (isDead(numberOf(call), now) ? ways[way]! : good),
      )
      const load = keepFetching(scene, 'target.test', 60)
      await scene.clock.advance(outage.from)
      const usual = load.rate(minute, outage.from)
      expect(usual).toBeGreaterThan(0.9 * 20) // the gates' limit: 100 proxies, one request each 5 s

      // Half a minute to find out; then the ten that are left do what the gates let them do.
      await scene.clock.advance(outage.to - outage.from)
      expect(load.rate(outage.from + minute / 2, outage.to)).toBeGreaterThan(0.85 * 2)
      const toTheDead = scene.attempts.filter(({ proxy }) => numberOfId(proxy) > 10)
      for (let from = outage.from + 2 * minute; from < outage.to; from += 10_000) {
        const probes = toTheDead.filter(({ at }) => at >= from && at < from + 10_000)
        expect(probes.length, `probes of dead proxies in the 10 s from ${from}`).toBeLessThanOrEqual(45)
      }
      // It was the proxies, neither the host nor our own network.
      expect(scene.log.hostStates.filter(({ to }) => to === 'down' || to === 'throttled')).toEqual([])
      const blackouts = scene.log.alerts.filter(({ code }) => code === 'BLACKOUT')
      expect(blackouts.length).toBeLessThanOrEqual(4)

      // On return nobody storms: cooldowns are jittered, and what is half-open is probed one by one.
      await scene.clock.advance(9 * minute)
      const returning = scene.attempts.filter(
        ({ at, proxy }) => numberOfId(proxy) > 10 && at >= outage.to && at < outage.to + 60_000,
      )
      for (let from = outage.to; from < outage.to + 60_000; from += 1_000) {
        expect(returning.filter(({ at }) => at >= from && at < from + 1_000).length).toBeLessThanOrEqual(30)
      }
      expect(load.rate(outage.to + 3 * minute, outage.to + 4 * minute)).toBeGreaterThan(0.6 * usual)
      expect(load.rate(outage.to + 8 * minute, outage.to + 9 * minute)).toBeGreaterThan(0.95 * usual)
      await load.stop()
      expect(load.failures).toEqual([])
      await scene.end()
    })
  },
)

function numberOfId(proxy: string): number {
  const [, , high, low] = new URL(proxy.replace(/^[a-z0-9]+:/, 'http:')).hostname.split('.').map(Number)
  return high! * 256 + low!
}
