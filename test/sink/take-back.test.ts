import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SideStore } from '../../src/contracts/frontier.ts'
import type { Retraction, Sink, SinkRecord } from '../../src/contracts/sink.ts'
import { createMemoryFrontier } from '../../src/frontier/memory.ts'
import { createCallbackSink } from '../../src/sink/callback.ts'
import { createCsvSink } from '../../src/sink/csv.ts'
import { digestOf } from '../../src/sink/digest.ts'
import { createJsonSink } from '../../src/sink/json.ts'
import { createJsonlSink } from '../../src/sink/jsonl.ts'
import { LateRetractions } from '../../src/sink/late-retractions.ts'
import { createSqliteSink } from '../../src/sink/sqlite.ts'
import { createFolder } from './faulty-disk.ts'

/** What turned out wrong leaves a file, each line once, and nothing else does. */
const formats = ['jsonl', 'json', 'csv', 'jsonl.gz', 'json.gz', 'csv.gz'] as const
type Format = (typeof formats)[number]

function sinkTo(to: string, format: Format): Sink {
  if (format.startsWith('jsonl')) return createJsonlSink({ to })
  return format.startsWith('json') ? createJsonSink({ to }) : createCsvSink({ to })
}

function item(value: unknown, request = 'r0', index = 0): SinkRecord {
  return { kind: 'item', request, index, source: 'test', value }
}

function retractionOf(record: SinkRecord, sink: Sink): Retraction {
  const { kind: of, request, index, source } = record
  const traces = sink.trace && { [sink.name]: sink.trace(record) }
  const own = { of, request, index, source, revision: 1, digest: digestOf(record) }
  return { kind: 'retraction', ...own, ...(traces && { traces }) }
}

async function textOf(path: string): Promise<string> {
  const bytes = await readFile(path)
  return (path.endsWith('.gz') && bytes.length > 0 ? gunzipSync(bytes) : bytes).toString()
}

const value = fc.record({
  n: fc.oneof(fc.nat(3), fc.constant(undefined)),
  text: fc.constantFrom('a', 'b', 'a,"b"', 'two\r\nlines', '漢字🚣', '', '=1'),
  more: fc.constantFrom(undefined, { deep: [1] }, new Date(0)),
})

