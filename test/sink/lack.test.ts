import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Sink, SinkRecord } from '../../src/contracts/sink.ts'
import { openSqliteFrontier } from '../../src/frontier/sqlite/open.ts'
import { createCallbackSink } from '../../src/sink/callback.ts'
import { createCsvSink } from '../../src/sink/csv.ts'
import { createJsonlSink } from '../../src/sink/jsonl.ts'
import type { EarlierOutputs } from '../../src/sink/lack.ts'
import { createOutbox } from '../../src/sink/outbox.ts'
import { request } from '../frontier/model.ts'
import { ManualClock } from '../manual-clock.ts'
import { createFolder } from './faulty-disk.ts'

/** Runs of one crawl, and what happens to its files between them. */
async function openCrawl() {
  const folder = await createFolder()
  const path = join(folder, 'crawl.db')
  const earlier = { item: 0, edge: 0 }
  let pages = 0

  /** Puts out so many items and edges, one to a page, and tells what it was told. */
  async function run(
    sinks: readonly Sink[],
    { items = 0, edges = 0 }: { items?: number; edges?: number } = {},
    given: { earlier?: EarlierOutputs } = { earlier: { ...earlier } },
  ): Promise<string[]> {
    const clock = new ManualClock()
    const frontier = await openSqliteFrontier({ path, clock, inline: true })
    const told: string[] = []
    const onLack = (_: Sink, sentence: string) => void told.push(sentence.replace(`${folder}/`, ''))
    const outbox = createOutbox({ sinks, clock, log: frontier.outputs, onLack, ...given })
    try {
      await outbox.open()
      for (let n = 0; n < items + edges; n++) {
        const kind = n < items ? 'item' : 'edge'
        const id = `r${pages++}`
        await frontier.discover([{ request: request(id, { host: id }) }])
        const [lease] = await frontier.take({ max: 1, now: clock.now() })
        const value = { from: 'a', to: id }
        const outputs: SinkRecord[] = [{ kind, request: id, index: 0, source: 'test', value }]
        const [position] = await frontier.settle([{ lease: lease!, kind: 'done', outputs }])
        earlier[kind]++
        await outbox.push(outputs, position as number)
      }
      await outbox.close()
    } finally {
      await frontier.close()
    }
    return told
  }
  return { folder, run, file: (name: string) => join(folder, name) }
}

test('a file that was deleted or emptied between two runs is told, with what is not in it', async () => {
  const { run, file } = await openCrawl()
  const sinks = () => [createJsonlSink({ to: file('g.jsonl') }), createJsonlSink({ to: file('h.jsonl') })]
  expect(await run(sinks(), { items: 3 })).toEqual([])
  expect(await run(sinks(), { items: 1 })).toEqual([])
  await rm(file('g.jsonl'))
  const lack =
    'is empty, although earlier runs wrote 4 outputs to it: only what comes from now on will be in it.'
  expect(await run(sinks())).toEqual([`g.jsonl ${lack}`])
  await writeFile(file('h.jsonl'), '')
  expect(await run(sinks(), { items: 1 })).toEqual([`g.jsonl ${lack}`, `h.jsonl ${lack}`])
  expect(await run(sinks(), { items: 1 })).toEqual([])
})

test('a table of one kind is told by the outputs of its kind, and may rightly be empty', async () => {
  const { run, file } = await openCrawl()
  const sinks = () => [
    createCsvSink({ to: file('pages.csv') }),
    createJsonlSink({ to: file('links.edges.jsonl'), kind: 'edge' }),
  ]
  expect(await run(sinks(), { items: 2 })).toEqual([])
  expect(await run(sinks())).toEqual([])
  await rm(file('pages.csv'))
  const lack = (count: string) =>
    `is empty, although earlier runs wrote ${count} to it: only what comes from now on will be in it.`
  expect(await run(sinks(), { edges: 1 })).toEqual([`pages.csv ${lack('2 outputs')}`])
  await rm(file('links.edges.jsonl'))
  expect(await run(sinks())).toEqual([
    `pages.csv ${lack('2 outputs')}`,
    `links.edges.jsonl ${lack('1 output')}`,
  ])
  // Who does not know what kinds there were says nothing.
  expect(await run(sinks(), {}, {})).toEqual([])
})

test('a sink that is new to a crawl whose outputs are gone is told, whatever it is', async () => {
  const { run, file } = await openCrawl()
  const old = () => createJsonlSink({ to: file('g.jsonl') })
  expect(await run([old(), createCallbackSink(() => {}, 'my function')], { items: 2 })).toEqual([])
  const sentence = 'is new to this crawl: it gets what comes from now on.'
  const added = () => createJsonlSink({ to: file('g2.jsonl') })
  expect(await run([old(), added()], {}, {})).toEqual([`g2.jsonl ${sentence}`])
  expect(await run([added()], { items: 1 })).toEqual([`g2.jsonl ${sentence}`])
  expect(await run([createCallbackSink(() => {}, 'my function')])).toEqual([`my function ${sentence}`])
})

test('a sink that is new to a crawl without outputs lacks nothing', async () => {
  const { run, file } = await openCrawl()
  expect(await run([createJsonlSink({ to: file('g.jsonl') })])).toEqual([])
  expect(await run([createJsonlSink({ to: file('g2.jsonl') })])).toEqual([])
})

test('a sink that is new gets what the others still lack, and is told only of what is gone', async () => {
  const { run, file } = await openCrawl()
  const full: Sink = {
    ...createJsonlSink({ to: file('full.jsonl') }),
    write: () => Promise.reject(new Error('the disk is full')),
  }
  await expect(run([full], { items: 1 })).rejects.toThrow('the disk is full')
  const received: unknown[] = []
  const callback = createCallbackSink(({ value }) => void received.push(value), 'my function')
  expect(await run([callback])).toEqual([])
  expect(received).toHaveLength(1)
})
