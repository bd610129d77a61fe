import { describe, expect, it } from 'vitest'
import type { Visit } from '../../src/sim/transport.ts'
import { good, keepFetching, openScene, proxyList } from '../faults/simulation.ts'

const second = 1_000

describe('politeness over hours, by the simulated origins’ books', () => {
  it.each([1, 2, 3])(
    'with the defaults no pair is under 500 ms and no host above its limit (seed %i)',
    async (seed) => {
      let most = 0
      const scene = await openScene({ proxies: proxyList(30), seed }, ({ request }, now) => {
        const host = new URL(request.url).host
        const { limit, inFlight } = scene.crawler.stats().hosts[host]!
        most = Math.max(most, inFlight - limit!)
        // Slower in waves, ill at times, so that hedges, failovers and retries all run under the gates.
        if (now % 20_000 < 500) return { afterMs: 50, status: 500 }
        if (now % 7_000 < 300) return { afterMs: 40, fault: { phase: 'headers', cause: 'reset' } }
        return { afterMs: 50 + (now % 3_000) / 10 }
      })
      const loads = ['one.test', 'two.test'].map((host) => keepFetching(scene, host, 30))
      await scene.clock.advance(60 * second)
      for (const load of loads) await load.stop()
      expectGaps(scene.transport.visits, 500)
      expect(most).toBeLessThanOrEqual(0)
      for (const host of ['one.test', 'two.test'])
        expect(peak(scene.transport.visits.filter((each) => each.host === host))).toBeLessThanOrEqual(64)
      for (const [proxy, visits] of Map.groupBy(scene.transport.visits, (visit) => visit.proxy))
        expect(peak(visits), proxy).toBeLessThanOrEqual(16)
      expect(scene.transport.visits.length).toBeGreaterThan(1_800)
      await scene.end()
    },
  )

  it('free proxies carry two requests at once, whatever the hosts', async () => {
    const scene = await openScene(
      { proxies: proxyList(4), proxyClass: 'free', politeness: { interval: 0, hostConcurrency: false } },
      () => good,
    )
    const answers = Array.from({ length: 100 }, (_, n) =>
      scene.crawler.fetch(`http://host-${n % 10}.test/${n}`),
    )
    await scene.until(Promise.all(answers))
    for (const [proxy, visits] of Map.groupBy(scene.transport.visits, (visit) => visit.proxy))
      expect(peak(visits), proxy).toBe(2)
    await scene.end()
  })

  it('the limit of a host grows while it answers, is cut when it refuses, and grows again', async () => {
    const bears = (now: number) => (now < 20 * second ? 40 : 8)
    const scene = await openScene(
      { proxies: proxyList(50), politeness: { interval: 0 }, hedge: false },
      (_call, now) =>
        scene.transport.running >= bears(now)
          ? { afterMs: 20, status: 429, headers: { 'retry-after': '1' } }
          : { afterMs: 200 },
    )
    const load = keepFetching(scene, 'target.test', 100)
    const limit = () => scene.crawler.stats().hosts['target.test']!.limit!
    expect(limit()).toBe(4)
    const seen: number[] = []
    for (let at = 0; at < 100; at++) {
      await scene.clock.advance(second)
      seen.push(limit())
    }
    expect(Math.max(...seen.slice(0, 20))).toBeGreaterThan(20)
    expect(Math.max(...seen.slice(30))).toBeLessThan(20)
    expect(Math.min(...seen.slice(30))).toBeGreaterThanOrEqual(1)
    // It saws: it was cut more than once, and grew in between.
    expect(seen.slice(1).filter((each, index) => each < seen[index]!).length).toBeGreaterThan(2)
    expect(seen.slice(1).filter((each, index) => each > seen[index]!).length).toBeGreaterThan(2)
    await load.stop()
    expect(load.failures).toEqual([])
    await scene.end()
  })
})

