import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import type { SinkRecord } from '../../src/contracts/sink.ts'
import { createMemoryFrontier } from '../../src/frontier/memory.ts'
import { openSqliteFrontier } from '../../src/frontier/sqlite/open.ts'
import { createCallbackSink } from '../../src/sink/callback.ts'
import { createCsvSink } from '../../src/sink/csv.ts'
import { createJsonlSink } from '../../src/sink/jsonl.ts'
import {
  folder,
  honest,
  items,
  liar,
  linesOf,
  open,
  pages,
  right,
  titles,
  until,
  urlOf,
  wrong,
} from './lying-exit.ts'

/** Corrections that come late, or twice, or never. */
it('a correction that was a lie too is corrected again', async () => {
  let isHonest = false
  const { scene, crawl, findAfter, told, trust } = await open({
    truth: (n) => ({ body: isHonest ? right(n) : wrong(n + 100) }),
  })
  findAfter(8)
  let retracted = 0
  scene.crawler.on('item.retracted', () => {
    if (++retracted !== 4) return
    isHonest = true
    trust.convicted(honest)
    trust.proven(honest)
  })
  const path = join(await folder(), 'pages.csv')
  const summary = await crawl(16, { sinks: [createCsvSink({ to: path })] })
  expect(summary).toMatchObject({ pages: 16, items: 16, edges: 16 })
  expect(told.some((line) => line.startsWith('item page') && line.endsWith(' 2'))).toBe(true)
  const rows = (await linesOf(path)).map((line) => line.trim()).filter((line) => line !== 'n,title')
  expect(rows).toEqual(
    titles(16)
      .map((title, n) => `${n},${title}`)
      .sort(),
  )
})

it('a loop that is left leaves no page in a file twice', async () => {
  const { scene, findAfter, told } = await open()
  findAfter(8)
  const path = join(await folder(), 'pages.jsonl')
  const sinks = [createJsonlSink({ to: path, kind: 'item' })]
  const read = async () => {
    for await (const _ of scene.crawler.crawl(pages, { count: 40 }, { sinks })) {
      if (told.filter((line) => / 1$/.test(line) && line.startsWith('item')).length > 2) break
    }
  }
  await until(scene, read())
  // On virtual time the crawl does not wait as long for its files as it would.
  await vi.waitFor(async () => {
    const numbers = (await linesOf(path)).map((line) => (JSON.parse(line) as { n: number }).n)
    expect(new Set(numbers).size).toBe(numbers.length)
  })
})

describe('a crawl that goes on in another run', () => {
  it('corrects then what it could not correct before, and says so at its end', async () => {
    const { scene, find, alerts, lies } = await open()
    const path = join(await folder(), 'pages.jsonl')
    const state = join(await folder(), 'crawl.db')
    const run = async (isFirst: boolean) => {
      const frontier = await openSqliteFrontier({ path: state, clock: scene.clock, inline: true })
      const sinks = [createJsonlSink({ to: path, kind: 'item' })]
      const crawl = scene.crawler.crawl(pages, { count: 20 }, { frontier, sinks })
      let done = 0
      const drainAt8 = () => {
        if (!isFirst || ++done !== 8) return
        find()
        void crawl.drain()
      }
      scene.crawler.on('request.done', drainAt8)
      const summary = await until(scene, crawl.run())
      await frontier.close()
      return summary
    }
    const first = await run(true)
    expect(first).toMatchObject({ ending: 'interrupted', corrected: 0 })
    expect(first.queued).toBeGreaterThan(12 - 4)
    expect(alerts).toEqual([
      expect.stringMatching(/^NOT_CORRECTED: Not corrected: \d pages .* The next run asks/),
    ])
    const second = await run(false)
    expect(second).toMatchObject({ ending: 'finished', pages: 20, items: 20, corrected: lies() })
    expect(await linesOf(path)).toEqual(items(20))
    expect(alerts).toHaveLength(1)
  })

  it('says what stays wrong where nothing is kept', async () => {
    const { scene, find, alerts } = await open()
    const crawl = scene.crawler.crawl(pages, { count: 20 })
    let done = 0
    scene.crawler.on('request.done', () => {
      if (++done !== 8) return
      find()
      void crawl.stop()
    })
    await until(scene, crawl.run())
    expect(alerts).toEqual([expect.stringMatching(/^NOT_CORRECTED: Not corrected: \d pages .* Crawl again/)])
  })
})

