import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import type { SinkRecord } from '../../src/contracts/sink.ts'
import { createCrawler, defineSource } from '../../src/index.ts'
import { Site, siteSchema, startLab } from '../../src/lab/index.ts'
import type { LieKind } from '../../src/lab/lies/lie-schema.ts'
import { createCallbackSink } from '../../src/sink/callback.ts'
import { createCsvSink } from '../../src/sink/csv.ts'
import { createJsonSink } from '../../src/sink/json.ts'
import { createJsonlSink } from '../../src/sink/jsonl.ts'
import { createSqliteSink } from '../../src/sink/sqlite.ts'

/** Two fifths of the exits tell one lie, through real sockets. Whatever is not true is marked, in every sink, and said. */
const count = 60
const shop = { pages: count, linksPerPage: 6, pageBytes: 1_024, shop: true, seed: 5 }
const truth = new Site(siteSchema.parse(shop), 5)

interface Found {
  readonly path: string
  readonly text: string
  readonly _trust?: string | null
}

const source = defineSource({
  name: 'shop',
  params: z.object({ origin: z.string() }),
  item: z.object({ path: z.string(), text: z.string() }),
  *seeds({ origin }) {
    for (let n = 0; n < count; n++) yield n === 0 ? `${origin}/` : `${origin}/page/${n}`
  },
  *parse(page) {
    yield page.item({ path: new URL(page.url).pathname, text: page.text() })
    yield page.edge({ from: page.url, to: page.text().slice(0, 20), type: 'begins' })
  },
})

const isTrue = ({ path, text }: Found) => truth.isTrue(path, Buffer.from(text))

test.each<[LieKind, boolean]>([
  ['likeness', false],
  ['prices', true],
])('%s: nothing that is wrong is a plain record (with a state: %s)', async (how, isDurable) => {
  const folder = await mkdtemp(join(tmpdir(), 'regatta-colluders-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const proxies = Array.from({ length: 10 }, (_, n) => ({
    name: `exit-${n}`,
    ...(n < 4 && { fault: { kind: 'lie' as const, how, band: 'north' } }),
  }))
  await using lab = await startLab({ name: how, seed: 5, origins: { site: { site: shop } }, proxies })
  await using crawler = await createCrawler({
    ...{ proxies: [...lab.proxies], seed: 5, politeness: { interval: 5 } },
    ...(isDurable && { state: join(folder, 'state') }),
  })
  const alerts = new Set<string>()
  crawler.on('alert', ({ code }) => void alerts.add(code))
  const to = (name: string) => join(folder, name)
  const held = new Map<string, SinkRecord>()
  const summary = await crawler
    .crawl(
      source,
      { origin: 'http://site.lab' },
      {
        sinks: [
          createJsonlSink({ to: to('all.jsonl') }),
          createJsonSink({ to: to('items.json'), kind: 'item' }),
          createCsvSink({ to: to('links.csv'), kind: 'edge' }),
          createSqliteSink({ to: to('all.db') }),
          createCallbackSink(
            (record) => void held.set(`${record.request} ${record.index}`, record),
            'the collector',
            ({ request, index }) => void held.delete(`${request} ${index}`),
          ),
        ],
      },
    )
    .run()

  const lines = (await readFile(to('all.jsonl'), 'utf8')).trim().split('\n')
  const all = lines.map((line) => JSON.parse(line) as Found & { readonly $edge?: Found })
  const array = JSON.parse(await readFile(to('items.json'), 'utf8')) as Found[]
  const database = new DatabaseSync(to('all.db'))
  const links = database.prepare('SELECT * FROM edges').all() as unknown as Found[]
  const rows = database.prepare('SELECT * FROM shop').all() as unknown as Found[]
  database.close()
  const values = [...held.values()].flatMap(({ kind, value, trust }) =>
    kind === 'item' ? [{ ...(value as Found), _trust: trust ?? null }] : [],
  )
  for (const found of [all.filter(({ $edge }) => !$edge), array, rows, values]) {
    expect(new Set(found.map(({ path }) => path)).size).toBe(found.length)
    expect(found).toHaveLength(summary.items)
    expect(found.filter((item) => !isTrue(item) && item._trust !== 'contested')).toEqual([])
    expect(found.filter(({ _trust }) => _trust === 'contested')).toHaveLength(summary.contested)
  }
  const edges = all.flatMap(({ $edge }) => $edge ?? [])
  for (const found of [edges, links]) {
    expect(found).toHaveLength(summary.edges)
    expect(found.filter(({ _trust }) => _trust === 'contested')).toHaveLength(summary.contested)
  }
  const table = (await readFile(to('links.csv'), 'utf8')).trim().split('\r\n').slice(1)
  expect(table.filter((row) => row.endsWith(',contested'))).toHaveLength(summary.contested)
  expect(summary.marked).toBe(2 * summary.contested)
  expect(summary.items + summary.failed).toBe(count)
  // The liars may have been found out one by one: then all is right.
  if (summary.marked > 0) expect(alerts).toContain('EXITS_CONTRADICT')
})
