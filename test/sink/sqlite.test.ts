import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import type { Sink, SinkRecord } from '../../src/contracts/sink.ts'
import { createSqliteSink, type SqliteOptions } from '../../src/sink/sqlite.ts'
import { item, sinkContract } from '../contracts/sink.ts'
import { createFolder } from './faulty-disk.ts'

const newPath = async () => join(await createFolder(), 'crawl.sqlite')

function query(path: string, sql: string): Record<string, unknown>[] {
  const database = new DatabaseSync(path)
  try {
    return database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }))
  } finally {
    database.close()
  }
}

/** The columns of a table that are no key, with their types. */
function columnsIn(path: string, table: string): Record<string, unknown> {
  const columns = query(path, `SELECT name, type FROM pragma_table_info('${table}')`)
  return Object.fromEntries(
    columns
      .filter(({ name }) => !/^_(request|index)$/.test(String(name)))
      .map(({ name, type }) => [name, type]),
  )
}

async function writeAll(
  options: SqliteOptions,
  ...batches: readonly (readonly SinkRecord[])[]
): Promise<void> {
  const sink = createSqliteSink(options)
  await sink.open()
  try {
    for (const batch of batches) await sink.write(batch)
  } finally {
    await sink.close()
  }
}

const books = (...values: unknown[]): SinkRecord[] =>
  values.map((value, index) => ({ kind: 'item', request: 'r1', index, source: 'books', value }))

sinkContract('a SQLite database', async () => {
  const path = await newPath()
  const sinks: Sink[] = []
  const create = () => {
    const sink = createSqliteSink({ to: path })
    sinks.push(sink)
    return sink
  }
  onTestFinished(async () => {
    for (const sink of sinks) await sink.close()
  })
  const other = new DatabaseSync(path)
  onTestFinished(() => other.close())
  const sink = create()
  return {
    sink: {
      ...sink,
      write: (batch) =>
        sink.write(batch).finally(() => {
          if (other.isTransaction) other.exec('ROLLBACK')
        }),
    },
    read: async () =>
      query(path, "SELECT name FROM sqlite_schema WHERE name = 'test'").length === 0
        ? []
        : query(path, 'SELECT n, text FROM test ORDER BY rowid'),
    failNext: () => other.exec('BEGIN IMMEDIATE'),
    restart: async () => create(),
  }
})

test("a table has the columns of its source's schema, with their types", async () => {
  const to = await newPath()
  const schema = z.object({
    title: z.string(),
    price: z.number().nullable(),
    pages: z.int().optional(),
    isNew: z.boolean().default(false),
    seen: z.date(),
    isbn: z.bigint(),
    tags: z.array(z.string()),
    shop: z.object({ name: z.string() }),
    kind: z.enum(['novel', 'essay']),
    code: z.union([z.string(), z.number()]),
    any: z.unknown(),
  })
  const value: z.output<typeof schema> = {
    title: '漢字 "x"',
    price: 5,
    isNew: true,
    seen: new Date(0),
    isbn: 978n,
    tags: ['a'],
    shop: { name: 's' },
    kind: 'essay',
    code: '007',
    any: 12,
  }
  await writeAll({ to, schemas: { books: schema } }, books(value))
  expect(columnsIn(to, 'books')).toEqual({
    _rest: 'TEXT',
    title: 'TEXT',
    price: 'REAL',
    pages: 'INTEGER',
    isNew: 'INTEGER',
    seen: 'TEXT',
    isbn: 'INTEGER',
    tags: 'TEXT',
    shop: 'TEXT',
    kind: 'TEXT',
    code: '',
    any: '',
  })
  expect(query(to, 'SELECT * FROM books')).toEqual([
    {
      _request: 'r1',
      _index: 0,
      _rest: null,
      title: '漢字 "x"',
      price: 5,
      pages: null,
      isNew: 1,
      seen: '1970-01-01T00:00:00.000Z',
      isbn: 978,
      tags: '["a"]',
      shop: '{"name":"s"}',
      kind: 'essay',
      code: '007',
      any: 12,
    },
  ])
})

test('a union of objects has the columns of all, and a schema of one value has one', async () => {
  const to = await newPath()
  const union = z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('book'), pages: z.int() }),
    z.object({ kind: z.literal('shop'), pages: z.number(), name: z.string() }),
  ])
  const lines: SinkRecord = { ...item(0), source: 'lines', value: 'just text' }
  await writeAll({ to, schemas: { books: union, lines: z.string() } }, [
    ...books({ kind: 'book', pages: 3 }),
    lines,
  ])
  expect(columnsIn(to, 'books')).toEqual({ _rest: 'TEXT', kind: 'TEXT', pages: '', name: 'TEXT' })
  expect(query(to, 'SELECT value FROM lines')).toEqual([{ value: 'just text' }])
})

