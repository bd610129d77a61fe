import { describe, expect, it, onTestFinished } from 'vitest'
import { coingecko } from '../../plugins/coingecko.ts'
import { fred } from '../../plugins/fred.ts'
import { stooq } from '../../plugins/stooq.ts'
import { yahooFinance } from '../../plugins/yahoo-finance.ts'
import type { Source } from '../../src/contracts/source.ts'
import { createCrawler } from '../../src/face/crawler.ts'
import { fredMissing, fredObservations } from '../../src/lab/emulations/fred-series.ts'
import { stooqDays } from '../../src/lab/emulations/stooq-csv.ts'
import { startLab } from '../../src/lab/lab.ts'
import type { Scenario } from '../../src/lab/scenario.ts'
import type { CrawlerOptions } from '../../src/options/options.ts'

/** The mixed fleet in small: two thirds are honest, and the others fail in every way that the lab knows. */
const honest = 12
const around = (medianMs: number) => ({ kind: 'lognormal' as const, medianMs, sigma: 0.3 })
const mixed: Scenario['proxies'] = [
  { name: 'fast', count: 9, latency: around(10) },
  { name: 'slow', count: 3, latency: around(60) },
  { name: 'flaky', count: 2, latency: around(10), flaky: { request: 0.5, failures: ['reset', 'mid-body'] } },
  { name: 'refusing', count: 2, fault: 'dead' },
  { name: 'hanging', count: 1, fault: 'blackhole' },
  { name: 'injecting', count: 1, latency: around(10), fault: { kind: 'inject', style: 'replace' } },
]

interface Wish {
  readonly emulates: Scenario['origins'][string]['emulates']
  readonly proxies?: Scenario['proxies']
  readonly options?: CrawlerOptions
}

/** Crawls an emulated service, and says what came and what it saw. */
async function crawl(source: Source, params: object, { emulates, proxies = mixed, options }: Wish) {
  const lab = await startLab({ origins: { service: { emulates } }, proxies })
  onTestFinished(() => lab.close())
  const crawler = await createCrawler({
    proxies: [...lab.proxies],
    politeness: { interval: 10, hostInterval: 1 },
    // A proxy that hangs costs a session its time, and a test too.
    timeouts: { dial: 1_500, handshake: 1_500 },
    ...options,
  })
  onTestFinished(() => crawler.stop())
  const items: Record<string, unknown>[] = []
  crawler.on('item', ({ value }) => items.push(value as Record<string, unknown>))
  const { url } = lab.origins.service!
  const summary = await crawler.crawl(source, { ...params, base: url }).run()
  const charged = crawler
    .reputation()
    .filter(({ failure, proxy }) => failure > 0 && lab.proxies.indexOf(proxy) < honest)
  const { rows } = (await lab.books()).origins.service!
  const count = (kind: string) => items.filter((item) => item.kind === kind).length
  return { items, summary, rows, charged, count }
}

const lab = (count: number) =>
  Array.from({ length: count }, (_, at) => `LAB${String(at + 1).padStart(4, '0')}`)

const key = 'abcdefghijklmnopqrstuvwxyz012345'

