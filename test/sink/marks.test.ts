import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Retraction, Sink, SinkRecord } from '../../src/contracts/sink.ts'
import { createCsvSink } from '../../src/sink/csv.ts'
import { digestOf } from '../../src/sink/digest.ts'
import { markedItem } from '../../src/sink/fields.ts'
import { createJsonSink } from '../../src/sink/json.ts'
import { createJsonlSink } from '../../src/sink/jsonl.ts'
import { createSqliteSink } from '../../src/sink/sqlite.ts'
import { createFolder } from './faulty-disk.ts'

/** What may be wrong is told apart from the rest in every file. */
let count = 0
const record = (value: unknown, more: Partial<SinkRecord> = {}): SinkRecord => {
  return { kind: 'item', request: `r${count++}`, index: 0, source: 'shop', value, ...more }
}
const marked = { trust: 'contested' } as const
const edge = { from: 'a', to: 'b', type: 'is' }

async function write(sink: Sink, ...batches: SinkRecord[][]): Promise<void> {
  await sink.open()
  for (const batch of batches) await sink.write(batch)
  await sink.close()
}

const pathIn = async (name: string) => join(await createFolder(), name)
const linesIn = async (path: string) => (await readFile(path, 'utf8')).trim().split(/\r?\n/)

function retractionOf(given: SinkRecord, sink: Sink): Retraction {
  const { kind: of, request, index, source } = given
  const traces = sink.trace && { traces: { [sink.name]: sink.trace(given) } }
  return { kind: 'retraction', of, request, index, source, revision: 1, digest: digestOf(given), ...traces }
}

