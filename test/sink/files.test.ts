import { once } from 'node:events'
import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import type { Sink, SinkRecord } from '../../src/contracts/sink.ts'
import { createCsvSink } from '../../src/sink/csv.ts'
import { createJsonlSink } from '../../src/sink/jsonl.ts'
import { item, sinkContract } from '../contracts/sink.ts'
import { createFaultyDisk, createFolder } from './faulty-disk.ts'

const lines = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
const rows = (text: string) =>
  parse(text, { columns: true }).map((row) => {
    const { n, text } = row as { n: string; text: string }
    return { n: Number(n), text }
  })

sinkContract('a JSONL file', async () => {
  const path = join(await createFolder(), 'items.jsonl')
  const disk = createFaultyDisk()
  const sink = createJsonlSink({ to: path, openFile: disk.openFile, fsync: true })
  return {
    sink: { ...sink, write: (batch) => sink.write(batch).finally(() => (disk.space = Infinity)) },
    read: async () => lines(await readFile(path, 'utf8')),
    failNext: (records) => (disk.space = records * 27 + 5),
    restart: (missing) => restarted(sink, createJsonlSink({ to: path }), missing),
  }
})

sinkContract('a CSV file', async () => {
  const path = join(await createFolder(), 'items.csv')
  const disk = createFaultyDisk()
  const sink = createCsvSink({ to: path, openFile: disk.openFile })
  return {
    sink: { ...sink, write: (batch) => sink.write(batch).finally(() => (disk.space = Infinity)) },
    read: async () => rows(await readFile(path, 'utf8')),
    failNext: (records) => (disk.space = records * 10 + 5),
    restart: (missing) => restarted(sink, createCsvSink({ to: path }), missing),
  }
})

sinkContract('JSONL on a stream', async () => {
  let text = ''
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk
      done()
    },
  })
  return { sink: createJsonlSink({ to: stream }), read: async () => lines(text) }
})

test('a stream that failed once refuses at once what comes later, with the first reason', async () => {
  const stream = new Writable({
    autoDestroy: false,
    write: (_chunk, _encoding, done) => done(Object.assign(new Error('full'), { code: 'ENOSPC' })),
  })
  const sink = createJsonlSink({ to: stream, name: 'the stream' })
  await sink.open()
  for (let time = 0; time < 2; time++) {
    await expect(sink.write([item(0)])).rejects.toMatchObject({
      code: 'SINK_FAILED',
      value: { sink: 'the stream', errno: 'ENOSPC', isPermanent: true },
    })
  }
})

test('any interleaving of failures leaves each record once in the file', async () => {
  const step = fc.record({
    size: fc.integer({ min: 1, max: 4 }),
    failures: fc.array(fc.nat(120), { maxLength: 4 }),
    failsToCut: fc.boolean(),
  })
  const folder = await createFolder()
  let run = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 12 }),
      fc.constantFrom('jsonl', 'csv'),
      async (steps, format) => {
        const path = join(folder, `${run++}.${format}`)
        const disk = createFaultyDisk()
        const options = { to: path, openFile: disk.openFile }
        const sink = format === 'jsonl' ? createJsonlSink(options) : createCsvSink(options)
        await sink.open()
        let next = 0
        for (const { size, failures, failsToCut } of steps) {
          const batch = Array.from({ length: size }, () => item(next++))
          for (const space of failures) {
            Object.assign(disk, { space, failsToCut })
            const isWritten = await sink.write(batch).then(
              () => true,
              () => false,
            )
            Object.assign(disk, { space: Infinity, failsToCut: false })
            if (isWritten) batch.length = 0
          }
          await sink.write(batch)
        }
        await sink.close()
        const read = format === 'jsonl' ? lines : rows
        expect(read(await readFile(path, 'utf8'))).toEqual(
          Array.from({ length: next }, (_, n) => item(n).value),
        )
      },
    ),
    { numRuns: 100 },
  )
})

