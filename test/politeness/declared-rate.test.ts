import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { SourceLimits } from '../../src/contracts/source.ts'
import type { CrawlerOptions } from '../../src/options/options.ts'
import { defineSource } from '../../src/source/define-source.ts'
import { good, openScene, proxyList } from '../faults/simulation.ts'
import { collect } from './books.ts'

const service = (limits: SourceLimits) =>
  defineSource({
    name: 'service',
    params: z.object({ pages: z.number().default(20) }),
    item: z.object({ url: z.string() }),
    robots: false,
    limits: () => limits,
    *seeds({ pages }) {
      for (let page = 0; page < pages; page++) yield `https://service.test/${page}`
    },
    *parse(page) {
      yield page.item({ url: page.url })
    },
  })

/** Smallest gap between two requests of one proxy, and of all, in virtual ms. */
async function gaps(limits: SourceLimits, options: CrawlerOptions = {}) {
  const scene = await openScene({ proxies: proxyList(2), hedge: false, ...options }, () => good)
  await scene.until(collect(scene.crawler.crawl(service(limits), {})))
  const { visits } = scene.transport
  const ofProxies = [...Map.groupBy(visits, ({ proxy }) => proxy).values()].map((own) => smallestGap(own))
  await scene.end()
  return { proxy: Math.min(...ofProxies), host: smallestGap(visits) }
}

function smallestGap(visits: readonly { readonly at: number }[]): number {
  const times = visits.map(({ at }) => at).sort((one, other) => one - other)
  return Math.round(Math.min(...times.slice(1).map((at, index) => at - times[index]!)))
}

describe('a rate that a source declares', () => {
  it('holds for each proxy in place of the default interval, a faster one too', async () => {
    expect((await gaps({ perProxy: { requests: 30, per: 'minute' } })).proxy).toBe(2_000)
    // 333 ms, and what the wheel of timers rounds up.
    const { proxy } = await gaps({ perProxy: { requests: 180, per: 'minute' } })
    expect(proxy).toBeGreaterThanOrEqual(333)
    expect(proxy).toBeLessThan(345)
    expect((await gaps({})).proxy).toBe(500)
  })

  it('holds for all proxies together where the service counts by key', async () => {
    expect((await gaps({ perHost: { requests: 1, per: 'second' } })).host).toBe(1_000)
  })

  it('gives way to an interval that the user has set, for all hosts or for this one', async () => {
    const limits: SourceLimits = { perProxy: { requests: 30, per: 'minute' } }
    expect((await gaps(limits, { politeness: { interval: 700 } })).proxy).toBe(700)
    expect((await gaps(limits, { politeness: { hostInterval: 10 } })).proxy).toBe(2_000)
    const hosts = { 'service.test': { politeness: { interval: 3_000 } } }
    expect((await gaps(limits, { hosts })).proxy).toBe(3_000)
    expect((await gaps(limits, { politeness: false })).proxy).toBeLessThan(500)
  })

  it('lasts as long as its crawl: the next one has its own', async () => {
    const scene = await openScene({ proxies: proxyList(1), hedge: false }, () => good)
    const crawl = (limits: SourceLimits) =>
      scene.until(collect(scene.crawler.crawl(service(limits), { pages: 5 })))
    await crawl({ perProxy: { requests: 6, per: 'minute' } })
    const from = scene.transport.visits.length
    await crawl({ perProxy: { requests: 120, per: 'minute' } })
    expect(smallestGap(scene.transport.visits.slice(from))).toBe(500)
    await scene.end()
  })

  it('of two crawls at once the stricter holds', async () => {
    const scene = await openScene({ proxies: proxyList(1), hedge: false }, () => good)
    const crawl = (requests: number) =>
      collect(scene.crawler.crawl(service({ perProxy: { requests, per: 'minute' } }), { pages: 5 }))
    await scene.until(Promise.all([crawl(30), crawl(120)]))
    expect(smallestGap(scene.transport.visits.slice(1))).toBe(2_000)
    await scene.end()
  })

  it.each([
    { requests: 0, per: 'minute' },
    { requests: 3, per: 'fortnight' },
    { requests: '3', per: 'minute' },
    5,
    null,
  ])('that is none is refused before anything is sent: %j', async (rate) => {
    const scene = await openScene({ proxies: proxyList(1) }, () => good)
    const crawl = collect(scene.crawler.crawl(service({ perProxy: rate as never }), {}))
    await expect(scene.until(crawl)).rejects.toMatchObject({
      code: 'SOURCE_INVALID',
      message: expect.stringContaining('limits().perProxy'),
    })
    expect(scene.transport.visits).toEqual([])
    await scene.end()
  })
})
