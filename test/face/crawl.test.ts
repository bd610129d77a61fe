import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { site } from '../../plugins/site.ts'
import { RegattaError } from '../../src/contracts/errors.ts'
import type { Sink, SinkRecord } from '../../src/contracts/sink.ts'
import { sinkFailed } from '../../src/sink/sink-failure.ts'
import { defineSource } from '../../src/source/define-source.ts'
import { openLabScene } from '../faults/lab-scene.ts'
import { good, openScene, proxyList, type Scene } from '../faults/simulation.ts'

const free = { politeness: false, proxies: proxyList(4) } as const

/** A source of `count` numbered pages, flat or as a chain; `read` makes the item. */
function numbered(
  options: {
    count?: number
    chain?: boolean
    fails?: (n: number) => boolean
    read?: (n: number) => unknown
  } = {},
) {
  const { count = 20, chain = false, fails = () => false, read = (n) => n } = options
  const urlOf = (n: number) => `http://target.test/${n}`
  return defineSource({
    name: 'numbered',
    params: z.object({}),
    item: z.object({ n: z.number().max(1_000) }),
    *seeds() {
      if (chain) yield urlOf(0)
      else for (let n = 0; n < count; n++) yield urlOf(n)
    },
    *parse(page) {
      const n = Number(new URL(page.url).pathname.slice(1))
      if (fails(n)) throw new Error(`page ${n} is too hard`)
      yield page.item({ n: read(n) as number })
      if (chain && n + 1 < count) yield page.follow(urlOf(n + 1))
    },
  })
}

async function collected<Item>(scene: Scene, crawl: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = []
  await scene.until(
    (async () => {
      for await (const item of crawl) items.push(item)
    })(),
  )
  return items
}

function memorySink(write: (batch: readonly SinkRecord[]) => Promise<void>): Sink {
  return { name: 'memory', open: async () => {}, close: async () => {}, write }
}

describe('what goes wrong in a crawl stays where it went wrong', () => {
  it('an item that fails its schema is a dead letter with the zod path, and the crawl goes on', async () => {
    const scene = await openScene(free, () => good)
    const dead: string[] = []
    scene.crawler.on('request.dead', ({ url, code, detail }) => dead.push(`${url} ${code} ${detail}`))
    const crawl = scene.crawler.crawl(numbered({ read: (n) => (n === 7 ? 'seven' : n === 9 ? 5_000 : n) }))
    expect(await collected(scene, crawl)).toHaveLength(18)
    expect(await crawl.done).toMatchObject({ pages: 20, items: 18, setAside: 2, failed: 0, queued: 0 })
    expect(dead).toHaveLength(2)
    for (const each of dead)
      expect(each).toMatch(/^http:\/\/target\.test\/[79] item-invalid Item field "n" .*/)
    await scene.end()
  })

  it('a source that throws on a page loses that page alone', async () => {
    const scene = await openScene(free, () => good)
    const crawl = scene.crawler.crawl(numbered({ fails: (n) => n % 5 === 0 }))
    expect(await collected(scene, crawl)).toHaveLength(16)
    const { deadLetters, failed } = await crawl.done
    expect(failed).toBe(4)
    for (const { code, detail } of deadLetters)
      expect(`${code}: ${detail}`).toMatch(/^source-failed: .*"numbered".*too hard/)
    await scene.end()
  })

  it('seeds that throw end the crawl with an error that names the source', async () => {
    const scene = await openScene(free, () => good)
    const source = defineSource({
      name: 'brittle',
      params: z.object({}),
      item: z.object({}),
      *seeds() {
        yield 'http://target.test/1'
        throw new Error('the index is gone')
      },
      *parse() {},
    })
    const error = await scene.until(
      scene.crawler
        .crawl(source)
        .run()
        .catch((each: unknown) => each),
    )
    expect(error).toMatchObject({ code: 'SOURCE_FAILED' })
    expect((error as Error).message).toMatch(/"brittle".*the index is gone/)
    const wrong = defineSource({
      ...source,
      name: 'wrong',
      *seeds() {
        yield 'not a url'
      },
    })
    await expect(scene.until(scene.crawler.crawl(wrong).run())).rejects.toMatchObject({ code: 'URL_INVALID' })
    expect(() => scene.crawler.crawl(numbered(), { nonsense: 1 } as never)).not.toThrow()
    await scene.end()
  })

  it('params that fail their schema are told before anything starts', async () => {
    const scene = await openScene(free, () => good)
    expect(() => scene.crawler.crawl(site, { start: 'no url' } as never)).toThrow(
      expect.objectContaining({ code: 'PARAM_INVALID' }),
    )
    expect(scene.attempts).toEqual([])
    await scene.end()
  })
})