test('what could not be cut at once is cut before a shorter batch is written', async () => {
  const path = join(await createFolder(), 'items.jsonl')
  const disk = createFaultyDisk()
  const sink = createJsonlSink({ to: path, openFile: disk.openFile })
  await sink.open()
  Object.assign(disk, { space: 70, failsToCut: true })
  await expect(sink.write([item(0), item(1), item(2)])).rejects.toMatchObject({ code: 'SINK_FAILED' })
  Object.assign(disk, { space: Number.POSITIVE_INFINITY, failsToCut: false })
  await sink.write([item(3)])
  expect(lines(await readFile(path, 'utf8'))).toEqual([item(3).value])
  await sink.close()
})

test('a file that is there is appended to, and a line torn by a crash is cut off', async () => {
  const path = join(await createFolder(), 'items.jsonl')
  await writeFile(path, '{"n":1}\n{"n":2,"te')
  await writeAll(createJsonlSink({ to: path }), [item(3)])
  expect(await readFile(path, 'utf8')).toBe('{"n":1}\n{"n":3,"text":"text 3"}\n')
})

test('a last line that is whole but for its end is kept', async () => {
  const path = join(await createFolder(), 'items.jsonl')
  await writeFile(path, '{"n":1}\n{"n":2}')
  await writeAll(createJsonlSink({ to: path }), [item(3)])
  expect(await readFile(path, 'utf8')).toBe('{"n":1}\n{"n":2}\n{"n":3,"text":"text 3"}\n')
})

test('an edge is one line with a marker', async () => {
  const path = join(await createFolder(), 'items.jsonl')
  const edge = { from: 'a', to: 'b', type: 'link' }
  await writeAll(createJsonlSink({ to: path }), [{ ...item(0), kind: 'edge', value: edge }])
  expect(await readFile(path, 'utf8')).toBe('{"$edge":{"from":"a","to":"b","type":"link"}}\n')
})

test('an item that JSON cannot hold is named and leaves nothing in the file', async () => {
  const path = join(await createFolder(), 'items.jsonl')
  const sink = createJsonlSink({ to: path })
  await sink.open()
  await expect(sink.write([item(0), { ...item(1), value: { n: () => 1 } }])).rejects.toMatchObject({
    code: 'ITEM_INVALID',
    message: expect.stringContaining('Output 1 of request r0'),
  })
  await sink.close()
  expect(await readFile(path, 'utf8')).toBe('')
})

test('a CSV table has a header once, CRLF line ends, and nested values as JSON', async () => {
  const path = join(await createFolder(), 'items.csv')
  const values = [
    { a: 'x,y', b: [1, { c: 2 }], when: new Date(0) },
    { b: null, a: 'say "hi"' },
  ]
  for (const value of values) await writeAll(createCsvSink({ to: path }), [{ ...item(0), value }])
  expect(await readFile(path, 'utf8')).toBe(
    'a,b,when\r\n"x,y","[1,{""c"":2}]",1970-01-01T00:00:00.000Z\r\n"say ""hi""",,\r\n',
  )
})

test('a line feed alone is quoted, and so is the only cell of a row when it is empty', async () => {
  const path = join(await createFolder(), 'items.csv')
  const values = ['', 'a\nb', 'c\rd', undefined]
  await writeAll(
    createCsvSink({ to: path, columns: ['text'] }),
    values.map((text) => ({ ...item(0), value: { text } })),
  )
  expect(await readFile(path, 'utf8')).toBe('text\r\n""\r\n"a\nb"\r\n"c\rd"\r\n""\r\n')
})

test('in a stream, a key without a column is told once', async () => {
  const told: string[] = []
  const to = new PassThrough()
  let written = ''
  to.on('data', (chunk) => {
    written += String(chunk)
  })
  const sink = createCsvSink({ to, onUnknownColumn: (column) => told.push(column) })
  await sink.open()
  for (const value of [{ a: 1 }, { a: 2, late: 3 }, { a: 4, late: 5 }]) {
    await sink.write([{ ...item(0), value }])
  }
  await sink.close()
  expect(told).toEqual(['late'])
  expect(written).toBe('a\r\n1\r\n2\r\n4\r\n')
})

