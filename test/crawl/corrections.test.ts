import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import type { CrawlOptions } from '../../src/contracts/crawl.ts'
import type { Frontier } from '../../src/contracts/frontier.ts'
import type { Retraction, SinkRecord } from '../../src/contracts/sink.ts'
import type { TransportCall } from '../../src/contracts/transport.ts'
import { createMemoryFrontier } from '../../src/frontier/memory.ts'
import { openSqliteFrontier } from '../../src/frontier/sqlite/open.ts'
import type { SimulatedAttempt } from '../../src/sim/transport.ts'
import { createCallbackSink } from '../../src/sink/callback.ts'
import { createCsvSink } from '../../src/sink/csv.ts'
import { createJsonSink } from '../../src/sink/json.ts'
import { createJsonlSink } from '../../src/sink/jsonl.ts'
import { createSqliteSink } from '../../src/sink/sqlite.ts'
import { defineSource } from '../../src/source/define-source.ts'
import { numberOf, openScene, proxyList, type Scene } from '../faults/simulation.ts'
import { driveTrust } from './hand-driven-trust.ts'

/**
 * Two exits: the first one lies, the second one is honest. The test says when the first is found lying; from then on it is
 * not used any more. What the site says of page n is `page n`, and what the liar says is up to the test.
 */
const origin = 'http://target.test'
const [liar, honest] = proxyList(2) as [string, string]

const urlOf = (n: number) => `${origin}/page/${n}`
const pageOf = (url: string) => Number(url.slice(url.lastIndexOf('/') + 1))
const right = (n: number) => `<html><title>page ${n}</title><body><p>page ${n}</p></body></html>`
const wrong = (n: number) => `<html><title>lie ${n}</title><body><p>lie ${n}</p></body></html>`

const titleOf = (page: { text(): string }) => /<title>(.*)<\/title>/.exec(page.text())?.[1] ?? ''

const pages = defineSource({
  name: 'pages',
  params: z.object({ count: z.number() }),
  item: z.object({ n: z.number(), title: z.string() }),
  robots: false,
  *seeds({ count }) {
    for (let n = 0; n < count; n++) yield urlOf(n)
  },
  *parse(page) {
    const n = pageOf(page.request.url)
    yield page.edge({ from: String(n), to: titleOf(page), type: 'is' })
    yield page.item({ n, title: titleOf(page) })
  },
})

interface Given {
  /** What the liar answers. Default: a page of the site's shape. */
  readonly lie?: (n: number, call: TransportCall) => Partial<SimulatedAttempt>
  /** What the honest one answers. Default: the page. */
  readonly truth?: (n: number) => Partial<SimulatedAttempt>
}

async function open({ lie = (n) => ({ body: wrong(n) }), truth = (n) => ({ body: right(n) }) }: Given = {}) {
  const trust = driveTrust()
  onTestFinished(trust.restore)
  let isFound = false
  /** Pages that the liar has brought before it was found. */
  const lied = new Set<number>()
  const scene = await openScene(
    // The test says who lies: nobody is compared.
    {
      politeness: false,
      proxies: [liar, honest],
      concurrency: 4,
      hedge: false,
      strategy: 'round-robin',
      trust: 'blind',
    },
    (call) => {
      const n = pageOf(call.request.url)
      const end = (): SimulatedAttempt => {
        const isLie = numberOf(call) === 1 && !isFound
        if (isLie) lied.add(n)
        const said = isLie ? lie(n, call) : truth(n)
        return { afterMs: 0, headers: { 'content-type': 'text/html' }, ...said }
      }
      return { afterMs: 100, phase: 'body', next: end }
    },
  )
  onTestFinished(() => scene.crawler.stop())
  const told: string[] = []
  scene.crawler.on('item', ({ value, revision = 0 }) =>
    told.push(`item ${(value as { title: string }).title} ${revision}`),
  )
  scene.crawler.on('item.retracted', ({ of, index, revision }) =>
    told.push(`gone ${of} ${index} ${revision}`),
  )
  const alerts: string[] = []
  scene.crawler.on('alert', ({ code, message }) => alerts.push(`${code}: ${message}`))
  const find = () => {
    if (isFound) return
    isFound = true
    scene.crawler.isolate(liar, 'lies')
    trust.convicted(liar)
  }
  /** The liar is found when so many pages are settled. */
  const findAfter = (count: number) => {
    let done = 0
    const count1 = () => {
      if (++done === count) find()
    }
    scene.crawler.on('request.done', count1)
    scene.crawler.on('request.dead', count1)
    scene.crawler.on('request.skipped', count1)
  }
  const crawl = (count: number, options: CrawlOptions = {}) =>
    until(scene, scene.crawler.crawl(pages, { count }, options).run())
  return { scene, trust, told, alerts, find, findAfter, crawl, lied, lies: () => trust.broughtBy(liar) }
}

