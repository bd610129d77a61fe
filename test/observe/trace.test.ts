import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { type Crawler, createCrawler } from '../../src/face/crawler.ts'
import { type Lab, startLab } from '../../src/lab/index.ts'
import { attachTrace, traceableOptions } from '../../src/observe/trace.ts'
import type { CrawlerOptions } from '../../src/options/options.ts'

/** A real crawl through real proxies with passwords: one good, one dead, one that the site limits. */
let lab: Lab
beforeAll(async () => {
  lab = await startLab({
    origins: {
      site: { site: { pages: 20 } },
      strict: { limit: { perIp: { requests: 1, perMs: 60_000 }, retryAfterSeconds: 7 } },
    },
    proxies: [
      { name: 'good', count: 2, protocol: 'http', auth: { username: 'skipper', password: 'hush-hush' } },
      { name: 'dead', fault: 'dead', auth: { username: 'skipper', password: 'hush-hush' } },
    ],
  })
})
afterAll(() => lab?.close())

const options = (): CrawlerOptions => ({
  proxies: [...lab.proxies],
  politeness: { interval: 0 },
  headers: { authorization: 'Bearer t0ken', cookie: 'sid=1234' },
  hosts: { '*.lab': { headers: { 'x-key': 'k3y' }, hedge: { max: 2 } } },
  env: { PROXY_URL: 'http://a:b@c.example:1' },
  seed: 3,
})

async function trace(work: (crawler: Crawler) => Promise<unknown>): Promise<Record<string, unknown>[]> {
  const lines: string[] = []
  await using crawler = await createCrawler(options())
  const end = attachTrace(crawler, systemClock, (line) => lines.push(line), options())
  await work(crawler)
  end()
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

const withUser = (url: string) => url.replace('://', '://admin:s3same@')

test('no secret is in a trace: credentials of proxies, users in URLs, headers, environment', async () => {
  const site = lab.origins.site!.url
  const records = await trace(async (crawler) => {
    const urls = [
      `${site}/`,
      withUser(`${site}/page/1`),
      withUser(site).replace('//', '/\\'),
      `${site}/page/2`,
    ]
    await Promise.allSettled(urls.map((url) => crawler.fetch(url)))
  })
  const text = JSON.stringify(records)
  expect(text).toContain(`${site}/page/1`)
  for (const secret of ['skipper', 'hush-hush', 'admin', 's3same', 't0ken', '1234', 'k3y', 'c.example']) {
    expect(text).not.toContain(secret)
  }
  expect(records[0]).toMatchObject({
    trace: 1,
    seed: 3,
    options: { politeness: { interval: 0 }, hosts: { '*.lab': { hedge: { max: 2 } } } },
  })
  expect(records[0]!.proxies).toHaveLength(3)
})

test('an attempt that brought no answer says how far it came and how it broke', async () => {
  const url = `${lab.origins.site!.url}/page/3`
  const dead = lab.proxy('dead').url
  const records = await trace(async (crawler) => {
    const label = crawler.proxies().find(({ id }) => id.includes(new URL(dead).host))!.id
    await crawler.fetch(url, { proxy: label }).catch(() => undefined)
    await crawler.fetch(url)
  })
  const outcomes = records.filter(({ event }) => event === 'outcome')
  expect(outcomes).toContainEqual(
    expect.objectContaining({ verdict: 'dead', fault: { phase: 'dial', cause: 'dial-refused' } }),
  )
  const good = outcomes.find(({ verdict }) => verdict === 'success')
  expect(good).toMatchObject({ status: 200 })
  expect(good).not.toHaveProperty('fault')
  expect(good).not.toHaveProperty('terms')
})

test('a limit says how long it asked to wait', async () => {
  const records = await trace(async (crawler) => {
    const url = `${lab.origins.strict!.url}/bytes/10`
    const patience = AbortSignal.timeout(1_000)
    await Promise.allSettled([1, 2, 3].map((n) => crawler.fetch(`${url}?n=${n}`, { signal: patience })))
  })
  const limited = records.find(({ verdict }) => verdict === 'rate-limited')
  expect(limited).toMatchObject({ status: 429, terms: { retryAfterMs: 7_000 } })
})

test('options are kept as they were given, as far as they are plain', () => {
  class Own {
    readonly name = 'own'
    pick() {
      return []
    }
  }
  const given = { strategy: new Own() as never, hostKey: () => 'all', hedge: false, concurrency: 7 } as const
  expect(traceableOptions(given)).toEqual({ hedge: false, concurrency: 7 })
  expect(traceableOptions({ strategy: 'random', hostKey: 'domain' })).toEqual({
    strategy: 'random',
    hostKey: 'domain',
  })
})
