import { z } from 'zod'
import type { CrawlSummary } from '../../src/contracts/crawl.ts'
import type { SourceSessions } from '../../src/contracts/source-session.ts'
import { type Crawler, createCrawler } from '../../src/face/crawler.ts'
import type { OriginRow } from '../../src/lab/books.ts'
import { parseScenario, type Scenario } from '../../src/lab/scenario.ts'
import { type CrawlerOptions, parseOptions } from '../../src/options/options.ts'
import { createVirtualClock } from '../../src/sim/clock.ts'
import { ScenarioWorld } from '../../src/sim/scenario-world.ts'
import { SimulatedTransport } from '../../src/sim/transport.ts'
import { defineSource } from '../../src/source/define-source.ts'

/**
 * Quotes that want a crumb, which is good for the address that fetched it, with its cookie, for a minute. The lab's own origin
 * judges and keeps the book, on virtual time.
 */
export interface CrumbRun {
  readonly summary: CrawlSummary
  readonly symbols: ReadonlySet<string>
  /** What the origin saw. */
  readonly rows: readonly OriginRow[]
  /** Requests that showed a crumb that another address had fetched. */
  readonly foreign: number
  /** By status, of quotes alone. */
  readonly quotes: ReadonlyMap<number, number>
  readonly crumbs: number
  /** Failures in the record of proxies that never died. */
  readonly charged: number
  /** Proxies that never died, and whose breaker has been open. */
  readonly opened: readonly string[]
  readonly virtualMs: number
}

export interface CrumbWish {
  readonly symbols: number
  readonly proxies: number
  /** Proxies that die one after the other while it runs. */
  readonly dying: number
  /** Milliseconds between two deaths. */
  readonly dieEveryMs: number
  readonly crumbMs: number
  /** Requests that the site takes from one address in a minute. Default: any number. */
  readonly perMinute?: number
  /** Undefined: no session at all; the crumb is fetched once and shown by everybody. */
  readonly session: Pick<SourceSessions, 'maxAge' | 'maxUses' | 'size' | 'invalid'> | undefined
  readonly options?: CrawlerOptions
}

const site = 'https://quotes.lab'

function quotesOf(symbols: number, session: CrumbWish['session']) {
  return defineSource({
    name: 'quotes',
    params: z.object({}),
    item: z.object({ symbol: z.string(), price: z.number() }),
    robots: false,
    async *seeds(_, context) {
      const shared = session ? '' : `&crumb=${await (await context.fetch(`${site}/crumb`)).text()}`
      for (let n = 0; n < symbols; n++) yield `${site}/quote?symbol=S${n}${shared}`
    },
    *parse(page) {
      yield page.item(page.json() as { symbol: string; price: number })
    },
    ...(session && {
      session: {
        acquire: async (fetch) => ({ query: { crumb: await (await fetch(`${site}/crumb`)).text() } }),
        ...session,
      },
    }),
  })
}

export async function runCrumbs(wish: CrumbWish): Promise<CrumbRun> {
  const { symbols, proxies, dying, dieEveryMs, crumbMs, perMinute } = wish
  const limit = perMinute !== undefined && { perIp: { requests: perMinute, perMs: 60_000, burst: 5 } }
  const scenario: Scenario = {
    origins: { quotes: { tls: true, crumb: { ttlMs: crumbMs }, latency: 80, ...(limit && { limit }) } },
    proxies: [
      { name: 'steady', count: proxies - dying, latency: 60 },
      ...(dying > 0 ? [{ name: 'mortal', count: dying, latency: 60 }] : []),
    ],
    timeline: Array.from({ length: dying }, (_, n) => ({
      atMs: (n + 1) * dieEveryMs,
      of: `mortal-${n + 1}`,
      set: { fault: 'dead' },
    })),
    bookRows: 1_000_000,
  }
  const clock = createVirtualClock()
  const world = new ScenarioWorld(parseScenario(scenario), clock, parseOptions({ direct: true }))
  const transport = new SimulatedTransport(clock, world, { keepsVisits: false })
  const crawler: Crawler = await createCrawler({
    seed: 7,
    proxies: world.proxies.map(({ url }) => url),
    ...wish.options,
    clock,
    transport,
  })
  const mortal = new Set(
    world.proxies.filter(({ role }) => role.name.startsWith('mortal')).map(({ url }) => url),
  )
  const isMortal = (label: string) => mortal.has(world.proxyOf(label)!.url)
  const opened: string[] = []
  crawler.on('proxy.state', ({ proxy, to }) => {
    if (to === 'open' && !isMortal(proxy)) opened.push(proxy)
  })
  const found = new Set<string>()
  const crawl = crawler.crawl(quotesOf(symbols, wish.session))
  crawler.on('item', ({ value }) => found.add((value as { symbol: string }).symbol))
  let summary: CrawlSummary | undefined
  crawl.run().then((value) => {
    summary = value
  })
  await clock.runUntil(() => summary !== undefined, 86_400_000)
  const virtualMs = clock.now()
  const failures = crawler.reputation().filter(({ host, proxy }) => host !== undefined && !isMortal(proxy))
  const charged = failures.reduce((sum, { failure }) => sum + failure, 0)
  const { rows } = world.hosts[0]!.reception.book()
  await crawler.stop()
  world.close()

  const fetchedBy = new Map<string, string>()
  const quotes = new Map<number, number>()
  let foreign = 0
  let crumbs = 0
  for (const { path, crumb, exitIp, status } of rows) {
    if (path === '/crumb') {
      fetchedBy.set(crumb, exitIp)
      crumbs++
    } else if (path.startsWith('/quote')) {
      quotes.set(status, (quotes.get(status) ?? 0) + 1)
      // One that was turned away at the gate has shown nothing.
      if (status !== 429 && fetchedBy.get(crumb) !== exitIp) foreign++
    }
  }
  return { summary: summary!, symbols: found, rows, foreign, quotes, crumbs, charged, opened, virtualMs }
}
