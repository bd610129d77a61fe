import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { site } from '../../plugins/site.ts'
import { type Crawler, type CrawlerOptions, createCrawler, defineSource } from '../../src/index.ts'
import { startLab } from '../../src/lab/index.ts'
import { good, numberOf, openScene, proxyList } from '../faults/simulation.ts'

/** One Ctrl-C: what is in flight is finished, what waits goes back, and nothing else is begun. */
let state: string
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'regatta-drain-'))
})
afterEach(() => rm(state, { recursive: true, force: true }))

/** Its items are the numbers of its pages. */
const numbered = defineSource({
  name: 'numbered',
  params: z.object({ origin: z.string(), count: z.number() }),
  item: z.object({ n: z.number() }),
  robots: false,
  *seeds({ origin, count }) {
    for (let n = 0; n < count; n++) yield { url: `${origin}/bytes/64?n=${n}`, data: n }
  },
  *parse(page) {
    yield page.item({ n: page.request.data as number })
  },
})

/** Attempts begun, and those that are under way now. */
function watch(crawler: Crawler) {
  const seen = { started: 0, inFlight: 0, items: [] as unknown[], parked: 0 }
  crawler.on('attempt.started', () => {
    seen.started++
    seen.inFlight++
  })
  crawler.on('outcome', () => {
    seen.inFlight--
  })
  crawler.on('task.parked', () => {
    seen.parked++
  })
  crawler.on('item', ({ value }) => seen.items.push((value as { n: number }).n))
  return seen
}

const all = (count: number) => Array.from({ length: count }, (_, n) => n)
const sorted = (items: unknown[]) => (items as number[]).toSorted((one, other) => one - other)

