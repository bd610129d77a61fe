import { readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Sink, SinkRecord } from '../../src/contracts/sink.ts'
import { createCsvSink } from '../../src/sink/csv.ts'
import { createJsonlSink } from '../../src/sink/jsonl.ts'
import { item } from '../contracts/sink.ts'
import { createFaultyDisk, createFolder, type Disk } from './faulty-disk.ts'

/** A process that is killed between any two bytes, and a file that somebody else wrote to meanwhile. */
type Format = 'jsonl' | 'csv'

interface Given {
  readonly disk?: Disk
  readonly onDoubt?: (message: string) => void
}

function sinkTo(to: string, format: Format, { disk, onDoubt }: Given = {}): Sink {
  const options = { to, ...(disk && { openFile: disk.openFile }), ...(onDoubt && { onDoubt }) }
  return format === 'jsonl' ? createJsonlSink(options) : createCsvSink(options)
}

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom('a,"b"', 'two\r\nlines', '漢字🚣', '', '\n', '"', '-1'),
)
const value = fc.record({
  text,
  n: fc.oneof(fc.integer(), fc.double(), fc.constant(undefined)),
  more: fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.date(), fc.webUrl().map(toUrl)),
})
const record: fc.Arbitrary<Pick<SinkRecord, 'kind' | 'value'>> = fc.oneof(
  { weight: 4, arbitrary: value.map((value) => ({ kind: 'item' as const, value })) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('edge' as const), value: fc.record({ from: text, to: text }) }),
  },
)
const batches = fc.array(fc.array(record, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 })
const format = fc.constantFrom<Format>('jsonl', 'csv')

function toUrl(text: string): URL {
  return new URL(text)
}

function recordsOf(batch: readonly Pick<SinkRecord, 'kind' | 'value'>[], request: string): SinkRecord[] {
  return batch.map((each, index) => ({ ...each, request, index, source: 'test' }))
}

/** What a log gives back. */
function kept(batch: readonly SinkRecord[]): SinkRecord[] {
  return JSON.parse(JSON.stringify(batch))
}

/** Writes all batches and tells where the last one began. */
async function writeAll(sink: Sink, all: readonly (readonly SinkRecord[])[]): Promise<number> {
  await sink.open()
  let place = 0
  for (const batch of all) {
    place = await sink.place!()
    await sink.write(batch)
  }
  await sink.close()
  return place
}

describe('a killed process', () => {
  test('leaves the same file behind as one that lived, wherever its last batch was cut', async () => {
    const folder = await createFolder()
    let run = 0
    await fc.assert(
      fc.asyncProperty(batches, format, async (given, format) => {
        const path = join(folder, `${run++}`)
        const all = given.map((batch, at) => recordsOf(batch, `r${at}`))
        const place = await writeAll(sinkTo(path, format), all)
        const whole = await readFile(path)
        for (let cut = place; cut <= whole.length; cut++) {
          await truncate(path, cut)
          const sink = sinkTo(path, format)
          await sink.open()
          await sink.complete!(kept(all.at(-1)!), place)
          await sink.close()
          expect(await readFile(path), `cut at ${cut}`).toEqual(whole)
        }
      }),
      { numRuns: 15 },
    )
  })

  test('may be killed again and again while it completes', async () => {
    const folder = await createFolder()
    let run = 0
    const kills = fc.array(fc.nat(30), { maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(batches, format, kills, fc.nat(), async (given, format, spaces, cut) => {
        const path = join(folder, `${run++}`)
        const all = given.map((batch, at) => recordsOf(batch, `r${at}`))
        const place = await writeAll(sinkTo(path, format), all)
        const whole = await readFile(path)
        await truncate(path, place + (cut % (whole.length - place + 1)))
        for (const space of [...spaces, Number.POSITIVE_INFINITY]) {
          const disk = createFaultyDisk()
          Object.assign(disk, { space, failsToCut: true })
          const sink = sinkTo(path, format, { disk })
          await sink.open()
          const isMissing = (await stat(path)).size + space < whole.length
          const completed = sink.complete!(kept(all.at(-1)!), place)
          if (isMissing) await expect(completed).rejects.toMatchObject({ code: 'SINK_FAILED' })
          else await completed
          await sink.close()
        }
        expect(await readFile(path)).toEqual(whole)
      }),
      { numRuns: 80 },
    )
  })

  test.each<Format>(['jsonl', 'csv'])(
    'goes on after a full disk: completing %s is tried again by the same sink',
    async (format) => {
      const path = join(await createFolder(), 'items')
      const all = [[item(0)], [item(1), item(2)]]
      const place = await writeAll(sinkTo(path, format), all)
      const whole = await readFile(path)
      await truncate(path, place + 3)
      const disk = createFaultyDisk()
      const sink = sinkTo(path, format, { disk })
      await sink.open()
      disk.space = 4
      await expect(sink.complete!(all[1]!, place)).rejects.toMatchObject({ value: { errno: 'ENOSPC' } })
      disk.space = Number.POSITIVE_INFINITY
      await sink.complete!(all[1]!, place)
      await sink.close()
      expect(await readFile(path)).toEqual(whole)
    },
  )

  test('has its file changed by nothing but an output: opening and closing leave a torn line', async () => {
    const path = join(await createFolder(), 'items.jsonl')
    const torn = '{"n":1}\n{"n":2,"te'
    await writeFile(path, torn)
    const sink = createJsonlSink({ to: path })
    await sink.open()
    await sink.close()
    expect(await readFile(path, 'utf8')).toBe(torn)
  })

  test('leaves CSV rows that are whole, also where nothing tells what was being written', async () => {
    const folder = await createFolder()
    let run = 0
    const row = fc.record({ a: text, b: text, c: fc.constantFrom('c', 'x"y') })
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 3 }), async (values) => {
        const path = join(folder, `${run++}`)
        const columns = ['a', 'b', 'c']
        const batch = recordsOf(
          values.map((value) => ({ kind: 'item' as const, value })),
          'r0',
        )
        await writeAll(createCsvSink({ to: path, columns }), [batch])
        const whole = await readFile(path)
        const before = parse(whole)
        for (let cut = 0; cut <= whole.length; cut++) {
          const isInsideCell = whole[cut - 1] === 0x0a && !ends(whole.subarray(0, cut))
          if (isInsideCell) continue // such a file looks whole
          await writeFile(path, whole.subarray(0, cut))
          await writeAll(createCsvSink({ to: path, columns }), [[{ ...item(0), value: { a: 'last' } }]])
          const after = parse(await readFile(path))
          expect(after.at(-1)).toEqual(['last', '', ''])
          const rows = after.slice(0, -1)
          expect(
            rows.map((cells) => cells.slice(0, 2)),
            `cut at ${cut}`,
          ).toEqual(before.slice(0, rows.length).map((cells) => cells.slice(0, 2)))
          expect(rows.slice(0, -1)).toEqual(before.slice(0, rows.length).slice(0, -1))
        }
      }),
      { numRuns: 12 },
    )
  })
})