describe('lines of JSON', () => {
  test('have one more member, and what has none of its own becomes an object', async () => {
    const to = await pathIn('out.jsonl')
    const values = [{ n: 1 }, 'text', [1, 2], new Map([['n', 2]]), { _trust: 'mine' }, { _trust: undefined }]
    await write(createJsonlSink({ to }), [
      record({ n: 0 }),
      ...values.map((value) => record(value, marked)),
      record(edge, { kind: 'edge', ...marked }),
    ])
    expect(await linesIn(to)).toEqual([
      '{"n":0}',
      '{"n":1,"_trust":"contested"}',
      '{"value":"text","_trust":"contested"}',
      '{"value":[1,2],"_trust":"contested"}',
      '{"n":2,"_trust":"contested"}',
      '{"_trust":"mine","__trust":"contested"}',
      '{"_trust":"contested"}',
      '{"$edge":{"from":"a","to":"b","type":"is","_trust":"contested"}}',
    ])
  })

  test.each(['jsonl', 'json', 'csv', 'jsonl.gz', 'csv.gz'])(
    'a plain %s record is taken back for a marked one, and a marked one for a plain one',
    async (end) => {
      const to = await pathIn(`out.${end}`)
      const sink = end.startsWith('jsonl')
        ? createJsonlSink({ to })
        : end === 'json'
          ? createJsonSink({ to })
          : createCsvSink({ to })
      const [plain, other] = [record({ n: 1 }), record({ n: 2 })]
      const [doubted, believed] = [
        { ...plain, ...marked },
        { ...other, ...marked },
      ]
      await sink.open()
      await sink.write([plain, believed])
      await sink.write([doubted, other])
      expect(await sink.takeBack!([retractionOf(plain, sink), retractionOf(believed, sink)])).toBe(0)
      await sink.close()
      const bytes = await readFile(to)
      const text = (end.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()
      if (end.startsWith('csv')) expect(text).toBe('n,_trust\r\n1,contested\r\n2,\r\n')
      else expect(text.match(/\{.*\}/g)).toEqual(['{"n":1,"_trust":"contested"}', '{"n":2}'])
    },
  )
})

describe('a table of CSV', () => {
  test('gets the column when the first mark comes, behind a header that is there already', async () => {
    const to = await pathIn('out.csv')
    await write(createCsvSink({ to }), [record({ n: 1 })], [record({ n: 2 }, marked)], [record({ n: 3 })])
    expect(await linesIn(to)).toEqual(['n,_trust', '1,', '2,contested', '3,'])
  })

  test('gets it where its columns were named, and goes on with it in the next run', async () => {
    const to = await pathIn('out.csv')
    const open = () => createCsvSink({ to, columns: ['n', 'a'] })
    await write(open(), [record({ n: 1, b: 1 })], [record({ n: 2 }, marked)])
    await write(open(), [record({ n: 3, a: 3 })], [record({ n: 4 }, marked)])
    expect(await linesIn(to)).toEqual(['n,a,_trust', '1,,', '2,,contested', '3,3,', '4,,contested'])
  })

  test('gets it in a compressed file', async () => {
    const to = await pathIn('out.csv.gz')
    await write(
      createCsvSink({ to, schemas: { shop: z.object({ n: z.number() }) } }),
      [record({ n: 1 })],
      [record({ n: 2 }, marked)],
    )
    expect(gunzipSync(await readFile(to)).toString()).toBe('n,_trust\r\n1,\r\n2,contested\r\n')
  })

  test('that is a stream says that it cannot get it any more', async () => {
    const { Writable } = await import('node:stream')
    let text = ''
    const to = new Writable({
      write(piece, _, done) {
        text += String(piece)
        done()
      },
    })
    const told: string[] = []
    const sink = createCsvSink({ to, columns: ['n'], onUnknownColumn: (name) => void told.push(name) })
    await write(sink, [record({ n: 1, other: 1 })], [record({ n: 2 }, marked)])
    expect(text).toBe('n\r\n1\r\n2\r\n')
    expect(told).toEqual(['_trust'])
  })

  test('is completed after a crash at any byte of a marked batch', async () => {
    const to = await pathIn('out.csv')
    const sink = createCsvSink({ to })
    await sink.open()
    await sink.write([record({ n: 1 })])
    const batch = [record({ n: 2 }, marked), record({ n: 3 })]
    const place = await sink.place!(batch)
    await sink.close()
    const again = createCsvSink({ to })
    await again.open()
    await again.complete!(batch, place)
    await again.complete!(batch, place)
    await again.close()
    expect(await linesIn(to)).toEqual(['n,_trust', '1,', '2,contested', '3,'])
  })
})

test('a database has a column for it, with or without a schema, also for edges, and loses it with the doubt', async () => {
  const to = await pathIn('out.db')
  const schemas = { shop: z.object({ n: z.number() }) }
  const one = record({ n: 1 }, marked)
  await write(
    createSqliteSink({ to, schemas }),
    [record({ n: 0 }), one, record({ n: 2 }, marked)],
    [{ ...one, trust: undefined } as unknown as SinkRecord],
    [
      record({ a: 1 }, { source: 'free', ...marked }),
      record({ _trust: 'mine' }, { source: 'free', ...marked }),
    ],
    [record(edge, { kind: 'edge', ...marked }), record(edge, { kind: 'edge' })],
  )
  const database = new DatabaseSync(to)
  const rows = (sql: string) =>
    database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }))
  expect(rows('SELECT n, _trust, _rest FROM shop ORDER BY n')).toEqual([
    { n: 0, _trust: null, _rest: null },
    { n: 1, _trust: null, _rest: null },
    { n: 2, _trust: 'contested', _rest: null },
  ])
  expect(rows('SELECT a, _trust, __trust FROM free')).toEqual([
    { a: 1, _trust: 'contested', __trust: null },
    { a: null, _trust: 'mine', __trust: 'contested' },
  ])
  expect(rows('SELECT "to", _trust FROM edges')).toEqual([
    { to: 'b', _trust: 'contested' },
    { to: 'b', _trust: null },
  ])
  database.close()
})

test('a loop over items sees it on items that have keys, and leaves the others as they are', () => {
  const date = new Date(0)
  const item = { n: 1 }
  expect(markedItem(record(item))).toBe(item)
  expect(markedItem(record(item, marked))).toEqual({ n: 1, _trust: 'contested' })
  expect(item).toEqual({ n: 1 })
  for (const value of [date, 'text', [1], null]) expect(markedItem(record(value, marked))).toBe(value)
})