test('what a schema does not name is kept in _rest, and told once', async () => {
  const to = await newPath()
  const told: string[] = []
  const schemas = { books: z.looseObject({ title: z.string() }) }
  const values = [
    { title: 'a', late: [1] },
    { title: 'b', late: 2, _index: 'mine' },
  ]
  await writeAll(
    { to, schemas, onUnknownColumn: (column) => told.push(column) },
    books(...values),
    books(...values),
  )
  expect(told).toEqual(['late', '_index'])
  expect(query(to, 'SELECT title, _rest FROM books')).toEqual([
    { title: 'a', _rest: '{"late":[1]}' },
    { title: 'b', _rest: '{"late":2,"_index":"mine"}' },
  ])
})

test('without a schema columns appear with their keys, and keep values of any type as they are', async () => {
  const to = await newPath()
  const odd = { 'a"; DROP TABLE books; --': 1, select: 2, '': 3, Title: 'other', __proto: 4 }
  await writeAll(
    { to },
    books({ title: '007', n: 1 }),
    books({ title: '007', n: 1 }, { n: 'x', title: 7.5, ...odd }),
  )
  expect(query(to, 'SELECT * FROM books')).toEqual([
    {
      ...{ _request: 'r1', _index: 0, _rest: null, title: '007', n: 1 },
      ...{ 'a"; DROP TABLE books; --': null, select: null, '': null, __proto: null },
    },
    {
      ...{ _request: 'r1', _index: 1, _rest: '{"Title":"other"}', title: 7.5, n: 'x' },
      ...{ 'a"; DROP TABLE books; --': 1, select: 2, '': 3, __proto: 4 },
    },
  ])
  expect(query(to, 'SELECT typeof(n) AS type FROM books')).toEqual([{ type: 'integer' }, { type: 'text' }])
})

test('a table holds at most 500 columns; the other keys are in _rest', async () => {
  const to = await newPath()
  const wide = Object.fromEntries(Array.from({ length: 600 }, (_, n) => [`key${n}`, n]))
  await writeAll({ to }, books(wide))
  const [row] = query(to, 'SELECT key499, _rest FROM books')
  expect(row?.key499).toBe(499)
  expect(Object.keys(JSON.parse(String(row?._rest)))).toHaveLength(100)
})

test('a page that is visited again replaces its rows', async () => {
  const to = await newPath()
  await writeAll({ to }, books({ price: 1, old: true }))
  await writeAll({ to }, books({ price: 2 }))
  expect(query(to, 'SELECT price, old FROM books')).toEqual([{ price: 2, old: null }])
})

test('a table of an older schema gets the columns that it lacks', async () => {
  const to = await newPath()
  await writeAll({ to, schemas: { books: z.object({ a: z.string() }) } }, books({ a: 'x' }))
  const schemas = { books: z.object({ a: z.string(), b: z.int() }) }
  await writeAll({ to, schemas }, [{ ...books({ a: 'y', b: 2 })[0]!, request: 'r2' }])
  expect(query(to, 'SELECT a, b FROM books')).toEqual([
    { a: 'x', b: null },
    { a: 'y', b: 2 },
  ])
})

test('a column whose type has changed is named, and nothing is written', async () => {
  const to = await newPath()
  await writeAll({ to, schemas: { books: z.object({ code: z.number() }) } }, books({ code: 7 }))
  await expect(
    writeAll(
      { to, schemas: { books: z.object({ extra: z.string(), code: z.string() }) } },
      books({ code: '007' }),
    ),
  ).rejects.toMatchObject({
    code: 'SINK_FAILED',
    message: `Cannot write to ${to}: column "code" of its table "books" holds numbers, but the items now have texts there. Write to a new file.`,
    value: { isPermanent: true },
  })
  expect(columnsIn(to, 'books')).toEqual({ _rest: 'TEXT', code: 'REAL' })
  expect(query(to, 'SELECT code FROM books')).toEqual([{ code: 7 }])
})

test('whole numbers keep all their digits', async () => {
  const to = await newPath()
  await writeAll({ to }, books({ n: Number.MAX_SAFE_INTEGER, big: 2n ** 63n - 1n, part: 0.1 }))
  expect(query(to, 'SELECT CAST(n AS TEXT) AS n, CAST(big AS TEXT) AS big, part FROM books')).toEqual([
    { n: '9007199254740991', big: '9223372036854775807', part: 0.1 },
  ])
})

test('a value that its column would change is in _rest', async () => {
  const to = await newPath()
  await writeAll({ to, schemas: { books: z.object({ code: z.number() }) } }, books({ code: 7 }))
  await writeAll({ to }, [{ ...books({ code: '007', big: 2n ** 70n, text: 'a\0b' })[0]!, request: 'r2' }])
  expect(query(to, 'SELECT code, _rest FROM books')).toEqual([
    { code: 7, _rest: null },
    { code: null, _rest: '{"code":"007","big":"1180591620717411303424","text":"a\\u0000b"}' },
  ])
})

