import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { RegattaError } from '../../src/contracts/errors.ts'
import type { Credentials } from '../../src/contracts/source-session.ts'
import type { TransportCall } from '../../src/contracts/transport.ts'
import type { CrawlerOptions } from '../../src/options/options.ts'
import type { SimulatedAttempt } from '../../src/sim/transport.ts'
import { defineSource } from '../../src/source/define-source.ts'
import { good, openScene, proxyList } from '../faults/simulation.ts'

/** Crawls five pages of a shop that wants a key. */
async function crawlShop(
  credentials: () => Credentials | undefined,
  answers: (call: TransportCall) => SimulatedAttempt = () => good,
  options: CrawlerOptions = {},
) {
  const seen: string[] = []
  const scene = await openScene({ politeness: false, proxies: proxyList(4), ...options }, (call) => {
    const { url, headers } = call.request
    seen.push(`${url} ${headers['x-key'] ?? '-'}`)
    return answers(call)
  })
  const source = defineSource({
    name: 'shop',
    params: z.object({}),
    item: z.object({ url: z.string() }),
    robots: false,
    credentials,
    *seeds() {
      for (let n = 0; n < 5; n++) yield `https://shop.test/${n}`
    },
    *parse(page) {
      yield page.item({ url: page.url })
    },
  })
  const said: unknown[] = []
  for (const event of [
    'item',
    'log',
    'alert',
    'attempt.started',
    'outcome',
    'request.done',
    'request.dead',
  ] as const)
    scene.crawler.on(event, (value) => said.push(value))
  const urls: string[] = []
  scene.crawler.on('item', ({ value }) => urls.push((value as { url: string }).url))
  return { scene, seen, said, urls, crawl: scene.crawler.crawl(source) }
}

it('every request carries the key of its source, over any exit, and no address of a page shows it', async () => {
  const { scene, crawl, seen, urls } = await crawlShop(() => ({
    headers: { 'X-Key': 'h-secret' },
    query: { api_key: 'q-secret' },
  }))
  expect(await scene.until(crawl.run())).toMatchObject({ items: 5, failed: 0 })
  expect(new Set(seen)).toEqual(
    new Set([0, 1, 2, 3, 4].map((n) => `https://shop.test/${n}?api_key=q-secret h-secret`)),
  )
  expect(urls.sort()).toEqual([0, 1, 2, 3, 4].map((n) => `https://shop.test/${n}`))
  await scene.end()
})

it('a key stands in no event, no explanation and no file of the state', async () => {
  const state = await mkdtemp(join(tmpdir(), 'regatta-key-'))
  const { scene, crawl, said } = await crawlShop(
    () => ({ headers: { 'x-key': 'h-secret' }, query: { api_key: 'q-secret' } }),
    ({ request }) => (request.url.includes('/3') ? { afterMs: 10, status: 404, body: 'no' } : good),
    { state },
  )
  const summary = await scene.until(crawl.run())
  expect(summary).toMatchObject({ items: 4, failed: 1 })
  const told = JSON.stringify([said, summary, scene.crawler.explain(summary.deadLetters[0]!.url)])
  await scene.end()
  expect(told).not.toMatch(/[hq]-secret/)
  const files = await readdir(state, { recursive: true, withFileTypes: true })
  for (const file of files.filter((each) => each.isFile()))
    expect(await readFile(join(file.parentPath, file.name), 'latin1'), file.name).not.toMatch(/[hq]-secret/)
  await rm(state, { recursive: true })
})

it('a key goes to no other host that a redirect leads to, and to no other origin than its own', async () => {
  const { scene, crawl, seen } = await crawlShop(
    () => ({ headers: { 'x-key': 'secret' }, origin: 'https://api.test/v1' }),
    ({ request }) =>
      request.url.endsWith('/0')
        ? { afterMs: 10, status: 302, headers: { location: 'https://api.test/landed' }, body: '' }
        : good,
  )
  await scene.until(crawl.run())
  expect(seen.filter((each) => !each.endsWith(' -'))).toEqual([])
  await scene.end()
})

it('a key that is missing ends the crawl before anything is sent', async () => {
  const { scene, crawl, seen } = await crawlShop(() => {
    throw new RegattaError('MISSING_API_KEY', 'The shop needs a key. Set SHOP_KEY.', {
      value: { variable: 'SHOP_KEY' },
    })
  })
  await expect(scene.until(crawl.run())).rejects.toMatchObject({ code: 'MISSING_API_KEY' })
  expect(seen).toEqual([])
  await scene.end()
})

it.each([
  ['a text', 'secret', /credentials\(\) of source "shop" returned a string/],
  ['a number among the texts', { query: { key: 3 } }, /returned something else than texts/],
  ['an origin that is none', { origin: 'api.test' }, /returned an origin that is none/],
])('credentials that are %s are told, without showing them', async (_, given, sentence) => {
  const { scene, crawl } = await crawlShop(() => given as Credentials)
  await expect(scene.until(crawl.run())).rejects.toThrow(sentence)
  await scene.end()
})
