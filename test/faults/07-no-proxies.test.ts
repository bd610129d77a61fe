import { describe, expect, it } from 'vitest'
import { scriptedProvider } from './scripted-provider.ts'
import { good, keepFetching, numberOf, openScene, proxyList } from './simulation.ts'

const minute = 60_000

describe('fault 7: all proxies are dead, and the refresh fails', () => {
  it.each([
    ['from the start', 0],
    ['in mid-flight', 2 * minute],
  ])(
    'tasks wait with a reason, nothing goes out directly, and all goes on when proxies come: %s',
    async (_when, diesAt) => {
      const provider = scriptedProvider(proxyList(10))
      const scene = await openScene(
        { proxies: provider, refresh: minute, capacity: 50, politeness: { interval: 1_000 } },
        (call, now) =>
          numberOf(call) <= 10 && now >= diesAt
            ? { afterMs: 5, fault: { phase: 'dial', cause: 'dial-refused' } }
            : good,
      )
      if (diesAt > 0) {
        for (let page = 0; page < 100; page++)
          await scene.until(scene.crawler.fetch(`http://target.test/warm/${page}`))
        expect(scene.clock.now()).toBeLessThan(diesAt)
        await scene.clock.advance(diesAt - scene.clock.now())
      }
      provider.current = undefined
      const answers = Array.from(
        { length: 50 },
        (_, page) => scene.crawler.trySubmit(`http://target.test/${page}`).response,
      )
      const before = scene.attempts.length
      await scene.clock.advance(20 * minute)

      // Bounded: capacity is the end, attempts get rarer, and every task can say what it waits for.
      expect(() => scene.crawler.trySubmit('http://target.test/more')).toThrow(
        expect.objectContaining({ code: 'POOL_FULL' }),
      )
      expect(scene.crawler.stats().tasks.parked).toBe(50)
      const waiting = new Set(scene.log.parked.map(({ task }) => task))
      for (const task of scene.log.accepted.slice(-50)) expect(waiting, task).toContain(task)
      for (const task of scene.log.accepted.slice(-50)) {
        const last = scene.crawler.explain(task)!.timeline.findLast(({ step }) => step === 'parked')
        expect(['no-proxy', 'blackout', 'interval']).toContain(last?.step === 'parked' && last.reason)
      }
      const lately = scene.attempts.slice(before).filter(({ at }) => at > scene.clock.now() - 10 * minute)
      expect(lately.length).toBeLessThan(10 * 60)
      expect(scene.attempts.every(({ proxy }) => proxy.startsWith('socks5'))).toBe(true)
      expect(scene.log.alerts.some(({ code }) => code === 'PROXY_LIST_UNREADABLE')).toBe(true)
      expect(provider.loads).toBeGreaterThan(15)

      // The list comes back with others; the dead ones are gone from it.
      provider.current = proxyList(20).slice(10)
      await scene.crawler.refresh({ believe: true })
      const from = scene.clock.now()
      await scene.until(Promise.all(answers), 2 * minute)
      expect(scene.clock.now() - from).toBeLessThan(minute)
      await scene.end()
    },
  )

  it('goes on with new proxies although the dead ones are still on the list', async () => {
    const provider = scriptedProvider(proxyList(10))
    const scene = await openScene(
      { proxies: provider, refresh: minute, politeness: { interval: 1_000 } },
      (call, now) =>
        numberOf(call) <= 10 && now >= 2 * minute
          ? { afterMs: 5, fault: { phase: 'dial', cause: 'dial-refused' } }
          : good,
    )
    for (let page = 0; page < 300; page++)
      await scene.until(scene.crawler.fetch(`http://target.test/warm/${page}`))
    await scene.clock.advance(Math.max(0, 2 * minute - scene.clock.now()))
    const answers = Array.from(
      { length: 20 },
      (_, page) => scene.crawler.trySubmit(`http://target.test/${page}`).response,
    )
    await scene.clock.advance(10 * minute)
    provider.current = proxyList(20)
    await scene.crawler.refresh()
    const from = scene.clock.now()
    await scene.until(Promise.all(answers), 60 * minute)
    expect(scene.clock.now() - from).toBeLessThan(2 * minute)
    await scene.end()
  })

  it('an empty fleet says so, and goes on when a proxy joins', async () => {
    const provider = scriptedProvider(proxyList(3))
    const scene = await openScene({ proxies: provider }, () => good)
    provider.current = []
    await scene.crawler.refresh({ believe: true })
    expect(scene.crawler.proxies()).toEqual([])
    const answer = scene.crawler.fetch('http://target.test/')
    await scene.clock.advance(60 * minute)
    expect(scene.attempts).toEqual([])
    expect(scene.log.parked.map(({ reason }) => reason)).toEqual(['no-proxy'])
    expect(scene.crawler.stats().hosts['target.test']!.state).toBe('starved')
    provider.current = proxyList(1)
    await scene.crawler.refresh()
    expect((await scene.until(answer)).status).toBe(200)
    await scene.end()
  })

  it('our own network is out: nobody is blamed, one canary at a time asks, and all goes on', async () => {
    const outage = { from: 2 * minute, to: 7 * minute }
    const scene = await openScene(
      { proxies: proxyList(20), politeness: { interval: 1_000 } },
      (_call, now) =>
        now >= outage.from && now < outage.to
          ? { afterMs: 4_000, fault: { phase: 'dial', cause: 'dial-timeout' } }
          : good,
    )
    const load = keepFetching(scene, 'target.test', 20)
    await scene.clock.advance(outage.from)
    const usual = load.rate(minute, outage.from)
    const before = scene.crawler.proxies().map(({ success }) => success)
    await scene.clock.advance(outage.to - outage.from)
    expect(scene.log.alerts.map(({ code }) => code)).toEqual(['BLACKOUT'])
    expect(scene.log.proxyStates.filter(({ to }) => to === 'open')).toEqual([])
    const after = scene.crawler.proxies().map(({ success }) => success)
    for (const [index, success] of after.entries()) expect(success).toBeGreaterThan(before[index]! - 0.06)
    const canaries = scene.attempts.filter(({ at }) => at > outage.from + minute && at < outage.to)
    expect(canaries.length).toBeLessThanOrEqual(60)
    for (let index = 1; index < canaries.length; index++) {
      expect(canaries[index]!.at - canaries[index - 1]!.at).toBeGreaterThanOrEqual(4_000)
    }
    await scene.clock.advance(minute)
    expect(load.rate(outage.to + 20_000, outage.to + minute)).toBeGreaterThan(0.9 * usual)
    expect(scene.log.alerts.map(({ code }) => code)).toEqual(['BLACKOUT', 'BLACKOUT'])
    await load.stop()
    expect(load.failures).toEqual([])
    await scene.end()
  })
})