describe('a sink that takes nothing back', () => {
  it('keeps what was wrong, gets what is right behind it, and is named once', async () => {
    const { crawl, findAfter, alerts, lies } = await open()
    findAfter(8)
    const got: SinkRecord[] = []
    const sinks = [createCallbackSink((record) => void got.push(record), 'my callback')]
    await crawl(20, { sinks })
    expect(got.filter(({ kind }) => kind === 'item')).toHaveLength(20 + lies())
    expect(got.filter(({ revision }) => revision === 1)).toHaveLength(2 * lies())
    expect(alerts).toEqual([expect.stringMatching(/^NOT_CORRECTED: my callback cannot take back/)])
  })

  it('is the loop that reads the items: the event comes before the right item', async () => {
    const { scene, findAfter, told, alerts, lies } = await open()
    findAfter(8)
    const read = async () => {
      for await (const { title } of scene.crawler.crawl(pages, { count: 20 })) told.push(`read ${title}`)
    }
    await until(scene, read())
    const titles = told.filter((line) => line.startsWith('read'))
    expect(titles).toHaveLength(20 + lies())
    expect(alerts).toEqual([expect.stringMatching(/^NOT_CORRECTED: the consumer cannot take back/)])
    const firstLie = Number(/lie (\d+)/.exec(titles.join())![1])
    const fixed = told.indexOf(`read page ${firstLie}`)
    expect(told.indexOf('gone item 1 1')).toBeLessThan(fixed)
  })
})

describe('what is remembered of an exit', () => {
  it('is the newest 256 pages, and the others are counted', async () => {
    const { crawl, findAfter, alerts, lies } = await open()
    findAfter(600)
    const summary = await crawl(620)
    expect(lies()).toBeGreaterThan(280)
    expect(summary).toMatchObject({ pages: 620, items: 620, askedAgain: 256, corrected: 256 })
    const forgotten = `Not corrected: ${lies() - 256} pages that ${liar} brought`
    expect(alerts).toEqual([expect.stringContaining(forgotten)])
  })

  it('is nothing of a page that was visited again since, and all of one that is visited again', async () => {
    const { scene, trust, find, lies } = await open()
    const frontier = createMemoryFrontier({ clock: scene.clock })
    const path = join(await folder(), 'pages.jsonl')
    const crawl = scene.crawler.crawl(
      pages,
      { count: 6 },
      {
        frontier,
        revisit: { after: 1_000, forever: true },
        sinks: [createJsonlSink({ to: path, kind: 'item' })],
      },
    )
    let done = 0
    scene.crawler.on('request.done', () => {
      if (++done === 6) find()
      if (done === 30) void crawl.drain()
    })
    const summary = await until(scene, crawl.run())
    expect(lies()).toBeGreaterThan(0)
    expect(summary).toMatchObject({ items: 6, corrected: lies(), failed: 0 })
    expect(await linesOf(path)).toEqual(items(6))
    trust.proven(honest)
  })
})

it('what a lying exit redirected to a page that is known is asked once more', async () => {
  const { crawl, findAfter, lies } = await open({
    lie: (n) => (n === 0 ? { body: wrong(0) } : { status: 302, headers: { location: urlOf(0) }, body: '' }),
  })
  findAfter(8)
  const path = join(await folder(), 'pages.jsonl')
  const summary = await crawl(20, { sinks: [createJsonlSink({ to: path, kind: 'item' })] })
  expect(lies()).toBeGreaterThan(1)
  expect(summary).toMatchObject({ pages: 20, items: 20, skipped: 0 })
  expect(await linesOf(path)).toEqual(items(20))
})

it('a page of a cache that a lying exit has filled is asked once more, and the cache has it then', async () => {
  const { crawl, findAfter, lies } = await open()
  findAfter(8)
  const kept = new Map<string, string>()
  const cache = {
    get: async () => undefined,
    put: async ({ url }: { url: string }, { body }: { body: Uint8Array }) =>
      void kept.set(url, Buffer.from(body).toString()),
    close: async () => {},
  }
  const summary = await crawl(20, { cache })
  expect(summary).toMatchObject({ pages: 20, items: 20, corrected: lies() })
  expect([...kept.values()].filter((text) => text.includes('lie'))).toEqual([])
})
