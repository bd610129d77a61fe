import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { site } from '../../plugins/site.ts'
import {
  type Crawler,
  type CrawlerOptions,
  type CrawlOptions,
  createCrawler,
  defineSource,
  type Sink,
} from '../../src/index.ts'
import { type Lab, startLab } from '../../src/lab/index.ts'
import { createCallbackSink, createJsonlSink } from '../../src/sink/index.ts'
import { sinkFailed } from '../../src/sink/sink-failure.ts'

/** Crawls that are stopped, drained or broken at moments when nobody would. */
let lab: Lab
let folder: string
let state: string
beforeAll(async () => {
  lab = await startLab({
    origins: { site: { site: { pages: 50, linksPerPage: 6 } } },
    proxies: [{ count: 4, latency: 5 }],
  })
})
afterAll(() => lab?.close())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regatta-edges-'))
  state = join(folder, 'state')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const open = (options: CrawlerOptions = {}): Promise<Crawler> =>
  createCrawler({ proxies: [...lab.proxies], politeness: false, state, ...options })

const numbered = defineSource({
  name: 'numbered',
  params: z.object({ count: z.number(), odd: z.enum(['bigint', 'function']).optional() }),
  item: z.object({ n: z.number(), odd: z.unknown().optional() }),
  robots: false,
  *seeds({ count }) {
    for (let n = 0; n < count; n++) yield { url: `${lab.origins.site!.url}/bytes/64?n=${n}`, data: n }
  },
  *parse(page) {
    const n = page.request.data as number
    const odd = n !== 7 || !page.params.odd ? undefined : page.params.odd === 'bigint' ? 10n : () => 10
    yield page.item({ n, ...(odd !== undefined && { odd }) })
  },
})

describe('seeds', () => {
  it('are all crawled, also when each has a host of its own and a budget', async () => {
    await using crawler = await open({ hostKey: (url) => url.search })
    const summary = await crawler.crawl(numbered, { count: 60 }, { maxPerHost: 5 }).run()
    expect(summary).toMatchObject({ pages: 60, queued: 0, ending: 'finished' })
  })
})

describe('a loop that is left when all pages have come', () => {
  it.each(['break', 'stop', 'throw'] as const)('gets the rest the next time (%s)', async (how) => {
    const seen: number[] = []
    for (let round = 0; round < 12 && seen.length < 30; round++) {
      await using crawler = await open()
      const crawl = crawler.crawl(numbered, { count: 30 })
      let taken = 0
      try {
        for await (const { n } of crawl) {
          seen.push(n)
          if (++taken < 4) continue
          while (crawl.progress().running > 0 || crawl.progress().queued > 0) await delay(5)
          if (how === 'break') break
          if (how === 'throw') throw new Error('enough')
          await crawl.stop()
        }
      } catch (error) {
        expect(error).toMatchObject({ message: 'enough' })
      }
    }
    expect(new Set(seen).size).toBe(30)
  })
})

describe('a limit of pages', () => {
  it('that was reached keeps the queue: the same again ends at once, a higher one goes on', async () => {
    const to = join(folder, 'out.jsonl')
    const run = async (maxPages: number) => {
      await using crawler = await open()
      return await crawler
        .crawl(numbered, { count: 30 }, { maxPages, sinks: [createJsonlSink({ to })] })
        .run()
    }
    expect(await run(10)).toMatchObject({ pages: 10, ending: 'limit' })
    expect(await run(10)).toMatchObject({ pages: 10, earlier: { pages: 10 }, ending: 'limit' })
    expect(await run(5)).toMatchObject({ pages: 10, ending: 'limit' })
    expect(await run(100)).toMatchObject({ pages: 30, earlier: { pages: 10 }, ending: 'finished' })
    const lines = (await readFile(to, 'utf8')).trim().split('\n')
    expect(new Set(lines).size).toBe(30)
    expect(lines).toHaveLength(30)
  })
})

describe('a budget for each host', () => {
  const chain = defineSource({
    name: 'chain',
    params: z.object({}),
    item: z.object({ n: z.number() }),
    robots: false,
    *seeds() {
      yield { url: `${lab.origins.site!.url}/bytes/64?n=0`, data: 0 }
    },
    *parse(page) {
      const n = page.request.data as number
      yield page.item({ n })
      if (n < 9) yield page.follow([{ url: `?n=${n + 1}`, data: n + 1 }])
    },
  })

  it.each([
    ['lifts', undefined, 10],
    ['raises', 5, 5],
  ])('a later run %s it', async (_, later, pages) => {
    const run = async (options: CrawlOptions) => {
      await using crawler = await open()
      return await crawler.crawl(chain, {}, options).run()
    }
    expect(await run({ maxPages: 1, maxPerHost: 2 })).toMatchObject({ ending: 'limit', queued: 1 })
    const summary = await run(later === undefined ? {} : { maxPerHost: later })
    expect(summary).toMatchObject({ ending: 'finished', pages, earlier: { pages: 1 } })
  })
})