describe('fairness between hosts', () => {
  it('a host with ten pages is done long before one with a thousand', async () => {
    const scene = await openScene(
      { proxies: proxyList(20), politeness: { interval: 100 }, concurrency: 10, capacity: 5_000 },
      () => good,
    )
    const large = Array.from(
      { length: 1_000 },
      (_, n) => scene.crawler.trySubmit(`http://large.test/${n}`).response,
    )
    const small = Array.from(
      { length: 10 },
      (_, n) => scene.crawler.trySubmit(`http://small.test/${n}`).response,
    )
    await scene.until(Promise.all(small))
    expect(scene.clock.now()).toBeLessThan(2 * second)
    await scene.until(Promise.all(large))
    expect(scene.clock.now()).toBeGreaterThan(5 * second)
    await scene.end()
  })

  it('tasks of a throttled host hold no place of the others', async () => {
    const scene = await openScene(
      { proxies: proxyList(10), politeness: { interval: 100 }, concurrency: 8, capacity: 1_000 },
      ({ request }, now) =>
        request.url.includes('throttled') && now < 300 * second
          ? { afterMs: 20, status: 429, headers: { 'retry-after': '300' } }
          : good,
    )
    const throttled = Array.from(
      { length: 400 },
      (_, n) => scene.crawler.trySubmit(`http://throttled.test/${n}`).response,
    )
    await scene.clock.advance(second)
    const load = keepFetching(scene, 'free.test', 20)
    await scene.clock.advance(60 * second)
    // Eight at a time, 100 ms each: nobody else's concern.
    expect(load.rate(10 * second, 60 * second)).toBeGreaterThan(0.9 * 80)
    await load.stop()
    await scene.until(Promise.all(throttled))
    await scene.end()
  })

  it('a crawl gives waiting requests back to the frontier, so a host that is down does not stop it', async () => {
    const { defineSource } = await import('../../src/source/define-source.ts')
    const { z } = await import('zod')
    const scene = await openScene(
      { proxies: proxyList(10), politeness: { interval: 100, robots: false }, concurrency: 8, capacity: 50 },
      ({ request }, now) =>
        request.url.includes('down') && now < 120 * second
          ? { afterMs: 20, status: 503, headers: { 'retry-after': '60' } }
          : good,
    )
    const source = defineSource({
      name: 'two-hosts',
      params: z.object({}),
      item: z.object({ url: z.string() }),
      *seeds() {
        for (let n = 0; n < 300; n++) yield `http://down.test/${n}`
        for (let n = 0; n < 300; n++) yield `http://up.test/${n}`
      },
      *parse(page) {
        yield page.item({ url: page.url })
      },
    })
    const done = { 'up.test': 0, 'down.test': 0 }
    let upDoneAt = 0
    scene.crawler.on('item', ({ value }) => {
      const host = new URL((value as { url: string }).url).host as keyof typeof done
      if (++done[host] === 300 && host === 'up.test') upDoneAt = scene.clock.now()
    })
    const summary = await scene.until(scene.crawler.crawl(source, {}).run(), 3_600 * second)
    expect(done).toEqual({ 'up.test': 300, 'down.test': 300 })
    expect(upDoneAt).toBeLessThan(60 * second)
    expect(summary.failed).toBe(0)
    await scene.end()
  })
})

function expectGaps(visits: readonly Visit[], interval: number): void {
  for (const [pair, ofPair] of Map.groupBy(visits, ({ proxy, host }) => `${proxy} ${host}`)) {
    const starts = ofPair.map(({ at }) => at).sort((one, other) => one - other)
    const gaps = starts.slice(1).map((at, index) => at - starts[index]!)
    expect(
      gaps.filter((gap) => gap < interval),
      pair,
    ).toEqual([])
  }
}

function peak(visits: readonly Visit[]): number {
  const moments = visits.flatMap(({ at, until }) => [
    { at, change: 1 },
    { at: until, change: -1 },
  ])
  moments.sort((one, other) => one.at - other.at || one.change - other.change)
  let now = 0
  let most = 0
  for (const { change } of moments) {
    now += change
    most = Math.max(most, now)
  }
  return most
}
