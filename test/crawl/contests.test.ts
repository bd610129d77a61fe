import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import type { CrawlOptions } from '../../src/contracts/crawl.ts'
import type { Retraction, SinkRecord } from '../../src/contracts/sink.ts'
import { createCallbackSink } from '../../src/sink/callback.ts'
import { createCsvSink } from '../../src/sink/csv.ts'
import { createJsonSink } from '../../src/sink/json.ts'
import { createJsonlSink } from '../../src/sink/jsonl.ts'
import { createSqliteSink } from '../../src/sink/sqlite.ts'
import { folder, frontierIn, honest, linesOf, open, pageOf, pages, until } from './lying-exit.ts'

/** Two exits contradict each other, and nobody can tell which of them lies. */
const host = 'target.test'

async function contest(given: { after?: number; level?: 'agreed' | 'proven' | 'unproven' } = {}) {
  const world = await open()
  const { scene, trust } = world
  trust.level = given.level ?? 'agreed'
  let done = 0
  const count = () => {
    if (++done === (given.after ?? 8)) trust.contested(host)
  }
  scene.crawler.on('request.done', count)
  scene.crawler.on('request.dead', count)
  return world
}

const isMarked = (each: { readonly _trust?: string }) => each._trust === 'contested'
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

describe.each(['memory', 'file'])(
  'with its requests in a %s, a crawl whose exits contradict each other',
  (kind) => {
    it('has each item and edge once in every sink, and all of them are marked', async () => {
      const { scene, crawl, alerts } = await contest()
      const at = await folder()
      const path = (name: string) => join(at, name)
      const there = new Map<string, SinkRecord>()
      const keyOf = ({ request, index }: SinkRecord | Retraction) => `${request} ${index}`
      const sinks = [
        createJsonlSink({ to: path('all.jsonl') }),
        createJsonSink({ to: path('items.json'), kind: 'item' }),
        createJsonlSink({ to: path('links.edges.jsonl'), kind: 'edge' }),
        createCsvSink({ to: path('items.csv') }),
        createCsvSink({ to: path('links.edges.csv'), kind: 'edge', columns: ['from', 'to', 'type', 'data'] }),
        createSqliteSink({ to: path('items.sqlite') }),
        createCallbackSink(
          (record) => void there.set(keyOf(record), record),
          'the collector',
          (retraction) => void there.delete(keyOf(retraction)),
        ),
      ]
      const summary = await crawl(20, { sinks, frontier: await frontierIn(kind, scene) })
      expect(summary).toMatchObject({ pages: 20, items: 20, edges: 20, contested: 20, marked: 40, failed: 0 })
      expect(summary.corrected).toBeGreaterThanOrEqual(8)

      const all = (await linesOf(path('all.jsonl'))).map((line) => JSON.parse(line))
      const items = all.filter((each) => each.$edge === undefined)
      const edges = all.flatMap((each) => each.$edge ?? [])
      expect(
        items
          .filter(isMarked)
          .map(({ n }) => n)
          .sort((a, b) => a - b),
      ).toEqual(numbers(20))
      expect(edges.filter(isMarked)).toHaveLength(20)
      expect(all).toHaveLength(40)
      const array = JSON.parse(await readFile(path('items.json'), 'utf8'))
      expect(array).toHaveLength(20)
      expect(array.every(isMarked)).toBe(true)
      const links = (await linesOf(path('links.edges.jsonl'))).map((line) => JSON.parse(line))
      expect(links).toHaveLength(20)
      expect(links.every(isMarked)).toBe(true)
      for (const [name, head] of [
        ['items.csv', 'n,title,_trust'],
        ['links.edges.csv', 'from,to,type,data,_trust'],
      ] as const) {
        const [first, ...rows] = (await readFile(path(name), 'utf8')).trim().split('\r\n')
        expect(first).toBe(head)
        expect(rows).toHaveLength(20)
        expect(rows.every((row) => row.endsWith(',contested'))).toBe(true)
      }
      const database = new DatabaseSync(path('items.sqlite'))
      for (const table of ['pages', 'edges']) {
        const [row] = database
          .prepare(`SELECT count(*) AS all_rows, count(_trust) AS marked FROM ${table}`)
          .all()
        expect({ ...row }).toEqual({ all_rows: 20, marked: 20 })
      }
      database.close()
      expect(there.size).toBe(40)
      expect([...there.values()].every(({ trust }) => trust === 'contested')).toBe(true)
      expect(alerts).toEqual([])
    })

    it('has no item of such a page, and a dead letter of each, where it is told so', async () => {
      const { scene, crawl } = await contest()
      const path = join(await folder(), 'pages.jsonl')
      const frontier = await frontierIn(kind, scene)
      const options: CrawlOptions = { contested: 'dead', sinks: [createJsonlSink({ to: path })], frontier }
      const summary = await crawl(20, options)
      expect(summary).toMatchObject({ pages: 0, items: 0, edges: 0, failed: 20, gone: 0, marked: 0 })
      expect(summary.deadLetters.map(({ code }) => code)).toEqual(Array(20).fill('contested'))
      expect(await readFile(path, 'utf8')).toBe('')
      expect(await frontier.revive()).toBe(20)
    })
  },
)

