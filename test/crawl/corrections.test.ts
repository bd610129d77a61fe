import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import type { Retraction, SinkRecord } from '../../src/contracts/sink.ts'
import { createCallbackSink } from '../../src/sink/callback.ts'
import { createCsvSink } from '../../src/sink/csv.ts'
import { createJsonSink } from '../../src/sink/json.ts'
import { createJsonlSink } from '../../src/sink/jsonl.ts'
import { createSqliteSink } from '../../src/sink/sqlite.ts'
import type { HandDrivenTrust } from './hand-driven-trust.ts'
import {
  folder,
  frontierIn,
  items,
  liar,
  linesOf,
  open,
  pageOf,
  pages,
  right,
  titleOf,
  titles,
  until,
} from './lying-exit.ts'

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

  describe('after it was found honest', () => {
    /** How many pages it had brought by then, until it was found lying, and how many of those are asked again. */
    async function askedAgainWhen(findIt: (trust: HandDrivenTrust) => void) {
      const { crawl, trust, scene, find } = await open()
      let settled = 0
      let before = 0
      let all = 0
      scene.crawler.on('request.done', ({ via }) => {
        settled++
        if (settled <= 8 && via === liar) before++
        if (settled <= 16 && via === liar) all++
        if (settled === 8) trust.proven(liar)
        if (settled !== 16) return
        findIt(trust)
        find()
      })
      const { askedAgain } = await crawl(20)
      expect(before).toBeGreaterThan(0)
      return { before, all, askedAgain }
    }

    it('are believed up to then', async () => {
      const { before, all, askedAgain } = await askedAgainWhen(() => {})
      expect(askedAgain).toBeGreaterThan(0)
      expect(askedAgain).toBe(all - before)
    })

    it('are all asked once more where it is found to lie now and then', async () => {
      const { all, askedAgain } = await askedAgainWhen((trust) => trust.convicted(liar, true))
      expect(askedAgain).toBe(all)
    })

    it('are all asked once more where others were found to lie now and then', async () => {
      const { all, askedAgain } = await askedAgainWhen((trust) => trust.alarmed())
      expect(askedAgain).toBe(all)
    })
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