describe.each(formats)('a %s file', (format) => {
  test('is as if it had never had what is taken back', async () => {
    const folder = await createFolder()
    let run = 0
    const records = fc.array(fc.record({ value, isWrong: fc.boolean() }), { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(records, value, async (given, last) => {
        const path = (name: string) => join(folder, `${run}-${name}.${format}`)
        run++
        const sink = sinkTo(path('some'), format)
        await sink.open()
        // The columns are those of all, in both files.
        const all = { n: 9, text: 'all', more: 9 }
        const asRecords = given.map((each, at) => ({ ...each, record: item(each.value, `r${at}`) }))
        for (const record of [item(all), ...asRecords.map(({ record }) => record)]) await sink.write([record])
        const wrong = asRecords.filter(({ isWrong }) => isWrong).map(({ record }) => record)
        expect(await sink.takeBack!(wrong.map((record) => retractionOf(record, sink)))).toBe(0)
        await sink.write([item(last)])
        await sink.close()
        const right = sinkTo(path('right'), format)
        await right.open()
        for (const { isWrong, record } of [{ isWrong: false, record: item(all) }, ...asRecords])
          if (!isWrong) await right.write([record])
        await right.write([item(last)])
        await right.close()
        const sorted = (text: string) => text.split('\n').sort()
        expect(sorted(await textOf(path('some')))).toEqual(sorted(await textOf(path('right'))))
      }),
      { numRuns: 25 },
    )
  })

  test('is empty when all of it was wrong, and goes on from there', async () => {
    const path = join(await createFolder(), `items.${format}`)
    const sink = sinkTo(path, format)
    await sink.open()
    await sink.write([item({ n: 1 }), item({ n: 2 })])
    const wrong = [item({ n: 1 }), item({ n: 2 })].map((record) => retractionOf(record, sink))
    expect(await sink.takeBack!(wrong)).toBe(0)
    await sink.close()
    const text = await textOf(path)
    if (format.startsWith('json.') || format === 'json') expect(JSON.parse(text)).toEqual([])
    else expect(text).toBe(format.startsWith('csv') ? 'n\r\n' : '')
    const next = sinkTo(path, format)
    await next.open()
    await next.write([item({ n: 3 })])
    await next.close()
    const after = await textOf(path)
    if (format.startsWith('json.') || format === 'json') expect(JSON.parse(after)).toEqual([{ n: 3 }])
    else expect(after).toBe(format.startsWith('csv') ? 'n\r\n3\r\n' : '{"n":3}\n')
  })

  test('says how much of it is not there', async () => {
    const path = join(await createFolder(), `items.${format}`)
    const sink = sinkTo(path, format)
    await sink.open()
    await sink.write([item({ n: 1 })])
    const strange = [item({ n: 7 }), item({ n: 8 }), item({ n: 1 })]
    expect(await sink.takeBack!(strange.map((record) => retractionOf(record, sink)))).toBe(2)
    await sink.close()
  })

  test('loses each wrong line once, wherever a process is killed that takes it out', async () => {
    const folder = await createFolder()
    const wrong = item({ n: 1 })
    // The right one reads like the wrong one: taken out twice, both would be gone.
    const records = [wrong, item({ n: 2 }), item({ n: 1 }), item({ n: 3 })]
    for (let steps = 0, isOver = false; !isOver; steps++) {
      const path = join(folder, `${steps}.${format}`)
      const { side } = createMemoryFrontier()
      const first = sinkTo(path, format)
      await first.open()
      for (const record of records) await first.write([record])
      isOver = await takeOut(first, side, steps, [retractionOf(wrong, first)])
      await first.close().catch(() => {})
      const second = sinkTo(path, format)
      await second.open()
      await takeOut(second, side, Number.POSITIVE_INFINITY, steps === 0 ? [retractionOf(wrong, second)] : [])
      await second.write([item({ n: 4 })])
      await second.close()
      const numbers = (await textOf(path)).match(/\d/g)?.map(Number)
      expect(numbers, `killed after ${steps} steps`).toEqual([2, 1, 3, 4])
    }
  })
})

/** As an outbox does it, up to a step after which the process is dead. True when it came to its end. */
async function takeOut(
  sink: Sink,
  side: SideStore,
  steps: number,
  retractions: readonly Retraction[],
): Promise<boolean> {
  let left = steps
  const step = async <Value>(does: () => Promise<Value>): Promise<Value> => {
    if (left-- <= 0) throw new Error('killed')
    return does()
  }
  const mortal: Sink = { ...sink, takeBack: (batch) => step(() => sink.takeBack!(batch)) }
  const store: SideStore = { ...side, put: (key, bytes) => step(() => side.put(key, bytes)) }
  const late = new LateRetractions(mortal, 'out', store)
  try {
    await late.open()
    if (retractions.length > 0) await late.keep(retractions, 7)
    await late.apply()
    return true
  } catch (error) {
    expect(error).toMatchObject({ message: 'killed' })
    return false
  }
}

test('a file that cannot be replaced stays as it was, and what is wrong is taken out when it can', async () => {
  const path = join(await createFolder(), 'items.jsonl')
  const sink = createJsonlSink({ to: path })
  await sink.open()
  await sink.write([item({ n: 1 }), item({ n: 2 })])
  const wrong = [retractionOf(item({ n: 1 }), sink)]
  await mkdir(`${path}.growing/in-the-way`, { recursive: true })
  await expect(sink.takeBack!(wrong)).rejects.toMatchObject({ code: 'SINK_FAILED' })
  expect(await readFile(path, 'utf8')).toBe('{"n":1}\n{"n":2}\n')
  await sink.write([item({ n: 3 })])
  await rm(`${path}.growing`, { recursive: true })
  expect(await sink.takeBack!(wrong)).toBe(0)
  await sink.write([item({ n: 4 })])
  await sink.close()
  expect(await readFile(path, 'utf8')).toBe('{"n":2}\n{"n":3}\n{"n":4}\n')
})

test('lines of others stay as they are, byte by byte', async () => {
  const path = join(await createFolder(), 'items.jsonl')
  const theirs = '{ "n" : 1 }\r\n\n# a note\n{"n":1}\n'
  await writeFile(path, theirs)
  const sink = createJsonlSink({ to: path })
  await sink.open()
  await sink.write([item({ n: 5 })])
  await sink.takeBack!([retractionOf(item({ n: 5 }), sink)])
  await sink.close()
  expect(await readFile(path, 'utf8')).toBe(theirs)
})

test('a compressed file of many members is one of few afterwards, with the same lines', async () => {
  const path = join(await createFolder(), 'items.jsonl.gz')
  const lines = Array.from({ length: 20_000 }, (_, n) => `{"n":${n},"text":"${'x'.repeat(40)}"}\n`)
  await writeFile(path, gzipSync(lines.join('')))
  const sink = createJsonlSink({ to: path })
  await sink.open()
  const wrong = item({ n: 10_000, text: 'x'.repeat(40) })
  expect(await sink.takeBack!([retractionOf(wrong, sink)])).toBe(0)
  await sink.write([item({ last: true })])
  await sink.close()
  const rest = lines.filter((_, n) => n !== 10_000).join('')
  expect(await textOf(path)).toBe(`${rest}{"last":true}\n`)
})

test('a table that has grown wider since still knows its rows', async () => {
  const path = join(await createFolder(), 'items.csv')
  const sink = createCsvSink({ to: path, escapeFormulas: true })
  await sink.open()
  await sink.write([item({ a: '=1+1', b: 2 })])
  const retraction = retractionOf(item({ a: '=1+1', b: 2 }), sink)
  await sink.write([item({ a: '=1+1', b: 2, c: 3 })])
  expect(await sink.takeBack!([retraction])).toBe(0)
  await sink.close()
  expect(await readFile(path, 'utf8')).toBe("a,b,c\r\n'=1+1,2,3\r\n")
})

test('a database has the wrong row or the right one, never both or none', async () => {
  const path = join(await createFolder(), 'items.sqlite')
  const sink = createSqliteSink({ to: path })
  await sink.open()
  await sink.write([item({ n: 1 }, 'r1', 0), item({ n: 2 }, 'r1', 1)])
  const wrong = [item({ n: 1 }, 'r1', 0), item({ n: 2 }, 'r1', 1)].map((each) => retractionOf(each, sink))
  const broken = item(
    {
      get n() {
        throw new Error('no')
      },
    },
    'r1',
    0,
  )
  await expect(sink.write([broken], wrong)).rejects.toThrow()
  const { DatabaseSync } = await import('node:sqlite')
  const rows = () => {
    const database = new DatabaseSync(path)
    const found = database.prepare('SELECT n FROM test ORDER BY n').all()
    database.close()
    return found.map(({ n }) => n)
  }
  expect(rows()).toEqual([1, 2])
  await sink.write([item({ n: 3 }, 'r1', 0)], wrong)
  expect(rows()).toEqual([3])
  await sink.close()
})

test('a callback that wants to know hears of what is wrong before what is right, each once', async () => {
  const heard: string[] = []
  let failures = 1
  const sink = createCallbackSink(
    ({ value }) => {
      if (failures-- > 0) throw Object.assign(new Error('busy'), { code: 'EAGAIN' })
      heard.push(`right ${(value as { n: number }).n}`)
    },
    'the callback',
    ({ request, index }) => void heard.push(`wrong ${request} ${index}`),
  )
  const wrong = [retractionOf(item({ n: 1 }, 'r1'), sink)]
  await expect(sink.write([item({ n: 2 }, 'r1')], wrong)).rejects.toMatchObject({ code: 'SINK_FAILED' })
  await sink.write([item({ n: 2 }, 'r1')], wrong)
  expect(heard).toEqual(['wrong r1 0', 'right 2'])
})

test('a callback that knows nothing of it takes nothing back, and says so', () => {
  expect(createCallbackSink(() => {}).takesBack).toBeUndefined()
})
