import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openSqliteFrontier } from '../../src/frontier/sqlite/open.ts'
import { createJsonlSink } from '../../src/sink/jsonl.ts'
import { folder, open, pages, until } from './lying-exit.ts'

/** Exits contradict each other in one run of a crawl, and another one goes on. */
async function twoRuns() {
  const { scene, trust, alerts } = await open()
  trust.level = 'agreed'
  const path = join(await folder(), 'pages.jsonl')
  const state = join(await folder(), 'crawl.db')
  const run = async (count: number, after: (done: number, stop: () => void) => void) => {
    const frontier = await openSqliteFrontier({ path: state, clock: scene.clock, inline: true })
    const sinks = [createJsonlSink({ to: path, kind: 'item' })]
    const crawl = scene.crawler.crawl(pages, { count }, { frontier, sinks })
    let done = 0
    const settled = () => after(++done, () => void crawl.drain())
    scene.crawler.on('request.done', settled)
    const summary = await until(scene, crawl.run())
    scene.crawler.off('request.done', settled)
    await frontier.close()
    return summary
  }
  const lines = async () =>
    (await readFile(path, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { n: number; _trust?: string })
  return { trust, alerts, run, lines }
}

it('a crawl that goes on knows that they did, and marks what it could not mark before', async () => {
  const { trust, alerts, run, lines } = await twoRuns()
  const first = await run(20, (done, stop) => {
    if (done !== 8) return
    trust.contested('target.test')
    stop()
  })
  expect(first).toMatchObject({ ending: 'interrupted' })
  expect(first.queued).toBeGreaterThan(8)
  const second = await run(20, () => {})
  expect(second).toMatchObject({ ending: 'finished', pages: 20, items: 20, marked: 40 })
  const items = await lines()
  expect(items.map(({ n }) => n).sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n))
  expect(items.every(({ _trust }) => _trust === 'contested')).toBe(true)
  expect(alerts).toContainEqual(
    expect.stringMatching(
      /^EXITS_CONTRADICT: Exits contradicted each other in an earlier run about pages of target\.test\./,
    ),
  )
})

it('pages of earlier runs that nobody remembers are told of', async () => {
  const { trust, alerts, run, lines } = await twoRuns()
  await run(20, (done, stop) => {
    if (done === 8) stop()
  })
  const plain = (await lines()).length
  await run(20, (done) => {
    if (done === 1) trust.contested('target.test')
  })
  const items = await lines()
  expect(items).toHaveLength(20)
  expect(items.filter(({ _trust }) => _trust === undefined)).toHaveLength(plain)
  expect(alerts).toEqual([expect.stringMatching(/^NOT_CORRECTED: Not marked: .*those of earlier runs/)])
})

it('a crawl that has come to its end forgets it, so that others can be asked', async () => {
  const { trust, alerts, run } = await twoRuns()
  expect(await run(6, (done) => done === 2 && trust.contested('target.test'))).toMatchObject({ marked: 12 })
  expect(await run(12, () => {})).toMatchObject({ pages: 12, items: 12, marked: 12 })
  expect(alerts).toEqual([])
})
