import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createCrawler, defineSource } from '../../src/index.ts'
import { type Lab, startLab } from '../../src/lab/index.ts'
import { createJsonlSink } from '../../src/sink/index.ts'

/** Crawls of one process that write their outputs to one file. */
let lab: Lab
let folder: string
beforeAll(async () => {
  lab = await startLab({ origins: { site: {} }, proxies: [{ count: 4, latency: 5 }] })
})
afterAll(() => lab?.close())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regatta-sinks-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const open = () => createCrawler({ proxies: [...lab.proxies], politeness: false })

const numbered = defineSource({
  name: 'numbered',
  params: z.object({ from: z.number() }),
  item: z.object({ n: z.number() }),
  robots: false,
  *seeds({ from }) {
    for (let n = from; n < from + 30; n++) yield { url: `${lab.origins.site!.url}/bytes/64?n=${n}`, data: n }
  },
  *parse(page) {
    yield page.item({ n: page.request.data as number })
  },
})

const numbersIn = async (path: string): Promise<number[]> =>
  (await readFile(path, 'utf8'))
    .split(/(?<=\n)/)
    .map((line) => JSON.parse(line).n as number)
    .sort((one, other) => one - other)
const upFrom = (from: number) => Array.from({ length: 30 }, (_, n) => from + n)

describe('two crawls with one file', () => {
  it('at the same time: the second is refused and named the file, and the first is whole', async () => {
    const path = join(folder, 'items.jsonl')
    await using one = await open()
    await using other = await open()
    const sinks = () => [createJsonlSink({ to: path })]
    const first = one.crawl(numbered, { from: 0 }, { sinks: sinks() })
    let taken = 0
    for await (const _ of first) {
      if (taken++ > 0) continue
      await expect(other.crawl(numbered, { from: 100 }, { sinks: sinks() }).run()).rejects.toMatchObject({
        code: 'SINK_FAILED',
        message: expect.stringMatching(/items\.jsonl: it is being written by another sink of this process/),
      })
    }
    expect(await first.done).toMatchObject({ items: 30, ending: 'finished' })
    expect(await numbersIn(path)).toEqual(upFrom(0))
  })

  it('one after the other: the file has all of both', async () => {
    const path = join(folder, 'items.jsonl')
    await using crawler = await open()
    for (const from of [0, 30]) {
      await crawler.crawl(numbered, { from }, { sinks: [createJsonlSink({ to: path })] }).run()
    }
    expect(await numbersIn(path)).toEqual([...upFrom(0), ...upFrom(30)])
  })

  it('also when the first was stopped before its end', async () => {
    const path = join(folder, 'items.jsonl')
    await using crawler = await open()
    const sink = createJsonlSink({ to: path })
    const first = crawler.crawl(numbered, { from: 0 }, { sinks: [sink] })
    crawler.once('item', () => void first.stop())
    await first.run()
    const kept = (await numbersIn(path)).length
    await crawler.crawl(numbered, { from: 30 }, { sinks: [sink] }).run()
    expect(await numbersIn(path)).toHaveLength(kept + 30)
  })
})
