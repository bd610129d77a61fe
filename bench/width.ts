import { createCrawler } from '../src/index.ts'
import { findScenario, startLabProcess } from '../src/lab/index.ts'
import { load } from './overhead.ts'
import { median, type Report, share } from './report.ts'

/**
 * Does a request cost more when thousands are under way? CPU of `crawler.fetch` with 50 and with 5,000 in flight, in
 * turns. Connections are kept, as they would be.
 */
export async function width(report: Report, { requests = 40_000, rounds = 5 } = {}): Promise<void> {
  const origins = { site: { keepAlive: { idleMs: 120_000 } } }
  // Two labs with the same host name: five thousand requests need fifteen thousand sockets there, and more at times.
  await using lab = await startLabProcess({ ...findScenario('clean-20'), origins })
  await using other = await startLabProcess({ ...findScenario('clean-20'), origins, seed: 21 })
  const { url } = Object.values(lab.origins)[0]!
  const open = { politeness: false as const, capacity: 20_000, concurrency: 10_000 }
  await using crawler = await createCrawler({
    ...open,
    proxies: [...lab.proxies, ...other.proxies],
    hedge: false,
    connections: { idleMax: 60_000 },
  })
  const fetchOne = (path: string) => async () => {
    const response = await crawler.fetch(`${url}${path}`)
    await response.arrayBuffer()
  }
  const narrow = fetchOne('/bytes/2048')
  const wide = fetchOne('/bytes/2048')
  await load(narrow, requests / 4, 50)
  // Five thousand dials at once would measure the kernel's backlog.
  for (const width of [500, 1_000, 2_000, 3_000, 4_000, 5_000]) await load(wide, width * 3, width)
  const pairs: { few: number; many: number }[] = []
  for (let round = 0; round < rounds; round++) {
    pairs.push({
      few: (await load(narrow, requests / 2, 50)).cpu,
      many: (await load(wide, requests, 5_000)).cpu,
    })
  }
  const middle = (pick: 'few' | 'many') => median(pairs.map((pair) => pair[pick]))
  report.table(
    'Width: CPU of a request',
    ['in flight', 'CPU µs/request'],
    [
      ['50', middle('few').toFixed(1)],
      ['5,000', middle('many').toFixed(1)],
    ],
  )
  const ratio = middle('many') / middle('few')
  report.atMost('5,000 in flight against 50', ratio, 1.5, share)
}