test('edges have a table of their own, whatever the sources are called', async () => {
  const to = await newPath()
  const edge = { from: 'a', to: 'b', type: 'link', data: { rank: 1 }, weight: 2 }
  await writeAll({ to }, [
    { ...item(0), kind: 'edge', source: 'books', value: edge },
    { ...item(0), source: 'Edges', value: { n: 1 } },
    { ...item(0), source: 'my-shop.v2', value: { n: 2 } },
  ])
  expect(query(to, 'SELECT * FROM edges')).toEqual([
    {
      ...{ source: 'books', _request: 'r0', _index: 0, _rest: '{"weight":2}' },
      ...{ from: 'a', to: 'b', type: 'link', data: '{"rank":1}' },
    },
  ])
  expect(query(to, 'SELECT n FROM items_Edges')).toEqual([{ n: 1 }])
  expect(query(to, 'SELECT n FROM "my-shop.v2"')).toEqual([{ n: 2 }])
})

test('the items of all sources can share a table', async () => {
  const to = await newPath()
  await writeAll({ to, table: 'things' }, [
    { ...item(0), source: 'one', value: { a: 1 } },
    { ...item(0), source: 'two', value: { b: 2 } },
  ])
  expect(query(to, 'SELECT _source, a, b FROM things')).toEqual([
    { _source: 'one', a: 1, b: null },
    { _source: 'two', a: null, b: 2 },
  ])
})

test.each(['', 'Edges', 'sqlite_items'])('"%s" is refused as the table of the items', (table) => {
  expect(() => createSqliteSink({ to: 'x.db', table })).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID' }),
  )
})

test('the database can be read while a crawl writes to it', async () => {
  const to = await newPath()
  const sink = createSqliteSink({ to, fsync: true })
  await sink.open()
  await sink.write(books({ n: 1 }))
  const reader = new DatabaseSync(to, { readOnly: true })
  const rows = reader.prepare('SELECT n FROM books ORDER BY n')
  const cursor = rows.iterate()
  expect(cursor.next().value).toMatchObject({ n: 1 })
  await sink.write([{ ...books({ n: 2 })[0]!, request: 'r2' }])
  cursor.return?.()
  expect(rows.all()).toHaveLength(2)
  reader.close()
  await sink.close()
})

test('an item that cannot be kept takes its batch and its new columns back', async () => {
  const to = await newPath()
  const sink = createSqliteSink({ to })
  await sink.open()
  await sink.write(books({ n: 1 }))
  const bad = { n: 2, extra: 1, broken: { n: () => 1 } }
  await expect(sink.write(books({ n: 5, late: 1 }, bad))).rejects.toMatchObject({
    code: 'ITEM_INVALID',
    message: expect.stringContaining('Output 1 of request r1'),
  })
  await sink.write([{ ...books({ n: 3, late: 2 })[0]!, request: 'r2' }])
  await sink.close()
  expect(query(to, 'SELECT n, late FROM books')).toEqual([
    { n: 1, late: null },
    { n: 3, late: 2 },
  ])
})

test('a file that is no database is refused at the start, and kept', async () => {
  const to = await newPath()
  await writeFile(to, 'n,text\n1,these are my notes\n'.repeat(60))
  await expect(createSqliteSink({ to }).open()).rejects.toMatchObject({
    code: 'SINK_FAILED',
    message: `Cannot write to ${to}: it is no SQLite database. Name another file (SQLITE_NOTADB).`,
    value: { isPermanent: true },
  })
})

test("somebody else's table is left alone", async () => {
  const to = await newPath()
  const database = new DatabaseSync(to)
  database.exec('CREATE TABLE books (id INTEGER PRIMARY KEY, title TEXT)')
  database.close()
  await expect(writeAll({ to }, books({ title: 'x' }))).rejects.toMatchObject({
    code: 'SINK_FAILED',
    message: expect.stringContaining('a table "books" that was made by others'),
  })
  expect(query(to, 'SELECT * FROM books')).toEqual([])
})

test.each([
  ['ENOENT', async (folder: string) => join(folder, 'none', 'x.db')],
  [
    'EISDIR',
    async (folder: string) => {
      await mkdir(join(folder, 'x.db'))
      return join(folder, 'x.db')
    },
  ],
])('a path that cannot be opened fails early with %s and its name', async (errno, pathIn) => {
  const to = await pathIn(await createFolder())
  await expect(createSqliteSink({ to }).open()).rejects.toMatchObject({
    code: 'SINK_FAILED',
    message: expect.stringContaining(to),
    value: { errno, isPermanent: true },
  })
})

test('writing to a sink that was closed says so', async () => {
  const sink = createSqliteSink({ to: await newPath() })
  await sink.open()
  await sink.close()
  await expect(sink.write(books({ n: 1 }))).rejects.toMatchObject({
    code: 'SINK_FAILED',
    value: { isPermanent: true },
  })
})
