import { describe, expect, it } from 'vitest'
import { parseProxy } from '../../src/fleet/parse-proxy.ts'
import type { SimulatedAttempt } from '../../src/sim/transport.ts'
import { good, keepFetching, numberOf, openScene, proxyList } from './simulation.ts'

const minute = 60_000
const account = 'crew-member:5ecret-word'
const refused: SimulatedAttempt = {
  afterMs: 15,
  fault: { phase: 'handshake', cause: 'proxy-auth', code: 407 },
}

/** Thirty proxies of one account, then five of their own. */
const proxies = proxyList(35).map((url, index) =>
  index < 30 ? url.replace('//', `//${account}@`).replace('socks5', 'http') : url,
)
const group = parseProxy(proxies[0]!).endpoint.credentialGroup

describe('fault 15: the credential of a provider is refused everywhere', () => {
  it.each([
    ['from the start', 0, 1],
    ['from the start', 0, 2],
    ['in mid-flight', 2 * minute, 1],
    ['in mid-flight', 2 * minute, 2],
  ])('its proxies wait together, the others go on: %s (%i ms, seed %i)', async (_when, from, seed) => {
    const scene = await openScene({ proxies, politeness: { interval: 2_000 }, seed }, (call, now) =>
      numberOf(call) <= 30 && now >= from ? refused : good,
    )
    const load = keepFetching(scene, 'target.test', 20)
    await scene.clock.advance(from + 30 * minute)

    const ofGroup = scene.attempts.filter(({ at, proxy }) => at >= from && proxy.startsWith('http://'))
    const firstRefusal = scene.log.alerts.findIndex(({ code }) => code === 'CREDENTIAL_REFUSED')
    expect(firstRefusal).toBeGreaterThanOrEqual(0)
    // Three at most before the group is shut; in mid-flight those that were out already come on top.
    const atFirst = ofGroup.filter(({ at }) => at < from + 10_000)
    const heard = (atFirst[0]?.at ?? 0) + refused.afterMs
    expect(atFirst.filter(({ at }) => at > heard).length).toBeLessThanOrEqual(3)
    if (from === 0) expect(atFirst.length).toBeLessThanOrEqual(3)
    // No hammering: the doubling cooldown leaves ten probes in half an hour.
    expect(ofGroup.length).toBeLessThanOrEqual(atFirst.length + 10)
    // The five others do what the gates let five do.
    expect(load.rate(from + minute, from + 30 * minute)).toBeGreaterThan(0.95 * 2.5)
    expect(
      scene.log.proxyStates.filter(({ proxy, to }) => !proxy.startsWith('http://') && to === 'open'),
    ).toEqual([])
    expect(JSON.stringify(scene.log)).not.toContain('5ecret-word')
    expect(group).not.toContain('5ecret-word')
    await load.stop()
    expect(load.failures).toEqual([])
    await scene.end()
  })

  it('is used again when the account is back', async () => {
    const scene = await openScene(
      { proxies: proxies.slice(0, 5), politeness: { interval: 1_000 } },
      (_call, now) => (now < 5 * minute ? refused : good),
    )
    const answer = scene.crawler.fetch('http://target.test/')
    await scene.until(answer, 60 * minute)
    expect(scene.clock.now()).toBeLessThan(25 * minute)
    await scene.end()
  })
})