describe('pages that came before exits contradicted each other', () => {
  it.each(['agreed', 'proven', 'unproven'] as const)('are marked although they were %s', async (level) => {
    const { crawl, scene } = await contest({ level })
    const trusts = new Map<string, string | undefined>()
    scene.crawler.on('item', ({ request, trust }) => void trusts.set(request, trust))
    expect(await crawl(12)).toMatchObject({ pages: 12, items: 12, marked: 24 })
    expect([...trusts.values()]).toEqual(Array(12).fill('contested'))
  })

  it('are marked when it is found out with the last one', async () => {
    const { crawl } = await contest({ after: 12 })
    expect(await crawl(12)).toMatchObject({
      ending: 'finished',
      pages: 12,
      items: 12,
      marked: 24,
      contested: 12,
    })
  })

  it('are left alone where they came over TLS, without a proxy, or are of another host', async () => {
    for (const level of ['verified', 'direct', 'unchecked'] as const) {
      const { crawl, trust, scene } = await contest()
      trust.level = level
      expect(await crawl(12)).toMatchObject({ items: 12, marked: 0, askedAgain: 0, contested: 0 })
      await scene.end()
    }
    const { crawl, trust, scene } = await open()
    scene.crawler.once('request.done', () => trust.contested('other.test'))
    expect(await crawl(12)).toMatchObject({ items: 12, marked: 0, askedAgain: 0, contested: 0 })
  })

  it('are a dead letter of a reason of their own where they were not there, and not a page that is gone', async () => {
    const { scene, trust, crawl } = await open({
      lie: () => ({ status: 404, body: 'Not found.' }),
      truth: () => ({ status: 404, body: 'Not found.' }),
    })
    scene.crawler.once('request.dead', () => trust.contested(host))
    const summary = await crawl(6)
    expect(summary).toMatchObject({ pages: 0, failed: 6, gone: 0 })
    expect(summary.deadLetters.map(({ code }) => code)).toEqual(Array(6).fill('contested'))
  })

  it('are not kept in a cache, from where they would come without a mark', async () => {
    const { crawl, trust, scene } = await open()
    scene.crawler.once('request.done', () => trust.contested(host))
    const kept = new Set<string>()
    const cache = {
      get: async () => undefined,
      put: async ({ url }: { url: string }) => void kept.add(url),
      close: async () => {},
    }
    expect(await crawl(12, { cache })).toMatchObject({ items: 12, marked: 24 })
    expect(kept.size).toBeLessThan(8)
  })

  it('beyond the newest 10,000 of a crawl are counted in an alert', async () => {
    const { Contests } = await import('../../src/crawl/contests.ts')
    const alerts: string[] = []
    const recalled: unknown[] = []
    const crawl = {
      world: {
        engine: { hosts: { keyOf: () => host }, router: { pools: new Map() } },
        emit: (_: string, { message }: { message: string }) => void alerts.push(message),
      },
      frontier: { side: { put: async () => {} }, outputs: undefined },
      counting: { earlier: { pages: 0 } },
      life: {},
    }
    const contests = new Contests(crawl as never, (pages) => void recalled.push(...pages))
    for (let n = 0; n < 10_010; n++) {
      const request = { id: `r${n}`, url: `http://${host}/${n}`, idempotent: true }
      contests.answered({ request } as never, { ok: false, proxy: honest, trust: 'agreed' } as never)
      contests.settled(request.id, { lease: { request } } as never)
    }
    contests.contestedAt(host)
    contests.contestedAt(host)
    expect(recalled).toHaveLength(10_000)
    expect(alerts).toEqual([expect.stringContaining(`Not marked: of the pages of ${host} 10 pages.`)])
  })
})

describe('who reads the items', () => {
  it('in a loop sees the mark on each, behind the plain one of a page that was believed before', async () => {
    const { scene, alerts } = await contest()
    const last = new Map<number, object>()
    const read = async () => {
      for await (const item of scene.crawler.crawl(pages, { count: 20 })) last.set(item.n, item)
    }
    await until(scene, read())
    expect([...last.values()].every(isMarked)).toBe(true)
    expect(last.size).toBe(20)
    expect(alerts).toEqual([expect.stringMatching(/^NOT_CORRECTED: the consumer cannot take back/)])
  })

  it('sees nothing of it where nobody contradicts', async () => {
    const { scene } = await open()
    const items: object[] = []
    scene.crawler.on('item', (event) => void items.push(event))
    await until(scene, scene.crawler.crawl(pages, { count: 6 }).run())
    for (const item of items) expect(item).not.toHaveProperty('trust')
    expect(pageOf('/1')).toBe(1)
  })
})