test('a table in a file gets the columns of its schema, and one more for each key that comes later', async () => {
  const path = join(await createFolder(), 'items.csv')
  const schemas = { s: z.looseObject({ b: z.string().optional(), a: z.string() }) }
  const write = (...values: object[]) =>
    writeAll(
      createCsvSink({ to: path, schemas }),
      values.map((value) => ({ ...item(0), value })),
    )
  await write({ a: 'one\r\n"two"' })
  expect(await readFile(path, 'utf8')).toBe('b,a\r\n,"one\r\n""two"""\r\n')
  await write({ a: '2', 'late, too': 3 }, { b: '4', a: '5', last: '6' })
  await write({ a: '7' })
  const wide = 'b,a,"late, too",last\r\n,"one\r\n""two""",,\r\n,2,3,\r\n4,5,,6\r\n,7,,\r\n'
  expect(await readFile(path, 'utf8')).toBe(wide)
  expect(await readdir(dirname(path))).toEqual(['items.csv'])
})

test('a table of others grows in its own line ends, and its header alone may have none', async () => {
  const path = join(await createFolder(), 'items.csv')
  await writeFile(path, 'a\n1\n"x\ny"\n')
  await writeAll(createCsvSink({ to: path }), [{ ...item(0), value: { a: 2, b: 3 } }])
  expect(await readFile(path, 'utf8')).toBe('a,b\n1,\n"x\ny",\n2,3\n')
  await writeFile(path, 'a')
  await writeAll(createCsvSink({ to: path }), [{ ...item(0), value: { a: 2, b: 3 } }])
  expect(await readFile(path, 'utf8')).toBe('a,b\r\n2,3\r\n')
})

test('a CSV file with other columns is refused at the start', async () => {
  const path = join(await createFolder(), 'items.csv')
  await writeFile(path, 'a,b\r\n1,2\r\n')
  await expect(createCsvSink({ to: path, columns: ['a', 'c'] }).open()).rejects.toMatchObject({
    code: 'SINK_FAILED',
    message: expect.stringContaining('it has the columns a,b, not a,c'),
  })
})

test('a full device is named with ENOSPC and what to do', async () => {
  const sink = createJsonlSink({ to: '/dev/full' })
  await sink.open()
  await expect(sink.write([item(0)])).rejects.toMatchObject({
    code: 'SINK_FAILED',
    message: 'Cannot write to /dev/full: the disk is full. Free some space, or write elsewhere (ENOSPC).',
    value: { sink: '/dev/full', errno: 'ENOSPC', isPermanent: false },
  })
  await sink.close()
})

test.each([
  ['EISDIR', (folder: string) => folder],
  ['ENOTDIR', (folder: string) => join(folder, 'file', 'items.jsonl')],
  ['ENOENT', (folder: string) => join(folder, 'missing', 'items.jsonl')],
])('a path that cannot be opened fails early with %s and its name', async (errno, pathIn) => {
  const folder = await createFolder()
  await writeFile(join(folder, 'file'), '')
  const path = pathIn(folder)
  await expect(createJsonlSink({ to: path }).open()).rejects.toMatchObject({
    code: 'SINK_FAILED',
    message: expect.stringContaining(path),
    value: { errno, isPermanent: true },
  })
})

test('a closed pipe is named, now and at every later write', async () => {
  const server = createServer((socket) => socket.resetAndDestroy()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const socket = connect(port, '127.0.0.1')
  const sink = createJsonlSink({ to: socket, name: 'the socket' })
  await sink.open()
  await new Promise((resolve) => socket.once('close', resolve))
  for (let time = 0; time < 2; time++) {
    await expect(sink.write([item(0)])).rejects.toMatchObject({
      code: 'SINK_FAILED',
      message: expect.stringContaining('the socket'),
    })
  }
  await sink.close()
  server.close()
})

async function restarted(killed: Sink, next: Sink, missing: number): Promise<Sink> {
  await killed.close() // writes nothing: all was written
  await truncate(next.name, (await stat(next.name)).size - missing)
  return next
}

async function writeAll(
  sink: ReturnType<typeof createJsonlSink>,
  batch: readonly SinkRecord[],
): Promise<void> {
  await sink.open()
  await sink.write(batch)
  await sink.close()
}