describe('limits and back-pressure of a crawl', () => {
  it.each([0, 1, 7, 19, 20, 100])('maxPages %i is exact', async (maxPages) => {
    const scene = await openScene(free, () => good)
    const items = await collected(scene, scene.crawler.crawl(numbered(), {}, { maxPages }))
    expect(items).toHaveLength(Math.min(20, maxPages))
    expect(
      new Set(scene.attempts.map(({ url }) => url).filter((url) => !url.endsWith('robots.txt'))).size,
    ).toBe(Math.min(20, maxPages))
    await scene.end()
  })

  it.each([0, 1, 5, 30])('maxDepth %i counts hops from a seed', async (maxDepth) => {
    const scene = await openScene(free, () => good)
    const items = await collected(scene, scene.crawler.crawl(numbered({ chain: true }), {}, { maxDepth }))
    expect(items.map(({ n }) => n)).toEqual(Array.from({ length: Math.min(20, maxDepth + 1) }, (_, n) => n))
    await scene.end()
  })

  it('a slow consumer slows the crawl: it never runs far ahead', async () => {
    const scene = await openScene({ ...free, concurrency: 10 }, () => good)
    let taken = 0
    let farthest = 0
    const crawl = scene.crawler.crawl(numbered({ count: 300 }), {}, { concurrency: 20 })
    const work = (async () => {
      for await (const _item of crawl) {
        taken++
        farthest = Math.max(farthest, scene.attempts.length - taken)
        await new Promise<void>((resolve) => scene.clock.after(1_000, resolve))
      }
    })()
    await scene.until(work)
    expect(taken).toBe(300)
    expect(farthest).toBeLessThanOrEqual(60)
    await scene.end()
  })

  it('leaving the loop early stops the crawl and leaves nothing behind', async () => {
    const scene = await openScene(free, () => good)
    const crawl = scene.crawler.crawl(numbered({ count: 500 }))
    let taken = 0
    await scene.until(
      (async () => {
        for await (const _item of crawl) if (++taken === 5) break
      })(),
    )
    const summary = await scene.until(crawl.done)
    expect(taken).toBe(5)
    expect(summary.queued).toBeGreaterThan(0)
    const before = scene.attempts.length
    await scene.clock.advance(60_000)
    expect(scene.attempts.length).toBe(before)
    expect(crawl.progress()).toMatchObject({ state: 'stopped', running: 0 })
    await scene.end()
  })

  it.each(['crawl', 'crawler'] as const)('the %s may be stopped from within the loop', async (which) => {
    const scene = await openScene(free, () => good)
    const crawl = scene.crawler.crawl(numbered({ count: 500 }))
    const taken: number[] = []
    await scene.until(
      (async () => {
        for await (const { n } of crawl) {
          taken.push(n)
          if (taken.length === 5) await (which === 'crawl' ? crawl.stop() : scene.crawler.stop())
        }
      })(),
      60_000,
    )
    expect(taken).toHaveLength(5)
    const { items, pages, queued } = await crawl.done
    expect(items).toBeGreaterThanOrEqual(pages)
    expect(pages + queued).toBe(500)
    await scene.end()
  })

  it('pause holds the crawl, resume goes on, drain finishes what is under way', async () => {
    const scene = await openScene({ ...free, concurrency: 4 }, () => good)
    const crawl = scene.crawler.crawl(numbered({ count: 100 }), {}, { concurrency: 4 })
    const done = crawl.run()
    await scene.clock.runUntil(() => crawl.progress().pages >= 10)
    crawl.pause()
    await scene.clock.advance(1_000)
    const { pages } = crawl.progress()
    await scene.clock.advance(60_000)
    expect(crawl.progress()).toMatchObject({ state: 'paused', pages })
    crawl.resume()
    await scene.clock.runUntil(() => crawl.progress().pages >= 40)
    const summary = await scene.until(crawl.drain())
    expect(summary.pages + summary.queued).toBe(100)
    expect(summary.pages).toBeLessThan(60)
    expect(await done).toEqual(summary)
    await scene.end()
  })
})

describe('sinks of a crawl', () => {
  it('one that fails for a while loses nothing and doubles nothing', async () => {
    const scene = await openScene(free, () => good)
    const kept: number[] = []
    const sink = memorySink(async (batch) => {
      if (kept.length > 0 && scene.clock.now() < 20_000)
        throw sinkFailed('memory', Object.assign(new Error('full'), { code: 'ENOSPC' }))
      for (const { value } of batch) kept.push((value as { n: number }).n)
    })
    const summary = await scene.until(
      scene.crawler.crawl(numbered({ count: 50 }), {}, { sinks: [sink] }).run(),
    )
    expect(summary).toMatchObject({ items: 50, failed: 0, queued: 0 })
    expect(kept.sort((one, other) => one - other)).toEqual(Array.from({ length: 50 }, (_, n) => n))
    await scene.end()
  })

  it('one that fails for ever ends the crawl with SINK_FAILED, and no page counts as done', async () => {
    const scene = await openScene(free, () => good)
    const sink = memorySink(async () => {
      throw sinkFailed('memory', Object.assign(new Error('full'), { code: 'ENOSPC' }))
    })
    const crawl = scene.crawler.crawl(numbered({ count: 5_000 }), {}, { sinks: [sink] })
    const error = await scene.until(crawl.run().catch((each: unknown) => each))
    expect(error).toBeInstanceOf(RegattaError)
    expect(error).toMatchObject({ code: 'SINK_FAILED' })
    expect((error as Error).message).toMatch(/memory.*disk is full/)
    expect(crawl.progress()).toMatchObject({ pages: 0, items: 0 })
    // It did not fetch on and throw away.
    expect(scene.attempts.length).toBeLessThan(1_500)
    await scene.end()
  })
})

describe('robots.txt', () => {
  it('what it disallows is skipped, not failed, and never asked for', async () => {
    await using scene = await openLabScene(
      {
        origins: { site: { site: { pages: 20, linksPerPage: 4, disallowed: 5, missing: 2 } } },
        proxies: [{ count: 3 }],
      },
      { politeness: { interval: 0, hostConcurrency: false } },
    )
    const crawl = scene.crawler.crawl(site, { start: [scene.lab.origins.site!.url], sitemaps: false })
    const urls: string[] = []
    for await (const { url, status } of crawl) if (status === 200) urls.push(url)
    expect(urls).toHaveLength(20)
    expect(await crawl.done).toMatchObject({ skipped: 5, failed: 0 })
    const { rows } = (await scene.lab.books()).origins.site!
    expect(rows.filter(({ path }) => path.startsWith('/disallowed/'))).toEqual([])
    await scene.end()
  })
})
