import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCrawler, createHttpCache } from 'regatta'
import { CrawlRecording, createReplay, readHar, writeHar } from 'regatta/testing'
import { expect, onTestFinished, test } from 'vitest'
import { archiveOf, entryOf } from './entries.ts'
import { titles } from './titles.ts'

const page = (url: string, text: string) =>
  entryOf({ request: { url }, response: { content: { text, mimeType: 'text/html' } } })

const proxies = Array.from({ length: 10 }, (_, n) => `socks5://192.0.2.${n + 1}:1080`)

async function startSite(pages: Record<string, string>) {
  let asked = 0
  const server = createServer(({ url = '' }, answer) => {
    asked++
    const found = pages[url]
    answer.writeHead(found === undefined ? 404 : 200, { 'content-type': 'text/html' }).end(found)
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return { base, asked: () => asked, close: () => server.closeAllConnections() }
}

test('a miss ends its request after one attempt, blames none of ten proxies, and its host serves on', async () => {
  const transport = createReplay([archiveOf(page('https://shop.example/', '<a href="/gone">'))])
  await using crawler = await createCrawler({ proxies, transport, politeness: false })
  const crawl = crawler.crawl(titles, { base: 'https://shop.example/' })
  const summary = await crawl.run()
  expect(summary).toMatchObject({ pages: 1, failed: 1, attempts: 2, proxies: { healthy: 10, open: 0 } })
  expect(summary.deadLetters).toMatchObject([{ code: 'not-recorded', url: 'https://shop.example/gone' }])
  expect(crawler.stats().hosts['shop.example']).toMatchObject({ state: 'serving' })
  await expect(crawler.fetch('https://other.example/')).rejects.toMatchObject({
    code: 'TASK_FAILED',
    value: { reason: 'not-recorded', attempts: 1 },
  })
})

test('a program records what its crawler brought, and repeats it', async () => {
  const site = await startSite({ '/': '<title>home</title><a href="/a">', '/a': '<title>a</title>' })
  const recording = new CrawlRecording()
  {
    await using crawler = await createCrawler({ direct: true, record: recording.keep, politeness: false })
    recording.follow(crawler)
    await crawler.crawl(titles, { base: site.base }).run()
  }
  const asked = site.asked()
  const archive = readHar(writeHar(recording.exchanges), 'site.har')
  await using crawler = await createCrawler({ offline: true, transport: createReplay([archive]) })
  const found: string[] = []
  for await (const { title } of crawler.crawl(titles, { base: site.base })) found.push(title)
  expect(found).toEqual(['home', 'a'])
  expect(site.asked()).toBe(asked)
})

test('a function that records and throws loses that exchange, and nothing else', async () => {
  const site = await startSite({ '/': 'x' })
  const record = () => {
    throw new Error('full')
  }
  await using crawler = await createCrawler({ direct: true, record })
  const alerts: string[] = []
  crawler.on('alert', ({ message }) => alerts.push(message))
  expect((await crawler.fetch(site.base)).status).toBe(200)
  expect(alerts).toEqual([expect.stringContaining('record threw')])
})

test('a crawler that is offline answers from its cache, dials nobody, and needs no proxies', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'regatta-offline-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const site = await startSite({ '/': '<title>home</title><a href="/a"><a href="/404">', '/a': '' })
  const cache = await createHttpCache({ to: join(folder, 'pages.db') })
  onTestFinished(() => cache.close())
  {
    await using crawler = await createCrawler({ direct: true, cache, politeness: false })
    await crawler.crawl(titles, { base: site.base }).run()
  }
  const asked = site.asked()
  // What would dial at once: a list on a server, checks, an echo, a filter that nobody passes.
  await using crawler = await createCrawler({
    offline: true,
    cache,
    proxies: site.base,
    use: { country: ['DE'] },
    anonymous: { echoes: [site.base] },
    health: { echoes: [site.base, `${site.base}x`] },
    hosts: { '127.0.0.1': { proxies: { country: ['US'] }, politeness: { interval: 60_000 } } },
  })
  const summary = await crawler.crawl(titles, { base: site.base }).run()
  expect(summary).toMatchObject({ pages: 2, items: 2, gone: 1, attempts: 0 })
  await expect(crawler.fetch(`${site.base}new`)).rejects.toMatchObject({ value: { reason: 'not-recorded' } })
  const own = crawler.crawl(titles, { base: `${site.base}new` }, { use: { country: ['FR'] } })
  expect((await own.run()).deadLetters).toMatchObject([{ code: 'not-recorded' }])
  expect(site.asked()).toBe(asked)
})