describe('stopping', () => {
  it('from within the loop of a crawl that goes on ends it', async () => {
    for (let round = 0; round < 2; round++) {
      await using crawler = await open()
      const crawl = crawler.crawl(numbered, { count: 30 })
      for await (const { n } of crawl) {
        expect(n).toBeGreaterThanOrEqual(0)
        await crawl.stop()
      }
      await expect(crawl.done).resolves.toMatchObject({ ending: 'interrupted' })
    }
  })

  it('with pages waiting for a slow loop ends it', async () => {
    await using crawler = await open()
    const crawl = crawler.crawl(numbered, { count: 20 })
    for await (const { n } of crawl) {
      expect(n).toBeGreaterThanOrEqual(0)
      // By now all pages have come, and the crawl waits for this loop.
      await expect.poll(() => crawl.progress().pages, { timeout: 10_000 }).toBe(20)
      await crawl.stop()
    }
  })

  it('before it begins leaves nothing open', async () => {
    const signal = AbortSignal.abort()
    await using crawler = await open()
    for await (const _ of crawler.crawl(numbered, { count: 5 }, { signal })) expect.unreachable()
    await crawler.crawl(numbered, { count: 5 }, { signal }).run()
    expect(await crawler.crawl(numbered, { count: 5 }).run()).toMatchObject({ pages: 5 })
  })

  it('while it opens, at any moment, is an interruption and no failure', async () => {
    for (let ticks = 0; ticks < 12; ticks++) {
      await using crawler = await open()
      const crawl = crawler.crawl(numbered, { count: 2_000 }, { concurrency: 4 })
      const done = crawl.run()
      for (let tick = 0; tick < ticks * 8; tick++) await Promise.resolve()
      if (ticks > 6) await new Promise((resolve) => setImmediate(resolve))
      await (ticks % 2 === 0 ? crawl.drain() : crawl.stop())
      expect(['interrupted', 'finished']).toContain((await done).ending)
    }
  })

  it('or draining fetches nothing after its end', async () => {
    for (let round = 0; round < 6; round++) {
      await using crawler = await open()
      const crawl = crawler.crawl(numbered, { count: 500 }, { fresh: true })
      const done = crawl.run()
      const underWay = () => crawl.progress().running + crawl.progress().pages
      await expect.poll(underWay, { timeout: 10_000 }).toBeGreaterThan(0)
      await crawl.drain()
      const { pages } = await done
      const accepted = crawler.stats().tasks.accepted
      await crawler.fetch(`${lab.origins.site!.url}/bytes/1`)
      expect(crawl.progress().pages).toBe(pages)
      expect(crawler.stats().tasks.accepted).toBe(accepted + 1)
    }
  })
})

describe('a loop that is left again and again', () => {
  it('gets on each time', async () => {
    const seen: number[] = []
    for (let round = 0; round < 12; round++) {
      await using crawler = await open()
      let taken = 0
      for await (const { n } of crawler.crawl(numbered, { count: 30 })) {
        seen.push(n)
        if (++taken === 5) break
      }
      if (new Set(seen).size === 30) break
    }
    expect(new Set(seen).size).toBe(30)
  })
})

describe('an item', () => {
  it('that JSON has no word for is kept by a rule, in its place, also after a crash', async () => {
    const file = join(folder, 'out.jsonl')
    const broken: Sink = {
      name: file,
      async open() {},
      async write() {
        throw sinkFailed(file, new Error('gone'), { isPermanent: true })
      },
      async close() {},
    }
    const params = { count: 30, odd: 'bigint' as const }
    {
      await using crawler = await open()
      await expect(crawler.crawl(numbered, params, { sinks: [broken] }).run()).rejects.toMatchObject({
        code: 'SINK_FAILED',
      })
    }
    await using crawler = await open()
    const alerts: string[] = []
    crawler.on('alert', ({ code }) => alerts.push(code))
    await crawler.crawl(numbered, params, { sinks: [createJsonlSink({ to: file })] }).run()
    const lines = (await readFile(file, 'utf8')).trim().split('\n')
    expect(lines.map((line) => (JSON.parse(line) as { n: number }).n).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 30 }, (_, n) => n),
    )
    expect(lines.some((line) => line.includes('"odd":"'))).toBe(true)
    expect(alerts).toEqual([])
  })

  it('that cannot be kept at all is set aside, alone', async () => {
    await using crawler = await open()
    const summary = await crawler
      .crawl(numbered, { count: 20, odd: 'function' }, { sinks: [createCallbackSink(() => {})] })
      .run()
    expect(summary).toMatchObject({ pages: 20, items: 19, setAside: 1, failed: 0, ending: 'finished' })
    expect(summary.deadLetters[0]!.code).toBe('item-invalid')
  })
})

describe('a new round begins', () => {
  it('when a finished crawl is to be visited again but has nothing to visit', async () => {
    const crawl = async (revisit?: { after: number }) => {
      await using crawler = await open()
      return await crawler.crawl(numbered, { count: 5 }, revisit ? { revisit } : {}).run()
    }
    await crawl()
    expect(await crawl({ after: 3_600_000 })).toMatchObject({ pages: 5, earlier: undefined })
    expect(await crawl({ after: 3_600_000 })).toMatchObject({ pages: 5, earlier: { pages: 5 } })
  })

  it('when the source itself had reached its limit', async () => {
    const start = `${lab.origins.site!.url}/`
    for (let round = 0; round < 2; round++) {
      await using crawler = await open()
      const summary = await crawler.crawl(site, { start, sitemaps: false, maxPages: 8 }).run()
      expect(summary).toMatchObject({ pages: 8, ending: 'limit', earlier: undefined })
    }
  })
})
