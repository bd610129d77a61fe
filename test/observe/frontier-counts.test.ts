import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import type { FrontierAsked, SinkWritten } from '../../src/contracts/crawl-events.ts'
import { createCrawler, defineSource, type Sink } from '../../src/index.ts'
import { startLab } from '../../src/lab/index.ts'

/** What the crawls of a crawler hold, and how long their frontiers and sinks take. */
const source = (origin: string) =>
  defineSource({
    name: 'pages',
    params: z.object({}),
    item: z.object({ url: z.string() }),
    robots: false,
    *seeds() {
      for (let page = 0; page < 20; page++) yield `${origin}/page/${page}`
    },
    *parse(page) {
      yield page.item({ url: page.url })
    },
  })

const kept: Sink = { name: 'kept', async open() {}, async write() {}, async close() {} }

test.each(['in memory', 'in a file'])('requests are counted from the queue to the end, %s', async (where) => {
  const state = await mkdtemp(join(tmpdir(), 'regatta-counts-'))
  onTestFinished(() => rm(state, { recursive: true, force: true }))
  await using lab = await startLab({ origins: { site: { site: { pages: 20 } } } })
  await using crawler = await createCrawler({
    direct: true,
    politeness: false,
    allowPrivateTargets: true,
    ...(where === 'in a file' && { state }),
  })
  expect(await crawler.frontier()).toMatchObject({
    ready: 0,
    leased: 0,
    done: 0,
    runnable: 0,
    oldestDueMs: 0,
  })
  const asked: FrontierAsked[] = []
  const written: SinkWritten[] = []
  crawler.on('frontier.asked', (event) => asked.push(event))
  crawler.on('sink.written', (event) => written.push(event))

  const crawl = crawler.crawl(source(lab.origins.site!.direct), {}, { sinks: [kept], concurrency: 1 })
  const seen: { done: number; ready: number; runnable: number }[] = []
  let reading: Promise<unknown> = Promise.resolve()
  crawler.on('request.done', () => {
    reading = crawler.frontier().then((counts) => seen.push(counts))
  })
  const { items } = await crawl.run()
  await reading
  expect(items).toBeGreaterThan(10)
  // It was read in the middle: some were done, some were still to come, and nothing held them back.
  expect(seen.some(({ done, ready }) => done > 0 && ready > 0)).toBe(true)
  for (const { ready, runnable } of seen) expect(runnable).toBe(ready)

  expect(new Set(asked.map(({ op }) => op))).toEqual(new Set(['discover', 'take', 'settle', 'stats']))
  for (const { crawl: id, elapsedMs, failed } of asked) {
    expect({ id, failed }).toEqual({ id: crawl.id, failed: false })
    expect(elapsedMs).toBeGreaterThanOrEqual(0)
  }
  expect(written.reduce((sum, { records }) => sum + records, 0)).toBe(items)
  expect(written[0]).toMatchObject({ crawl: crawl.id, sink: 'kept', failed: false })
  // A crawl that has ended holds nothing.
  expect(await crawler.frontier()).toMatchObject({ done: 0, undelivered: 0 })
})

test('while the crawler is paused nothing is runnable', async () => {
  await using lab = await startLab({ origins: { site: { site: { pages: 20 }, latency: 20 } } })
  await using crawler = await createCrawler({ direct: true, politeness: false, allowPrivateTargets: true })
  const crawl = crawler.crawl(source(lab.origins.site!.direct), {}, { concurrency: 1 })
  const first = new Promise<void>((resolve) => crawler.once('request.done', () => resolve()))
  const ended = crawl.run()
  await first
  crawler.pause()
  const { ready, runnable } = await crawler.frontier()
  expect(ready).toBeGreaterThan(0)
  expect(runnable).toBe(0)
  crawler.resume()
  await ended
})

test('a write that is given up is told as failed', async () => {
  await using lab = await startLab({ origins: { site: { site: { pages: 20 } } } })
  await using crawler = await createCrawler({ direct: true, politeness: false, allowPrivateTargets: true })
  const written: SinkWritten[] = []
  crawler.on('sink.written', (event) => written.push(event))
  const broken: Sink = { ...kept, name: 'broken', write: () => Promise.reject(new TypeError('no')) }
  const ended = crawler.crawl(source(lab.origins.site!.direct), {}, { sinks: [broken] }).run()
  await ended.catch(() => {})
  expect(written.length).toBeGreaterThan(0)
  expect(written.every(({ failed, sink }) => failed && sink === 'broken')).toBe(true)
})

test('totals are the numbers of stats, with the hosts counted by their state', async () => {
  await using lab = await startLab({ origins: { site: { site: { pages: 20 } } } })
  await using crawler = await createCrawler({ direct: true, politeness: false, allowPrivateTargets: true })
  await crawler.crawl(source(lab.origins.site!.direct), {}).run()
  const { wallMs: _, hostStates, ...totals } = crawler.totals()
  const { wallMs: __, hosts, ...stats } = crawler.stats()
  expect(totals).toEqual(stats)
  expect(totals.attempts).toBeGreaterThan(10)
  expect(hostStates).toEqual({ serving: 1, throttled: 0, down: 0, starved: 0, draining: 0 })
  expect(Object.values(hosts).map(({ state }) => state)).toEqual(['serving'])
})
