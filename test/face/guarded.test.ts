import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { site } from '../../plugins/site.ts'
import { type CrawlOptions, createCrawler, createHttpCache, defineSource } from '../../src/index.ts'
import { type Lab, startLab } from '../../src/lab/index.ts'

/** What a crawl may be kept from: hosts, too much of one host, asking twice for the same answer. */
let lab: Lab
let folder: string
beforeAll(async () => {
  lab = await startLab({
    origins: { shop: { site: { pages: 40, linksPerPage: 6 } }, ads: { site: { pages: 10 } } },
    proxies: [{ count: 3 }],
  })
})
afterAll(() => lab?.close())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regatta-guarded-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function crawl(options: CrawlOptions, { sitemaps = false } = {}) {
  // A hedge that lost may reach the site after its crawl has ended, and the site's books are read then.
  await using crawler = await createCrawler({ proxies: [...lab.proxies], politeness: false, hedge: false })
  const start = [`${lab.origins.shop!.url}/`, `${lab.origins.ads!.url}/`]
  return await crawler.crawl(site, { start, sitemaps, scope: 'any' }, options).run()
}

describe('a crawl', () => {
  it('asks one host no more often than it may', async () => {
    const { trapped, ...summary } = await crawl({ maxPerHost: 7 })
    expect(summary).toMatchObject({ pages: 14, queued: 0 })
    expect(trapped).toEqual([expect.objectContaining({ reason: 'limit per host' })])
    expect(trapped[0]!.count).toBeGreaterThan(10)
  })

  it('leaves blocked hosts alone, seeds and sitemaps of theirs too', async () => {
    const before = (await lab.books()).origins.ads!.requests
    const summary = await crawl({ block: [lab.origins.ads!.host] }, { sitemaps: true })
    expect(summary).toMatchObject({ pages: 40, skipped: 1 })
    expect((await lab.books()).origins.ads!.requests).toBe(before)
  })

  it('says at once which pattern is no host', async () => {
    await expect(crawl({ block: ['https://ads.example/'] })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })

  it('serves what a cache has, without a request', async () => {
    const cached = async () => {
      const cache = await createHttpCache({ to: join(folder, 'cache.db') })
      try {
        return await crawl({ cache })
      } finally {
        await cache.close()
      }
    }
    expect(await cached()).toMatchObject({ pages: 50 })
    const before = (await lab.books()).origins.shop!.requests
    expect(await cached()).toMatchObject({ pages: 50, attempts: 0 })
    expect((await lab.books()).origins.shop!.requests).toBe(before)
  })

  it('passes the priority of a request on to the queue', async () => {
    const order: string[] = []
    const source = defineSource({
      name: 'lanes',
      params: z.object({}),
      item: z.object({}),
      *seeds() {
        const base = lab.origins.shop!.url
        for (const [n, priority] of [7, 4, 0, 4, 7, 0].entries())
          yield { url: `${base}/page/${n + 1}?p=${priority}`, priority }
      },
      *parse(page) {
        order.push(new URL(page.url).searchParams.get('p')![0]!)
        yield undefined
      },
    })
    await using crawler = await createCrawler({
      proxies: [...lab.proxies],
      politeness: false,
      concurrency: 1,
    })
    await crawler.crawl(source, {}, { concurrency: 1 }).run()
    // The first seed goes out at once; of those that wait the lower lane is first.
    expect(order.slice(1).join('')).toBe([...order.slice(1)].sort().join(''))
  })
})
