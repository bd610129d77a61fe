import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { request } from 'undici'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { type CrawlerOptions, createCrawler, defineClassifier, defineSource } from '../../src/index.ts'
import { startLab } from '../../src/lab/index.ts'
import { largeBlocks } from '../../src/lab/origin/large.ts'
import type { TransportOptions } from '../../src/transport/socket-transport.ts'
import { bodiesIn, testFolder } from '../transport/spill.ts'
import { makeTransport, until } from '../transport/world.ts'

const size = 5 * 1024 * 1024 + 7

async function world(more: Partial<CrawlerOptions> = {}, bodies: TransportOptions['bodies'] = {}) {
  const lab = await startLab({ origins: { site: {} }, proxies: [{ count: 2 }] })
  const dir = testFolder()
  const transport = makeTransport({ maxBody: 1e9, bodies: { dir, memory: 1_048_576, ...bodies } })
  // One file for each answer: what becomes of those that are compared, test/trust/held-files.test.ts looks at.
  const own: CrawlerOptions = { proxies: [...lab.proxies], politeness: false, trust: 'blind', transport }
  const crawler = await createCrawler({ ...own, ...more })
  onTestFinished(async () => {
    await crawler.stop()
    await lab.close()
  })
  return { crawler, dir, url: `${lab.origins.site!.url}/large/${size}` }
}

function isWhole(bytes: Uint8Array): boolean {
  return Buffer.compare(bytes, Buffer.concat([...largeBlocks(size)])) === 0
}

async function untilCollected(holds: () => boolean): Promise<void> {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  await until(() => {
    collect()
    return holds()
  })
}

test('a large body streams out of its file, which is gone with the last byte', async () => {
  const { crawler, dir, url } = await world()
  const response = await crawler.fetch(url)
  expect([response.status, response.bodyUsed, bodiesIn(dir).length]).toEqual([200, false, 1])
  const hash = createHash('sha256')
  for await (const chunk of response.body!) hash.update(chunk)
  const whole = createHash('sha256')
  for (const block of largeBlocks(size)) whole.update(block)
  expect(hash.digest('hex')).toBe(whole.digest('hex'))
  expect(response.bodyUsed).toBe(true)
  await until(() => bodiesIn(dir).length === 0)
  await crawler.stop()
  expect(readdirSync(dir)).toEqual([])
})

test('a large body is there for every method that reads one, once', async () => {
  const { crawler, dir, url } = await world()
  expect(isWhole(new Uint8Array(await (await crawler.fetch(url)).arrayBuffer()))).toBe(true)
  expect(isWhole(await (await crawler.fetch(url)).bytes())).toBe(true)
  expect((await (await crawler.fetch(url)).blob()).size).toBe(size)
  const response = await crawler.fetch(url)
  const copy = response.clone()
  expect(isWhole(await copy.bytes())).toBe(true)
  expect(isWhole(await response.bytes())).toBe(true)
  await expect(response.text()).rejects.toThrow(TypeError)
  await until(() => bodiesIn(dir).length === 0)
})

test('a large body that is cancelled leaves no file', async () => {
  const { crawler, dir, url } = await world()
  const response = await crawler.fetch(url)
  const reader = response.body!.getReader()
  await reader.read()
  await reader.cancel()
  await until(() => bodiesIn(dir).length === 0)
})

test('a response that is dropped unread takes its file along', async () => {
  const { crawler, dir, url } = await world()
  await (async () => void (await crawler.fetch(url)).status)()
  expect(bodiesIn(dir)).toHaveLength(1)
  await untilCollected(() => bodiesIn(dir).length === 0)
})

test('a crawl saves large pages, and keeps no body of a page that is settled', async () => {
  const { crawler, dir, url } = await world()
  const folder = testFolder()
  const downloads = defineSource({
    name: 'downloads',
    params: z.object({}),
    item: z.object({ path: z.string(), bytes: z.number(), digest: z.string() }),
    *seeds() {
      for (let number = 0; number < 4; number++) yield `${url}?${number}`
    },
    async *parse(page) {
      yield page.item(await page.save(`${folder}/`))
    },
  })
  const saved: { path: string; bytes: number; digest: string }[] = []
  for await (const item of crawler.crawl(downloads, {}, { robots: false })) saved.push(item)
  expect(new Set(saved.map(({ path }) => path)).size).toBe(4)
  for (const { path } of saved) expect(isWhole(readFileSync(path))).toBe(true)
  expect(readdirSync(folder)).toHaveLength(4)
  await untilCollected(() => bodiesIn(dir).length === 0)
})

test('an attempt that is judged badly leaves no file, and the answer of the next one comes whole', async () => {
  let judged = 0
  const picky = defineClassifier({
    name: 'picky',
    classify: (exchange) => {
      if (exchange.kind === 'fault' || judged++ > 0) return undefined
      return { kind: 'blocked', reason: 'picky' }
    },
  })
  const { crawler, dir, url } = await world({ classifiers: [picky], trust: 'blind' })
  const response = await crawler.fetch(url)
  await until(() => bodiesIn(dir).length === 1)
  expect(isWhole(await response.bytes())).toBe(true)
  expect(response.headers.get('x-regatta-attempts')).toBe('2')
  await until(() => bodiesIn(dir).length === 0)
})

test('a disk that is full for a moment costs a wait, and no proxy its name', async () => {
  let isFull = true
  const openFile = async (path: string) => {
    if (!isFull) return open(path, 'wx')
    isFull = false
    throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
  }
  const { crawler, url } = await world({ trust: 'blind' }, { openFile })
  const before = crawler.reputation()
  const outcomes: { verdict: string; reason: string }[] = []
  crawler.on('outcome', ({ verdict, reason }) => {
    outcomes.push({ verdict, reason })
    if (outcomes.length === 1) expect(crawler.reputation()).toEqual(before)
  })
  expect(isWhole(await (await crawler.fetch(url)).bytes())).toBe(true)
  expect(outcomes).toMatchObject([{ verdict: 'neutral', reason: 'local-disk' }, { verdict: 'success' }])
})

test('the dispatcher hands a large body on', async () => {
  const { crawler, dir, url } = await world()
  const { headers, body } = await request(url, { dispatcher: crawler.dispatcher })
  expect(headers['content-length']).toBe(String(size))
  expect(isWhole(new Uint8Array(await body.arrayBuffer()))).toBe(true)
  await until(() => bodiesIn(dir).length === 0)
})
