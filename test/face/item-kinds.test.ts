import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createCrawler, defineSource, type Page, type SinkRecord } from 'regatta'
import {
  createCallbackSink,
  createCsvSink,
  createJsonlSink,
  createJsonSink,
  createSqliteSink,
} from 'regatta/sinks'
import * as v from 'valibot'
import { afterEach, beforeEach, describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { systemClock } from '../../src/base/clock.ts'
import { SimulatedTransport } from '../../src/sim/transport.ts'
import { proxyList } from '../faults/simulation.ts'

const work = z.object({ title: z.string(), year: z.number() })
const author = v.object({ title: v.string(), born: v.optional(v.number()) })

/** Two kinds with a field of the same name; of the schemas of two libraries. */
const books = defineSource({
  name: 'books',
  params: z.object({}),
  item: { work, author },
  robots: false,
  *seeds() {
    yield 'http://books.example/1'
  },
  *parse(page) {
    yield page.item('work', { title: 'Emma', year: 1815 })
    yield page.item('author', { title: 'Jane Austen', born: 1775 })
    // @ts-expect-error there is no such kind
    if (page.status === 0) yield page.item('publisher', { title: 'x' })
    // @ts-expect-error the shape of another kind
    if (page.status === 0) yield page.item('work', { title: 'x' })
    // @ts-expect-error without its kind
    if (page.status === 0) yield page.item({ title: 'x', year: 1 })
    yield page.edge({ from: 'Emma', to: 'Jane Austen', type: 'author' })
  },
})

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regatta-kinds-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const open = () =>
  createCrawler({
    ...{ proxies: proxyList(1), politeness: false, trust: 'blind' },
    transport: new SimulatedTransport(systemClock, {
      attempt: () => ({
        afterMs: 0,
        phase: 'body',
        next: () => ({ afterMs: 0, headers: { 'content-type': 'text/plain' }, body: 'a page' }),
      }),
    }),
  })

const read = (name: string) => readFile(join(folder, name), 'utf8')
const emma = { title: 'Emma', year: 1815 }
const austen = { title: 'Jane Austen', born: 1775 }
const edge = { from: 'Emma', to: 'Jane Austen', type: 'author' }

describe('a source with items of several kinds', () => {
  test('its crawl yields each item with its kind, and the compiler tells them apart', async () => {
    await using crawler = await open()
    const found: unknown[] = []
    for await (const { kind, item } of crawler.crawl(books)) {
      if (kind === 'work') expectTypeOf(item).toEqualTypeOf<{ title: string; year: number }>()
      else expectTypeOf(item.born).toEqualTypeOf<number | undefined>()
      found.push({ kind, item })
    }
    expect(found).toEqual([
      { kind: 'work', item: emma },
      { kind: 'author', item: austen },
    ])
  })

  test('events and records name the kind', async () => {
    await using crawler = await open()
    const told: unknown[] = []
    crawler.on('item', ({ itemKind, value }) => told.push([itemKind, value]))
    const records: SinkRecord[] = []
    const sink = createCallbackSink((record) => void records.push(record))
    await crawler.crawl(books, {}, { sinks: [sink] }).run()
    expect(told).toEqual([
      ['work', emma],
      ['author', austen],
    ])
    expect(records.map(({ kind, itemKind }) => [kind, itemKind])).toEqual([
      ['item', 'work'],
      ['item', 'author'],
      ['edge', undefined],
    ])
  })

  test('{kind} in a name makes a file of each, and a database has a table of each', async () => {
    await using crawler = await open()
    const to = (name: string) => join(folder, name)
    const schemas = { books: books.item }
    const sinks = [
      createCsvSink({ to: to('out/{kind}.csv'), schemas }),
      createJsonlSink({ to: to('{kind}.jsonl') }),
      createJsonSink({ to: to('{kind}.json') }),
      createSqliteSink({ to: to('all.sqlite'), schemas }),
    ]
    await crawler.crawl(books, {}, { sinks }).run()
    expect(await read('out/work.csv')).toBe('title,year\r\nEmma,1815\r\n')
    expect(await read('out/author.csv')).toBe('title,born\r\nJane Austen,1775\r\n')
    expect(await read('out/edges.csv')).toBe('from,to,type,data\r\nEmma,Jane Austen,author,\r\n')
    expect(await read('work.jsonl')).toBe(`${JSON.stringify(emma)}\n`)
    expect(await read('edges.jsonl')).toBe(`${JSON.stringify(edge)}\n`)
    expect(JSON.parse(await read('author.json'))).toEqual([austen])
    using database = new DatabaseSync(to('all.sqlite'))
    expect(database.prepare('SELECT title, year FROM work').all()).toEqual([emma])
    expect(database.prepare('SELECT title, born FROM author').all()).toEqual([austen])
    const types = database.prepare("SELECT name, type FROM pragma_table_info('work')").all()
    expect(types).toContainEqual({ name: 'year', type: 'REAL' })
  })

  test('one file of lines for all says the kind of each', async () => {
    await using crawler = await open()
    await crawler.crawl(books, {}, { sinks: [createJsonlSink({ to: join(folder, 'all.jsonl') })] }).run()
    expect(
      (await read('all.jsonl'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([{ _kind: 'work', ...emma }, { _kind: 'author', ...austen }, { $edge: edge }])
  })

  test('one table for all is refused before the crawl begins, and told the way out', async () => {
    await using crawler = await open()
    const sinks = [createCsvSink({ to: join(folder, 'all.csv') })]
    expect(() => crawler.crawl(books, {}, { sinks })).toThrow(/several kinds: work, author\. Put \{kind\}/)
    await crawler
      .crawl(books, {}, { sinks: [createCsvSink({ to: join(folder, 'works.csv'), itemKind: 'work' })] })
      .run()
    expect(await read('works.csv')).toBe('title,year\r\nEmma,1815\r\n')
  })

  test('a kind that never comes leaves no file', async () => {
    await using crawler = await open()
    const quiet = { ...books, *parse() {} }
    await crawler.crawl(quiet, {}, { sinks: [createJsonlSink({ to: join(folder, '{kind}.jsonl') })] }).run()
    expect(await readdir(folder)).toEqual([])
  })

  test('an item that does not fit the schema of its kind is set aside with its kind', async () => {
    await using crawler = await open()
    const wrong = {
      ...books,
      *parse(page: Page) {
        yield page.item('work', { title: 'Emma' })
      },
    } as unknown as typeof books
    const crawl = crawler.crawl(wrong)
    await crawl.run()
    expect(await crawl.done).toMatchObject({
      setAside: 1,
      deadLetters: [{ code: 'item-invalid', detail: expect.stringContaining('"year" of the kind "work"') }],
    })
  })
})

describe('kinds', () => {
  const define = (item: Record<string, z.ZodType>) => () => defineSource({ ...books, item } as never)

  test('that cannot be parts of file names are refused', () => {
    for (const kind of ['../x', '', 'a/b', 'edges', 'Edges', 'a b', 'x'.repeat(65)])
      expect(define({ [kind]: work })).toThrow(/has a kind/)
    expect(define(Object.fromEntries([['__proto__', work]]))).toThrow(/has a kind "__proto__"/)
    expect(define({ work, Work: work })).toThrow(/differ in the case/)
    expect(define({})).toThrow(/names no kind/)
  })

  test('that come past every check stay in their folder', async () => {
    const sink = createJsonlSink({ to: join(folder, '{kind}.jsonl') })
    await sink.open()
    const record = (itemKind: string, index: number) =>
      ({ kind: 'item', itemKind, request: 'a', index, source: 's', value: { n: index } }) as const
    await sink.write([record('../x', 0), record('__proto__', 1), record('..', 2), record('', 3)])
    await sink.close()
    expect((await readdir(folder)).sort()).toEqual(
      ['%.jsonl', '%2E%2E%2Fx.jsonl', '%2E%2E.jsonl', '__proto__.jsonl'].sort(),
    )
  })
})