describe('a drain ends with the attempts that are in flight', () => {
  const count = 24
  const open = (proxies: readonly string[], options: CrawlerOptions = {}) =>
    createCrawler({
      proxies: [...proxies],
      politeness: false,
      state,
      concurrency: 4,
      hedge: false,
      ...options,
    })

  it('pages that come are kept, the others go back, and a later run brings each of them once', async () => {
    await using lab = await startLab({ origins: { site: { latency: 400 } }, proxies: [{ count: 6 }] })
    const params = { origin: lab.origins.site!.url, count }
    const items: unknown[] = []
    {
      await using crawler = await open(lab.proxies, { trust: 'blind' })
      const seen = watch(crawler)
      const crawl = crawler.crawl(numbered, params)
      void crawl.run()
      await vi.waitFor(() => expect(seen.inFlight).toBe(4), { interval: 5, timeout: 10_000 })
      const { started } = seen
      const summary = await crawl.drain()
      expect(seen.started).toBe(started)
      expect(summary).toMatchObject({ pages: 4, failed: 0, queued: count - 4, ending: 'interrupted' })
      items.push(...seen.items)
    }
    await lab.control.set('site', { latency: null })
    await using crawler = await open(lab.proxies)
    const seen = watch(crawler)
    expect(await crawler.crawl(numbered, params).run()).toMatchObject({ pages: count, failed: 0, queued: 0 })
    expect(sorted([...items, ...seen.items])).toEqual(all(count))
  })

  it('pages of exits that nobody has compared yet go back, too, for nobody else is asked any more', async () => {
    await using lab = await startLab({ origins: { site: { latency: 400 } }, proxies: [{ count: 6 }] })
    const params = { origin: lab.origins.site!.url, count }
    await using crawler = await open(lab.proxies)
    const seen = watch(crawler)
    const crawl = crawler.crawl(numbered, params)
    void crawl.run()
    await vi.waitFor(() => expect(seen.inFlight).toBe(4), { interval: 5, timeout: 10_000 })
    const { started } = seen
    expect(await crawl.drain()).toMatchObject({ pages: 0, failed: 0, queued: count, ending: 'interrupted' })
    expect(seen.started).toBe(started)
    await lab.control.set('site', { latency: null })
    expect(await crawler.crawl(numbered, params).run()).toMatchObject({ pages: count, failed: 0, queued: 0 })
    expect(sorted(seen.items)).toEqual(all(count))
  })

  it.each([
    ['answers 500', 500, 'target'],
    ['hangs', 'silent', 'transient'],
  ] as const)(
    'a site that %s gets no second try, and its pages are not given up',
    async (_, how, verdict) => {
      await using lab = await startLab({ origins: { site: { latency: 300 } }, proxies: [{ count: 6 }] })
      const params = { origin: lab.origins.site!.url, count }
      await lab.control.takeDown('site', how)
      {
        await using crawler = await open(lab.proxies, { timeouts: { firstByte: 800 } })
        const seen = watch(crawler)
        const verdicts: string[] = []
        crawler.on('outcome', (each) => verdicts.push(each.verdict))
        const crawl = crawler.crawl(numbered, params)
        void crawl.run()
        await vi.waitFor(() => expect(seen.inFlight).toBe(4), { interval: 5, timeout: 10_000 })
        const { started } = seen
        const before = performance.now()
        const summary = await crawl.drain()
        expect(performance.now() - before).toBeLessThan(2_000)
        expect(seen.started).toBe(started)
        expect(verdicts.every((each) => each === verdict)).toBe(true)
        expect(verdicts).toHaveLength(started)
        expect(summary).toMatchObject({ pages: 0, failed: 0, queued: count })
      }
      await lab.control.bringUp('site')
      await lab.control.set('site', { latency: null })
      await using crawler = await open(lab.proxies)
      const seen = watch(crawler)
      expect(await crawler.crawl(numbered, params).run()).toMatchObject({
        pages: count,
        failed: 0,
        queued: 0,
      })
      expect(sorted(seen.items)).toEqual(all(count))
    },
  )

  it('what is between two tries goes back at once', async () => {
    await using lab = await startLab({ origins: { site: {} }, proxies: [{ count: 6 }] })
    await lab.control.takeDown('site', 500)
    await using crawler = await open(lab.proxies)
    const seen = watch(crawler)
    const crawl = crawler.crawl(numbered, { origin: lab.origins.site!.url, count: 4 })
    void crawl.run()
    // All four have failed once and wait half a second or more for their next try.
    await vi.waitFor(() => expect(seen).toMatchObject({ started: 4, inFlight: 0 }), {
      interval: 1,
      timeout: 10_000,
    })
    const before = performance.now()
    expect(await crawl.drain()).toMatchObject({ pages: 0, failed: 0, queued: 4, attempts: 4 })
    expect(performance.now() - before).toBeLessThan(300)
  })

  it('a page that waits for robots.txt goes back at once', async () => {
    await using lab = await startLab({ origins: { site: { site: { pages: 5 } } }, proxies: [{ count: 6 }] })
    await lab.control.takeDown('site', 'silent')
    await using crawler = await open(lab.proxies)
    const seen = watch(crawler)
    const start = `${lab.origins.site!.url}/`
    const crawl = crawler.crawl(site, { start, sitemaps: false }, { robots: true })
    void crawl.run()
    await vi.waitFor(() => expect(seen.inFlight).toBe(1), { interval: 5, timeout: 10_000 })
    const before = performance.now()
    expect(await crawl.drain()).toMatchObject({ pages: 0, failed: 0, queued: 1 })
    expect(performance.now() - before).toBeLessThan(500)
  })

  it('a page that waits for a proxy goes back at once', async () => {
    await using lab = await startLab({
      origins: { site: { site: { pages: 5 } } },
      proxies: [{ count: 2, fault: 'dead' }],
    })
    await using crawler = await createCrawler({ proxies: [...lab.proxies] })
    const crawl = crawler.crawl(
      site,
      { start: `${lab.origins.site!.url}/`, sitemaps: false },
      { robots: false },
    )
    const starved = new Promise<void>((resolve) => {
      crawler.on('host.state', ({ to }) => to === 'starved' && resolve())
    })
    const ended = crawl.run()
    await starved
    await crawl.drain()
    expect(await ended).toMatchObject({ pages: 0, queued: 1 })
  })
})