/** Whether the table ends with a whole row. */
function ends(table: Buffer): boolean {
  return table.toString('latin1').split('"').length % 2 === 1
}

describe('a file that others wrote to', () => {
  const all = [[item(0)], [item(1), item(2)]]

  test.each<[Format, string, (whole: string, place: number) => string, (changed: string) => string]>([
    ['jsonl', 'appended to', (whole, place) => `${whole.slice(0, place)}{"mine":1}\n`, (changed) => changed],
    [
      'jsonl',
      'torn in a line that is not ours',
      (whole, place) => `${whole.slice(0, place)}{"mi`,
      ended('\n'),
    ],
    ['jsonl', 'edited in the batch', (whole) => whole.replace('text 2', 'other'), (changed) => changed],
    ['jsonl', 'made shorter', (whole, place) => whole.slice(0, place - 4), ended('\n')],
    ['jsonl', 'emptied', () => '', (changed) => changed],
    ['csv', 'appended to', (whole, place) => `${whole.slice(0, place)}7,mine\r\n`, (changed) => changed],
    [
      'csv',
      'torn in quotes that are not ours',
      (whole, place) => `${whole.slice(0, place)}7,"mi`,
      ended('"\r\n'),
    ],
    ['csv', 'made shorter', (whole, place) => whole.slice(0, place - 2), ended('\r\n')],
    ['csv', 'emptied', () => '', () => 'n,text\r\n'],
  ])(
    'keeps every byte of %s that was %s, gets the batch behind it, and says so once',
    async (format, _, change, before) => {
      const path = join(await createFolder(), 'items')
      const place = await writeAll(sinkTo(path, format), all)
      const whole = await readFile(path, 'utf8')
      const changed = change(whole, place)
      await writeFile(path, changed)
      const told: string[] = []
      const disk = createFaultyDisk()
      const sink = sinkTo(path, format, { disk, onDoubt: (message) => told.push(message) })
      await sink.open()
      disk.space = 7
      await expect(sink.complete!(all[1]!, place)).rejects.toMatchObject({ code: 'SINK_FAILED' })
      disk.space = Number.POSITIVE_INFINITY
      await sink.complete!(all[1]!, place)
      await sink.close()
      expect(await readFile(path, 'utf8')).toBe(before(changed) + whole.slice(place))
      expect(told).toEqual([
        expect.stringMatching(/items is not as the crawl left it: .*may be there twice\.$/),
      ])
    },
  )

  test.each<Format>(['jsonl', 'csv'])(
    'is no doubt where the whole %s batch stands before it',
    async (format) => {
      const path = join(await createFolder(), 'items')
      const place = await writeAll(sinkTo(path, format), all)
      const whole = await readFile(path, 'utf8')
      await writeFile(path, `${whole}"mine`)
      const told: string[] = []
      const sink = sinkTo(path, format, { onDoubt: (message) => told.push(message) })
      await sink.open()
      await sink.complete!(all[1]!, place)
      expect(await readFile(path, 'utf8')).toBe(`${whole}"mine`)
      const end = format === 'jsonl' ? '\n' : '"\r\n'
      expect(await sink.place!()).toBe(whole.length + 5 + end.length)
      await sink.close()
      expect(await readFile(path, 'utf8')).toBe(`${whole}"mine${end}`)
      expect(told).toEqual([])
    },
  )
})

function ended(end: string): (changed: string) => string {
  return (changed) => changed + end
}

test('a table keeps the line ends that it has', async () => {
  const path = join(await createFolder(), 'items.csv')
  await writeFile(path, 'n,text\n7,mine')
  await writeAll(createCsvSink({ to: path }), [[item(0)]])
  expect(await readFile(path, 'utf8')).toBe('n,text\n7,mine\n0,text 0\n')
})

test('a file of edges alone has them without a marker', async () => {
  const path = join(await createFolder(), 'links.edges.jsonl')
  const edge = { from: 'a', to: 'b', type: 'link' }
  await writeAll(createJsonlSink({ to: path, kind: 'edge' }), [
    [item(0), { ...item(1), kind: 'edge', value: edge }],
  ])
  expect(await readFile(path, 'utf8')).toBe('{"from":"a","to":"b","type":"link"}\n')
})