describe('through a mixed fleet nothing is lost, and no honest proxy is charged', () => {
  it('yahoo-finance: every symbol comes, and no crumb is shown from another address than its own', async () => {
    const symbols = [...lab(20), '^GSPC', 'BRK-B', 'EURUSD=X', 'RELIANCE.NS', 'BTC-USD', 'GONE']
    const emulates = { service: 'yahoo-finance' as const, scale: 0.01 }
    const { items, summary, rows, charged, count } = await crawl(
      yahooFinance,
      { symbols, what: 'both' },
      { emulates },
    )
    expect(summary).toMatchObject({ failed: 0, ending: 'finished' })
    // 65 weekdays of a quarter, of which one is a holiday; every day of it for a coin.
    expect(count('bar')).toBe(24 * 64 + 90)
    expect([count('dividend'), count('split'), count('quote')]).toEqual([22, 22, 25])
    expect(summary.leftOut).toMatchObject([{ reason: 'no-symbol', count: 1 }])
    const euro = items.find(({ kind, symbol }) => kind === 'bar' && symbol === 'EURUSD=X')
    expect(euro).toMatchObject({ date: '2024-01-01' })
    expect(charged).toEqual([])
    const addresses = Map.groupBy(
      rows.filter(({ crumb }) => crumb !== ''),
      ({ crumb }) => crumb,
    )
    for (const [crumb, shown] of addresses)
      expect(new Set(shown.map(({ exitIp }) => exitIp)).size, crumb).toBe(1)
    expect(rows.filter(({ status }) => status === 401)).toEqual([])
  })

  it('stooq: the tables come, and errors and missing data that are sent as good answers are known', async () => {
    const symbols = [...lab(15).map((each) => `${each.toLowerCase()}.us`), 'eurusd', 'nope.us']
    const { items, summary, charged, count } = await crawl(
      stooq,
      { symbols, what: 'both' },
      { emulates: 'stooq' },
    )
    expect(summary).toMatchObject({ failed: 0, ending: 'finished' })
    expect([count('bar'), count('quote')]).toEqual([16 * stooqDays, 16])
    expect(summary.leftOut).toMatchObject([{ reason: 'no-data', count: 2 }])
    expect(items.filter(({ symbol, volume }) => symbol === 'eurusd' && volume !== null)).toEqual([])
    expect(charged).toEqual([])
  })

  it('fred: all pages of all series come, and the key goes with each', async () => {
    const { items, summary, rows, charged, count } = await crawl(
      fred,
      { series: [...lab(5), 'NOPE'], pageSize: 200 },
      {
        emulates: { service: 'fred', scale: 0.01, seed: 7 },
        options: { env: { FRED_API_KEY: key }, politeness: { interval: 10, hostInterval: 6 } },
      },
    )
    expect(summary).toMatchObject({ failed: 0, ending: 'finished' })
    const numbers = [1, 2, 3, 4, 5]
    const sum = (of: (seed: number, number: number) => number) =>
      numbers.reduce((all, number) => all + of(7, number), 0)
    expect([count('series'), count('observation')]).toEqual([5, sum(fredObservations)])
    expect(items.filter(({ kind, value }) => kind === 'observation' && value === null)).toHaveLength(
      sum(fredMissing),
    )
    expect(summary.leftOut).toMatchObject([{ reason: 'no-series', count: 2 }])
    expect(rows.filter(({ status }) => status === 429)).toEqual([])
    expect(JSON.stringify([items, summary])).not.toContain(key)
    expect(charged).toEqual([])
  })

  it('coingecko: each coin comes once, and no 429 is met at the pace that it declares', async () => {
    // Ten a minute, a hundred times as fast.
    const { items, summary, rows, charged } = await crawl(
      coingecko,
      { pageSize: 50 },
      {
        emulates: { service: 'coingecko', scale: 0.01 },
        options: { politeness: { interval: 60 } },
      },
    )
    expect(summary).toMatchObject({ failed: 0, ending: 'finished' })
    expect(new Set(items.map(({ id }) => id)).size).toBe(600)
    expect(items).toHaveLength(600)
    expect(rows.filter(({ status }) => status === 429)).toEqual([])
    expect(charged).toEqual([])
  })
})

it('yahoo-finance: a crumb that grows old is fetched anew on its own exit, and nothing is lost', async () => {
  const { summary, rows, charged, count } = await crawl(
    yahooFinance,
    { symbols: lab(60) },
    // An hour, after which a crumb is no good, is a fifth of a second.
    {
      emulates: { service: 'yahoo-finance', scale: 0.00006 },
      proxies: [{ count: 3, latency: 15 }],
    },
  )
  expect(summary).toMatchObject({ failed: 0, ending: 'finished' })
  expect(count('bar')).toBe(60 * 64)
  expect(rows.filter(({ status }) => status === 401).length).toBeGreaterThan(0)
  const shown = Map.groupBy(
    rows.filter(({ crumb }) => crumb !== ''),
    ({ crumb }) => crumb,
  )
  for (const some of shown.values()) expect(new Set(some.map(({ exitIp }) => exitIp)).size).toBe(1)
  expect(charged).toEqual([])
})

it('stooq: a page goes over another address when one has had its hits for today', async () => {
  const symbols = lab(120).map((each) => `${each.toLowerCase()}.us`)
  const proxies = [
    { name: 'near', count: 1, latency: 1 },
    { name: 'far', count: 3, latency: 20 },
  ]
  const world = await startLab({
    origins: { service: { emulates: { service: 'stooq', size: 120 } } },
    proxies,
  })
  onTestFinished(() => world.close())
  const base = world.origins.service!.url
  const run = async (list: readonly string[], some: readonly string[]) => {
    const options = { trust: 'blind', concurrency: 8, politeness: { interval: 1 } } as const
    await using crawler = await createCrawler({ proxies: [...list], ...options })
    const summary = await crawler.crawl(stooq, { symbols: [...some], base }).run()
    return { summary, charged: crawler.reputation().filter(({ failure }) => failure > 0) }
  }
  // The first address has had its 60 hits, or nearly so.
  expect((await run(world.proxies.slice(0, 1), symbols.slice(0, 54))).summary.failed).toBe(0)
  const { summary, charged } = await run(world.proxies, symbols)
  expect(summary).toMatchObject({ failed: 0, items: 120 * stooqDays, ending: 'finished' })
  expect(charged).toEqual([])
  const { rows } = (await world.books()).origins.service!
  const told = rows.filter(({ bytes }) => bytes === 'Exceeded the daily hits limit'.length)
  expect(told.length).toBeGreaterThan(0)
  // What was under way is told too; after that the address is left alone.
  expect(told.length).toBeLessThanOrEqual(16)
  expect(new Set(told.map(({ exitIp }) => exitIp)).size).toBe(1)
})