describe('a drain at any moment', () => {
  it('loses no page, no lease and no timer, and starts nothing', async () => {
    for (const after of [0, 1, 99, 100, 101, 150, 350, 620, 700, 1_350, 2_000]) {
      const scene = await openScene(
        { proxies: proxyList(6), politeness: false, concurrency: 8, hedge: { minDelay: 20, coldDelay: 20 } },
        (call, now) => {
          if (numberOf(call) === 1) return { afterMs: 5, fault: { phase: 'dial', cause: 'dial-refused' } }
          const isIll =
            (Number(new URL(call.request.url).searchParams.get('n')) + Math.floor(now / 300)) % 3 === 0
          return isIll ? { afterMs: 100, status: 500 } : good
        },
      )
      const items: unknown[] = []
      scene.crawler.on('item', ({ value }) => items.push((value as { n: number }).n))
      const crawl = scene.crawler.crawl(numbered, { origin: 'http://target.test', count: 40 })
      void crawl.run()
      await scene.clock.advance(after)
      const running = scene.transport.running
      const started = scene.attempts.length
      const summary = await scene.until(crawl.drain())
      expect(scene.attempts.length, `started by a drain after ${after} ms`).toBe(started)
      expect(summary.pages + summary.failed + summary.queued, `after ${after} ms`).toBe(40)
      expect(items).toHaveLength(summary.pages)
      expect(running).toBeLessThanOrEqual(16)
      await scene.end()
    }
  })

  it('finishes a probe that is out, and its answer counts', async () => {
    const refused = { afterMs: 5, fault: { phase: 'dial', cause: 'dial-refused' } } as const
    const scene = await openScene(
      { proxies: proxyList(1), politeness: false, breaker: { base: 10_000 } },
      (_call, now) => (now < 1_000 ? refused : { afterMs: 400 }),
    )
    const crawl = scene.crawler.crawl(numbered, { origin: 'http://target.test', count: 3 })
    void crawl.run()
    await scene.clock.runUntil(() => scene.log.started.some(({ why }) => why === 'probe'))
    expect(scene.crawler.proxies()[0]).toMatchObject({ state: 'halfOpen', inFlight: 1 })
    const summary = await scene.until(crawl.drain())
    expect(summary).toMatchObject({ pages: 1, failed: 0, queued: 2 })
    expect(scene.log.outcomes.at(-1)).toMatchObject({ verdict: 'success', won: true })
    expect(scene.crawler.proxies()[0]).toMatchObject({ inFlight: 0 })
    await scene.end()
  })

  it('a probe that fails is given back with its page', async () => {
    const refused = { afterMs: 200, fault: { phase: 'dial', cause: 'dial-refused' } } as const
    const scene = await openScene(
      { proxies: proxyList(1), politeness: false, breaker: { base: 10_000 } },
      () => refused,
    )
    const crawl = scene.crawler.crawl(numbered, { origin: 'http://target.test', count: 3 })
    void crawl.run()
    await scene.clock.runUntil(() => scene.log.started.some(({ why }) => why === 'probe'))
    const started = scene.attempts.length
    expect(await scene.until(crawl.drain())).toMatchObject({ pages: 0, failed: 0, queued: 3 })
    expect(scene.attempts).toHaveLength(started)
    expect(scene.crawler.proxies()[0]).toMatchObject({ state: 'open', inFlight: 0 })
    await scene.end()
  })

  it('leaves single fetches alone: they are tried again as ever', async () => {
    let isIll = true
    const scene = await openScene(
      { proxies: proxyList(4), politeness: false, concurrency: 4, hedge: false },
      () => (isIll ? { afterMs: 100, status: 500 } : good),
    )
    const single = scene.crawler.fetch('http://target.test/single')
    const crawl = scene.crawler.crawl(numbered, { origin: 'http://other.test', count: 20 })
    void crawl.run()
    await scene.clock.advance(50)
    expect(await scene.until(crawl.drain())).toMatchObject({ pages: 0, failed: 0, queued: 20 })
    isIll = false
    expect((await scene.until(single)).status).toBe(200)
    await scene.end()
  })
})
