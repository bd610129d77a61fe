import { createCrawler } from '../src/index.ts'
import { findScenario, startLabProcess } from '../src/lab/index.ts'
import { load } from './overhead.ts'
import { rawClient } from './raw.ts'
import { median, type Report, share } from './report.ts'

/**
 * Does a request cost more when thousands are under way? CPU of `crawler.fetch` with 50 and with 5,000 in flight, in
 * turns with raw undici through the same proxies. Five thousand sockets no longer fit a processor's caches, so raw undici
 * grows too, by an amount that is the machine's: what the engine answers for is how much more it grows. Connections are
 * kept, as they would be.
 */
const [few, many] = [50, 5_000]
const idleMax = 60_000

export async function width(report: Report, { requests = 40_000, rounds = 5 } = {}): Promise<void> {
  // Two labs each, with the same host name: five thousand requests need fifteen thousand sockets there, and more at times.
  await using labs = new AsyncDisposableStack()
  const startLab = async (seed: number) =>
    labs.use(
      await startLabProcess({
        ...findScenario('clean-20'),
        origins: { site: { keepAlive: { idleMs: 120_000 } } },
        seed,
      }),
    )
  const [first, second, third, fourth] = await Promise.all([1, 2, 3, 4].map(startLab))
  const url = (lab: typeof first) => `${Object.values(lab!.origins)[0]!.url}/bytes/2048`
  const open = { politeness: false as const, capacity: 20_000, concurrency: 10_000 }
  await using crawler = await createCrawler({
    ...open,
    proxies: [...first!.proxies, ...second!.proxies],
    hedge: false,
    connections: { idleMax },
  })
  const raw = rawClient({ proxies: [...third!.proxies, ...fourth!.proxies] }, url(third), {
    // Without a limit its pools would dial ten thousand: it looks at no pool's load.
    connections: 150,
    idleMax,
  })
  const ourUrl = url(first)
  const ours = async () => {
    const response = await crawler.fetch(ourUrl)
    await response.arrayBuffer()
  }
  for (const one of [raw.fetch, ours]) {
    await load(one, requests / 4, few)
    // Five thousand dials at once would measure the kernel's backlog.
    for (const width of [500, 1_000, 2_000, 3_000, 4_000, many]) await load(one, width * 3, width)
    // The requests in flight shift between proxies until each has kept what it needs.
    await load(one, requests, many)
  }
  const costs: Record<'raw' | 'ours', { few: number; many: number }>[] = []
  const measure = async (one: () => Promise<unknown>) => ({
    few: (await load(one, requests / 2, few)).cpu,
    many: (await load(one, requests, many)).cpu,
  })
  for (let round = 0; round < rounds; round++) {
    costs.push({ raw: await measure(raw.fetch), ours: await measure(ours) })
  }
  await raw.close()
  const growth = (who: 'raw' | 'ours') => median(costs.map((cost) => cost[who].many / cost[who].few))
  const row = (who: 'raw' | 'ours', name: string) => [
    name,
    median(costs.map((cost) => cost[who].few)).toFixed(1),
    median(costs.map((cost) => cost[who].many)).toFixed(1),
    growth(who).toFixed(2),
  ]
  report.table(
    'Width: CPU µs of a request',
    ['in flight', '50', '5,000', 'growth'],
    [row('raw', 'raw undici'), row('ours', 'crawler.fetch')],
  )
  report.figure('5,000 in flight against 50', growth('ours'), share)
  report.atMost("growth against raw undici's", growth('ours') / growth('raw'), 1.5, share)
}
