import type { ServerResponse } from 'node:http'
import { expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { createCrawler } from '../../src/face/crawler.ts'
import type { CrawlerOptions } from '../../src/options/options.ts'
import { defineSource } from '../../src/source/define-source.ts'
import { bodiesIn, testFolder } from '../transport/spill.ts'
import { until } from '../transport/world.ts'
import { type Request, sendPage, startExits } from './exits.ts'

/** A large body is in a file while it is held, and whatever becomes of it, none is left behind. */
const large = `<html><body>${'<p>Much is said here, and all of it is the same.</p>'.repeat(8_000)}</body></html>`
const html = { 'content-type': 'text/html; charset=utf-8' }
const sendLarge = (response: ServerResponse) => void response.writeHead(200, html).end(large)

async function open(
  count: number,
  answer: (request: Request, response: ServerResponse) => void,
  options: CrawlerOptions = {},
) {
  const dir = testFolder()
  const exits = await startExits(count, answer)
  const bodies = { dir, memory: 65_536 }
  const proxies = [...exits.proxies]
  const crawler = await createCrawler({
    proxies,
    bodies,
    politeness: false,
    hedge: false,
    seed: 1,
    ...options,
  })
  onTestFinished(() => crawler.stop())
  return { dir, crawler, exits }
}

/** The first exit that is asked answers, and nobody else ever does. */
function onlyTheFirst() {
  let first: number | undefined
  return ({ exit }: Request, response: ServerResponse) => {
    first ??= exit
    if (exit === first) sendLarge(response)
  }
}

const isHeld = (dir: string, asked: readonly Request[]) => () =>
  asked.length > 1 && bodiesIn(dir).length === 1

it('what is handed over unproven is whole, and is the only file', async () => {
  const { dir, crawler } = await open(3, onlyTheFirst())
  const response = await crawler.fetch('http://site.test/large')
  expect(response.trust).toBe('unproven')
  expect(bodiesIn(dir)).toHaveLength(1)
  expect(await response.text()).toBe(large)
  await crawler.stop()
  expect(bodiesIn(dir)).toEqual([])
})

it('of those that agree one file is kept', async () => {
  const { dir, crawler, exits } = await open(4, (_, response) => sendLarge(response))
  const response = await crawler.fetch('http://site.test/large', { verify: 3 })
  expect(response.trust).toBe('agreed')
  expect(exits.asked.length).toBeGreaterThanOrEqual(3)
  await until(() => bodiesIn(dir).length === 1)
  expect(await response.text()).toBe(large)
})

it('a caller who goes away leaves none', async () => {
  const { dir, crawler, exits } = await open(3, onlyTheFirst())
  const signal = new AbortController()
  const answer = crawler.fetch('http://site.test/large', { verify: 3, signal: signal.signal })
  const failed = expect(answer).rejects.toThrow()
  await until(isHeld(dir, exits.asked))
  signal.abort()
  await failed
  await until(() => bodiesIn(dir).length === 0)
})

it('a crawler that stops leaves none', async () => {
  const { dir, crawler, exits } = await open(3, onlyTheFirst())
  const failed = expect(crawler.fetch('http://site.test/large', { verify: 3 })).rejects.toThrow()
  await until(isHeld(dir, exits.asked))
  await crawler.stop()
  await failed
  expect(bodiesIn(dir)).toEqual([])
})

it('a redirect that is believed leaves none, however much it says', async () => {
  const { dir, crawler } = await open(3, ({ path }, response) => {
    if (path === '/old') response.writeHead(302, { ...html, location: '/new' }).end(large)
    else sendPage(path, response)
  })
  const response = await crawler.fetch('http://site.test/old', { verify: 3 })
  expect([response.url, response.trust]).toEqual(['http://site.test/new', 'agreed'])
  await until(() => bodiesIn(dir).length === 0)
})

it('a redirect that goes round leaves none', async () => {
  const { dir, crawler } = await open(3, (_, response) => {
    response.writeHead(302, { ...html, location: '/old' }).end(large)
  })
  await expect(crawler.fetch('http://site.test/old', { verify: 3 })).rejects.toThrow('lead back')
  await until(() => bodiesIn(dir).length === 0)
})

const pages = defineSource({
  name: 'pages',
  params: z.object({}),
  item: z.object({ url: z.string(), size: z.number() }),
  *seeds() {
    for (let n = 0; n < 4; n++) yield `http://site.test/${n}`
  },
  *parse(page) {
    yield page.item({ url: page.url, size: page.body.length })
  },
})

it.each(['drain', 'stop'] as const)(
  'a crawl that is told to %s leaves none, and loses no page',
  async (how) => {
    let isSilent = true
    let first: number | undefined
    const { dir, crawler, exits } = await open(
      3,
      ({ exit }, response) => {
        first ??= exit
        if (exit === first || !isSilent) sendLarge(response)
      },
      { state: testFolder(), timeouts: { firstByte: 300, total: 500 } },
    )
    const crawl = crawler.crawl(pages, {})
    const ended = crawl.run()
    await until(() => exits.asked.length > 1 && bodiesIn(dir).length >= 1)
    await (how === 'drain' ? crawl.drain() : crawl.stop())
    await ended
    await until(() => bodiesIn(dir).length === 0)
    isSilent = false
    const again = crawler.crawl(pages, {})
    const summary = await again.run()
    expect(summary).toMatchObject({ pages: 4, items: 4, failed: 0 })
    await until(() => bodiesIn(dir).length === 0)
  },
)