/** Lets virtual time pass while real files are written. */
async function until<Value>({ clock }: Scene, promise: Promise<Value>): Promise<Value> {
  let isOver = false
  const over = () => {
    isOver = true
  }
  promise.then(over, over)
  while (!isOver) {
    await clock.advance(20)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return promise
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'regatta-corrections-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

async function linesOf(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8')).trim().split('\n').sort()
}

const titles = (count: number) => Array.from({ length: count }, (_, n) => `page ${n}`)
const items = (count: number) =>
  titles(count)
    .map((title, n) => JSON.stringify({ n, title }))
    .sort()

describe('the pages of an exit that is found lying', () => {
  it('are asked once more and put right: items, counts and events', async () => {
    const { crawl, told, findAfter, lies, scene } = await open()
    findAfter(8)
    const collected: SinkRecord[] = []
    const gone: Retraction[] = []
    const sink = createCallbackSink(
      (record) => void collected.push(record),
      'the collector',
      (retraction) => void gone.push(retraction),
    )
    const summary = await crawl(20, { sinks: [sink] })
    const wrongPages = lies()
    expect(wrongPages).toBeGreaterThan(2)
    expect(summary).toMatchObject({
      ...{ ending: 'finished', pages: 20, items: 20, edges: 20, failed: 0, queued: 0 },
      ...{ askedAgain: wrongPages, corrected: wrongPages },
    })
    expect(gone).toHaveLength(2 * wrongPages)
    // What is there when each record takes the place of the one before it.
    const there = new Map(collected.map((record) => [`${record.request} ${record.index}`, record]))
    const last = [...there.values()].filter(({ kind }) => kind === 'item')
    expect(last.map(({ value }) => (value as { title: string }).title).sort()).toEqual(titles(20).sort())
    expect(told.filter((line) => line.startsWith('item') && line.endsWith(' 1'))).toHaveLength(wrongPages)
    expect(told.indexOf('gone item 1 1')).toBeLessThan(
      told.findIndex((line) => / 1$/.test(line) && line.startsWith('item')),
    )
    await scene.end()
  })

  it('are left as they are, and counted, when they were right', async () => {
    const { crawl, told, findAfter, lies } = await open({ lie: (n) => ({ body: right(n) }) })
    findAfter(8)
    const path = join(await folder(), 'pages.jsonl')
    const summary = await crawl(20, { sinks: [createJsonlSink({ to: path, kind: 'item' })] })
    expect(summary).toMatchObject({ pages: 20, items: 20, askedAgain: lies(), corrected: 0 })
    expect(await linesOf(path)).toEqual(items(20))
    expect(told.filter((line) => line.startsWith('gone'))).toEqual([])
  })

  it('are believed up to its last proof of honesty', async () => {
    const { crawl, trust, scene, find } = await open()
    let settled = 0
    let before = 0
    scene.crawler.on('request.done', ({ via }) => {
      settled++
      if (settled <= 8 && via === liar) before++
      if (settled === 8) trust.proven(liar)
      if (settled === 16) find()
    })
    const summary = await crawl(20)
    const all = scene.transport.visits.filter(({ proxy }) => proxy === liar).length
    expect(before).toBeGreaterThan(0)
    expect(summary.askedAgain).toBeGreaterThan(0)
    expect(summary.askedAgain).toBeLessThanOrEqual(all - before)
  })

  it.each(['agreed', 'verified', 'direct', 'unchecked'] as const)(
    'are believed where they are %s',
    async (level) => {
      const { crawl, trust, findAfter } = await open()
      trust.level = level
      findAfter(8)
      expect(await crawl(12)).toMatchObject({ pages: 12, askedAgain: 0 })
    },
  )

  it('are tried again where it had said that there is no such page', async () => {
    const { crawl, findAfter, lies } = await open({ lie: () => ({ status: 404, body: 'Not found.' }) })
    findAfter(8)
    const path = join(await folder(), 'pages.jsonl')
    const summary = await crawl(20, { sinks: [createJsonlSink({ to: path, kind: 'item' })] })
    expect(summary).toMatchObject({
      pages: 20,
      items: 20,
      failed: 0,
      gone: 0,
      deadLetters: [],
      corrected: lies(),
    })
    expect(await linesOf(path)).toEqual(items(20))
  })

  it('are dead letters, and what they gave is taken back, where they are not there', async () => {
    const { crawl, findAfter, lies } = await open({ truth: () => ({ status: 410, body: 'Gone.' }) })
    findAfter(8)
    const path = join(await folder(), 'pages.jsonl')
    const summary = await crawl(12, { sinks: [createJsonlSink({ to: path })] })
    expect(summary).toMatchObject({ pages: 0, items: 0, edges: 0, failed: 12, gone: 12, corrected: lies() })
    expect(await readFile(path, 'utf8')).toBe('')
  })

  it('are asked once more past robots.txt, the source, the limit of a host and the limit of pages', async () => {
    const { scene, findAfter, lies } = await open()
    findAfter(8)
    let isShut = false
    scene.crawler.on('item.retracted', () => {
      isShut = true
    })
    const strict = { ...pages, admit: () => (isShut ? 'not any more' : undefined) }
    const crawl = scene.crawler.crawl(strict, { count: 30 }, { maxPages: 12, maxPerHost: 30 })
    const summary = await until(scene, crawl.run())
    expect(summary).toMatchObject({ ending: 'limit', pages: 12, items: 12, corrected: lies(), skipped: 0 })
  })

  it('are asked once more when nothing else is left to do', async () => {
    const { crawl, findAfter, lies } = await open()
    findAfter(12)
    const path = join(await folder(), 'pages.jsonl')
    const summary = await crawl(12, { sinks: [createJsonlSink({ to: path, kind: 'item' })] })
    expect(summary).toMatchObject({ ending: 'finished', pages: 12, items: 12, corrected: lies(), queued: 0 })
    expect(await linesOf(path)).toEqual(items(12))
  })

  it('are asked once more when the limit of pages is reached', async () => {
    const { crawl, findAfter, lies } = await open()
    findAfter(10)
    const summary = await crawl(40, { maxPages: 10 })
    expect(summary).toMatchObject({ ending: 'limit', pages: 10, items: 10, corrected: lies(), queued: 30 })
  })
})

describe('an exit that is found lying while its page', () => {
  it('is being read has brought nothing: no wrong item is ever put out', async () => {
    const { scene, find, told } = await open()
    const slow = {
      ...pages,
      async *parse(...given: Parameters<typeof pages.parse>) {
        const [page] = given
        if (titleOf(page).startsWith('lie')) find()
        yield* pages.parse(...given) as Iterable<never>
      },
    }
    const summary = await until(scene, scene.crawler.crawl(slow, { count: 12 }).run())
    expect(summary).toMatchObject({ pages: 12, items: 12, askedAgain: 0, corrected: 0, failed: 0 })
    expect(told.sort()).toEqual(
      titles(12)
        .map((title) => `item ${title} 0`)
        .sort(),
    )
  })

  it.each(['memory', 'file'])('is being settled is corrected all the same (%s)', async (kind) => {
    const { scene, crawl, find, lied, lies } = await open()
    const own = await frontierIn(kind, scene)
    const settle = own.settle.bind(own)
    own.settle = async (batch) => {
      const settled = await settle(batch)
      const isOfLiar = batch.some(({ kind, lease }) => kind === 'done' && lied.has(pageOf(lease.request.url)))
      if (isOfLiar) find()
      return settled
    }
    const path = join(await folder(), 'pages.jsonl')
    const sinks = [createJsonlSink({ to: path, kind: 'item' })]
    const summary = await crawl(12, { frontier: own, sinks })
    expect(lies()).toBeGreaterThan(0)
    expect(summary).toMatchObject({ pages: 12, items: 12, failed: 0 })
    expect(summary.corrected).toBeGreaterThan(0)
    expect(await linesOf(path)).toEqual(items(12))
  })
})

async function frontierIn(kind: string, { clock }: Scene): Promise<Frontier> {
  if (kind === 'memory') return createMemoryFrontier({ clock })
  const path = join(await folder(), 'crawl.db')
  const frontier = await openSqliteFrontier({ path, clock, inline: true })
  onTestFinished(() => frontier.close())
  return frontier
}

describe.each(['memory', 'file'])('with its requests in a %s', (kind) => {
  it('every sink has what is right at the end, once', async () => {
    const { scene, crawl, findAfter, lies, alerts } = await open()
    findAfter(8)
    const at = await folder()
    const path = (name: string) => join(at, name)
    const sinks = [
      createJsonlSink({ to: path('items.jsonl'), kind: 'item' }),
      createJsonlSink({ to: path('all.jsonl') }),
      createJsonlSink({ to: path('all.jsonl.gz') }),
      createJsonlSink({ to: path('links.edges.jsonl'), kind: 'edge' }),
      createJsonSink({ to: path('items.json'), kind: 'item' }),
      createCsvSink({ to: path('items.csv') }),
      createCsvSink({ to: path('links.edges.csv'), kind: 'edge', columns: ['from', 'to', 'type', 'data'] }),
      createSqliteSink({ to: path('items.sqlite') }),
    ]
    const summary = await crawl(20, { sinks, frontier: await frontierIn(kind, scene) })
    expect(summary).toMatchObject({ pages: 20, items: 20, edges: 20, corrected: lies() })
    const edges = titles(20).map((to, n) => ({ from: String(n), to, type: 'is' }))
    const lines = edges.map((edge) => JSON.stringify(edge)).sort()
    expect(await linesOf(path('items.jsonl'))).toEqual(items(20))
    expect(await linesOf(path('links.edges.jsonl'))).toEqual(lines)
    const marked = edges.map((edge) => JSON.stringify({ $edge: edge }))
    expect(await linesOf(path('all.jsonl'))).toEqual([...marked, ...items(20)].sort())
    const { gunzipSync } = await import('node:zlib')
    const unzipped = gunzipSync(await readFile(path('all.jsonl.gz'))).toString()
    expect(unzipped.trim().split('\n').sort()).toEqual([...marked, ...items(20)].sort())
    const array = JSON.parse(await readFile(path('items.json'), 'utf8')) as object[]
    expect(array.map((each) => JSON.stringify(each)).sort()).toEqual(items(20))
    const table = (await readFile(path('items.csv'), 'utf8')).trim().split('\r\n')
    expect(table[0]).toBe('n,title')
    expect(table.slice(1).sort()).toEqual(
      titles(20)
        .map((title, n) => `${n},${title}`)
        .sort(),
    )
    const links = (await readFile(path('links.edges.csv'), 'utf8')).trim().split('\r\n')
    expect(links.slice(1).sort()).toEqual(
      titles(20)
        .map((title, n) => `${n},${title},is,`)
        .sort(),
    )
    const database = new DatabaseSync(path('items.sqlite'))
    const rows = database.prepare('SELECT n, title FROM pages ORDER BY n').all()
    const linked = database.prepare('SELECT "to" FROM edges').all()
    database.close()
    expect(rows.map((row) => ({ ...row }))).toEqual(titles(20).map((title, n) => ({ n, title })))
    expect(linked.map(({ to }) => to).sort()).toEqual(titles(20).sort())
    expect(alerts).toEqual([])
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
      expect.stringMatching(/^NOT_CORRECTED: \d pages .* asked again when the crawl goes on/),
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
    expect(alerts).toEqual([expect.stringMatching(/^NOT_CORRECTED: \d pages .* the crawl has ended/)])
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
    const forgotten = `${lies() - 256} pages that it brought are too long ago`
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
