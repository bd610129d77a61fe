import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { createCrawler, defineSource } from '../../src/index.ts'

const KiB = 1_024

/** A site of text pages, so many KiB each. */
async function startSite(kib: readonly number[]): Promise<string> {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'text/plain')
    response.end(Buffer.alloc((kib[Number(request.url!.slice(1))] ?? 0) * KiB, 'word '))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('heavy pages are read a few at a time, and one that is too heavy for company alone', async () => {
  const kib = [...Array.from({ length: 24 }, () => 200), 1_500, ...Array.from({ length: 4 }, () => 200)]
  const origin = await startSite(kib)
  let reading = 0
  let most = 0
  let besideTheHeaviest = 0
  const source = defineSource({
    name: 'heavy',
    params: z.object({}),
    item: z.object({ length: z.number() }),
    robots: false,
    *seeds() {
      for (const at of kib.keys()) yield `${origin}/${at}`
    },
    async *parse(page) {
      most = Math.max(most, ++reading)
      await pause(15)
      const { length } = page.text()
      if (length > 1_000 * KiB) besideTheHeaviest = reading - 1
      reading--
      yield page.item({ length })
    },
  })
  // Two mebibytes of memory for what is read, by estimate: three pages of 200 KiB.
  await using crawler = await createCrawler({ direct: true, politeness: false, bodies: { total: KiB * KiB } })
  const lengths: number[] = []
  for await (const { length } of crawler.crawl(source)) lengths.push(length)
  expect(lengths.toSorted((one, two) => one - two)).toEqual(
    kib.map((each) => each * KiB).toSorted((one, two) => one - two),
  )
  expect(most).toBeLessThanOrEqual(3)
  expect(besideTheHeaviest).toBe(0)
})

test('pages that come together are read one after the other, where reading them does not wait', async () => {
  const body = gzipSync(randomBytes(200 * KiB).toString('hex'))
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'gzip' }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  let reading = 0
  let most = 0
  const source = defineSource({
    name: 'together',
    params: z.object({}),
    item: z.object({ url: z.string() }),
    robots: false,
    *seeds() {
      for (let at = 0; at < 64; at++) yield `${origin}/${at}`
    },
    *parse(page) {
      most = Math.max(most, ++reading)
      const until = performance.now() + 5
      while (performance.now() < until); // the bodies of others come meanwhile
      yield page.item({ url: page.url })
      reading--
    },
  })
  await using crawler = await createCrawler({ direct: true, politeness: false })
  const { pages } = await crawler.crawl(source).run()
  expect([pages, most]).toEqual([64, 1])
})

test('a page over its budget ends with a verdict that says why, and the others go on', async () => {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/xml')
    response.end(request.url === '/deep' ? '<a>'.repeat(50_000) : '<a>fine</a>')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const source = defineSource({
    name: 'trees',
    params: z.object({}),
    item: z.object({ text: z.string() }),
    robots: false,
    *seeds() {
      yield `${origin}/deep`
      yield `${origin}/fine`
    },
    *parse(page) {
      yield page.item({ text: page.$('a').text() })
    },
  })
  await using crawler = await createCrawler({ direct: true, politeness: false })
  const summary = await crawler.crawl(source).run()
  expect(summary).toMatchObject({ pages: 1, items: 1 })
  expect(summary.deadLetters).toMatchObject([
    { code: 'page-over-budget', detail: expect.stringContaining('nest more than 512 deep') as string },
  ])
})

test('of a page with more links than one page may have, the first are followed and the rest is counted', async () => {
  const origin = await startSite([1])
  const source = defineSource({
    name: 'links',
    params: z.object({}),
    item: z.object({}),
    robots: false,
    *seeds() {
      yield `${origin}/0`
    },
    *parse(page) {
      yield page.follow(Array.from({ length: 101_000 }, (_, at) => `${origin}/to/${at}`))
    },
  })
  await using crawler = await createCrawler({ direct: true, politeness: false })
  const summary = await crawler.crawl(source, {}, { maxPages: 1, traps: false }).run()
  expect([...summary.trapped, ...summary.leftOut]).toContainEqual(
    expect.objectContaining({ reason: 'links of one page', count: 1_000 }),
  )
})
