import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type CrawlOptions, createCrawler, defineSource } from '../../src/index.ts'

/** Four pages: the front page and `/tagged` have an ETag, `/plain` has none, `/news` changes when told to. */
let server: Server
let asked: { url: string; condition: string | undefined }[] = []
let edition = 1
let isDown = false
let state: string

beforeEach(async () => {
  asked = []
  edition = 1
  isDown = false
  state = await mkdtemp(join(tmpdir(), 'regatta-revisit-'))
  server = createServer((request, response) => {
    asked.push({ url: request.url!, condition: one(request, 'if-none-match') })
    const page = (body: string, etag?: string) => {
      if (etag !== undefined && one(request, 'if-none-match') === etag) {
        response.writeHead(304, { etag }).end()
        return
      }
      const html = `<html><head><title>${request.url}</title></head><body><p>${body}</p></body></html>`
      response.writeHead(200, { 'content-type': 'text/html', ...(etag && { etag }) }).end(html)
    }
    if (request.url === '/')
      page('<a href="/tagged">1</a> <a href="/plain">2</a> <a href="/news">3</a>', '"front"')
    else if (request.url === '/tagged') page('a page with a tag', '"tag"')
    else if (request.url === '/plain') page('a page without a tag')
    else if (request.url === '/news' && isDown) response.writeHead(500).end('ill')
    else if (request.url === '/news') page(`the news, edition ${edition}`, `"news-${edition}"`)
    else response.writeHead(404).end('none')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await rm(state, { recursive: true, force: true })
})

const one = (request: IncomingMessage, name: string) => request.headers[name] as string | undefined

const news = defineSource({
  name: 'news',
  params: z.object({}),
  item: z.object({ url: z.string(), text: z.string(), since: z.number().optional() }),
  *seeds() {
    yield `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  },
  *parse(page) {
    yield page.item({
      url: new URL(page.url).pathname,
      text: page.$('p').text(),
      since: page.previous?.fetchedAt,
    })
    yield page.follow('a')
  },
})

async function crawl(options: CrawlOptions, isKept = true) {
  await using crawler = await createCrawler({
    direct: true,
    politeness: false,
    budgets: { target: 1 },
    ...(isKept && { state }),
  })
  const items: { url: string; text: string; since?: number | undefined }[] = []
  const run = crawler.crawl(news, {}, options)
  for await (const item of run) items.push(item)
  return { items, summary: await run.done }
}

describe('a crawl that visits its pages again', () => {
  it('asks only whether they have changed, and parses those that have', async () => {
    const first = await crawl({ revisit: { after: 1 } })
    expect(first.summary).toMatchObject({ pages: 4, items: 4, unchanged: 0 })
    expect(first.items.every(({ since }) => since === undefined)).toBe(true)

    asked = []
    edition = 2
    const before = Date.now()
    const second = await crawl({ revisit: { after: 1 } })
    expect(asked).toHaveLength(4)
    expect(asked.find(({ url }) => url === '/tagged')).toEqual({ url: '/tagged', condition: '"tag"' })
    expect(second.items).toEqual([{ url: '/news', text: 'the news, edition 2', since: expect.any(Number) }])
    expect(second.items[0]!.since).toBeLessThanOrEqual(before)
    expect(second.summary).toMatchObject({ pages: 8, items: 5, unchanged: 3, earlier: { pages: 4 } })

    asked = []
    const third = await crawl({ revisit: { after: 3_600_000 } })
    expect(asked, 'nothing is due').toEqual([])
    expect(third.items).toEqual([])
  })

  it('does not forget a page that was not to be had this time', async () => {
    await crawl({ revisit: { after: 1 } })
    isDown = true
    const ill = await crawl({ revisit: { after: 1 } })
    expect(ill.summary).toMatchObject({ failed: 1, deadLetters: [] })
    isDown = false
    edition = 2
    const well = await crawl({ revisit: { after: 1 } })
    expect(well.items.map(({ text }) => text)).toEqual(['the news, edition 2'])
  })

  it('goes on for ever if asked to, until it is stopped', async () => {
    const signal = AbortSignal.timeout(600)
    const { summary } = await crawl({ revisit: { after: 100, forever: true }, signal }, false)
    expect(summary.pages).toBeGreaterThanOrEqual(8)
    expect(summary.unchanged).toBe(summary.pages - 4)
    expect(summary.ending).toBe('interrupted')
  })
})
