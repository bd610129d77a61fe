import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { noticeOf, sinkFor } from '../../src/cli/out.ts'
import type { SinkRecord } from '../../src/contracts/sink.ts'
import { createTerminal } from './terminal.ts'

/** Where `--out` leads, by what is in the file afterwards. */
let folder: string
let notes: string[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regatta-out-'))
  notes = []
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const page: SinkRecord = {
  kind: 'item',
  request: 'r1',
  index: 0,
  source: 'site',
  value: { title: 'a, b', late: 1 },
}
const edge: SinkRecord = { ...page, kind: 'edge', index: 1, value: { from: 'x', to: 'y', type: 'link' } }
const schemas = { site: z.object({ title: z.string(), size: z.int().optional() }) }

async function writeTo(out: string): Promise<string> {
  const { io, stdout } = createTerminal({ cwd: folder })
  const sink = sinkFor(out, io, {
    note: (line) => notes.push(line),
    warn: (line) => notes.push(line),
    schemas,
  })
  await sink.open()
  await sink.write([page, edge])
  await sink.close()
  return out === '-' ? stdout() : readFile(join(folder, out), 'utf8')
}

const itemLine = '{"title":"a, b","late":1}\n'
const edgeLine = '{"$edge":{"from":"x","to":"y","type":"link"}}\n'

test.each([
  ['-', itemLine + edgeLine],
  ['pages.jsonl', itemLine + edgeLine],
  ['pages', itemLine + edgeLine],
  ['links.edges.jsonl', '{"from":"x","to":"y","type":"link"}\n'],
  ['pages.CSV', 'title,size,late\r\n"a, b",,1\r\n'],
  ['edges.csv', 'title,size,late\r\n"a, b",,1\r\n'],
  ['links.edges.csv', 'from,to,type,data\r\nx,y,link,\r\n'],
])('what --out %s holds', async (out, expected) => {
  expect(await writeTo(out)).toBe(expected)
  expect(notes).toEqual([])
})

test('--out pages.JSON holds one array, to which a second run adds', async () => {
  const both = [page.value, { $edge: edge.value }]
  expect(JSON.parse(await writeTo('pages.JSON'))).toEqual(both)
  expect(JSON.parse(await writeTo('pages.JSON'))).toEqual([...both, ...both])
})

test.each(['pages.sqlite', 'pages.sqlite3', 'pages.DB'])(
  '--out %s is a database with the columns of the source',
  async (out) => {
    await writeTo(out)
    const database = new DatabaseSync(join(folder, out))
    expect({ ...database.prepare('SELECT * FROM site').get() }).toEqual({
      ...{ _request: 'r1', _index: 0, _rest: '{"late":1}', title: 'a, b', size: null },
    })
    expect({ ...database.prepare('SELECT source, "from", "to" FROM edges').get() }).toEqual({
      ...{ source: 'site', from: 'x', to: 'y' },
    })
    database.close()
    expect(await readdir(folder)).toEqual([out])
    expect(notes).toEqual([`${out} has no column "late": it is kept in the column "_rest".`])
  },
)

test('a compressed table, which cannot get another column, says so at the first item that needs one', async () => {
  const { io } = createTerminal({ cwd: folder })
  const warnings: string[] = []
  const sink = sinkFor('pages.csv.gz', io, { note() {}, warn: (line) => warnings.push(line) })
  const item = (index: number, value: object) => ({
    kind: 'item' as const,
    request: 'r1',
    index,
    source: 'site',
    value,
  })
  await sink.open()
  await sink.write([item(0, { title: 'a' })])
  expect(warnings).toEqual([])
  await sink.write([item(1, { title: 'b', late: 1 })])
  expect(warnings).toEqual([
    'pages.csv.gz has no column "late", and a compressed table cannot get another: it is left out. Name it in the schema of the items, or write lines of JSON: .jsonl.gz.',
  ])
  await sink.close()
})

test('a file that is not empty is told, and kept', async () => {
  expect(noticeOf('pages.jsonl', folder)).toBeUndefined()
  await writeTo('pages.jsonl')
  expect(noticeOf('pages.jsonl', folder)).toBe('pages.jsonl is not empty: what comes is added at its end.')
  expect(await writeTo('pages.jsonl')).toBe((itemLine + edgeLine).repeat(2))
})

test.each(['pages.xml', 'pages.cvs', 'pages.jsonl.zip', 'links.edges.xml', 'pages.JSN'])(
  '--out %s is refused, with the ends that are known',
  (out) => {
    const { io } = createTerminal({ cwd: folder })
    const telling = { note() {}, warn() {} }
    expect(() => sinkFor(out, io, telling)).toThrow(
      /--out \S+: nothing is known of \.\w+.*\.jsonl.*\.csv.*\.db/,
    )
  },
)

test.each(['pages.ndjson', '.pages'])('--out %s holds JSON lines', async (out) => {
  expect(await writeTo(out)).toBe(itemLine + edgeLine)
})

test('a device needs no end, and may have any', () => {
  const { io } = createTerminal({ cwd: folder })
  for (const out of ['/dev/null', '/dev/no.such']) {
    expect(sinkFor(out, io, { note() {}, warn() {} }).name).toContain(out)
  }
})
