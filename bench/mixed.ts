import { createCrawler } from '../src/index.ts'
import { findScenario, startLabProcess } from '../src/lab/index.ts'
import { milliseconds, quantile, type Report, share } from './report.ts'

/**
 * How near to an oracle: the mixed hundred (45 fast, 20 slow, 10 very slow, 8 flaky, 10 refusing, 5 hanging, 2
 * injecting), 2,000 requests to one host, 50 at a time, politeness off. The oracle is the same crawler with only the 45
 * fast proxies and no hedges. Cold starts without knowledge; warm is the same crawler a second time.
 */
const inFlight = 50

export async function mixed(report: Report, { requests = 2_000, seeds = 3 } = {}): Promise<void> {
  const cold: Ratio[] = []
  const warm: Ratio[] = []
  for (let seed = 1; seed <= seeds; seed++) {
    await using lab = await startLabProcess({ ...findScenario('mixed-100'), seed })
    const { url } = Object.values(lab.origins)[0]!
    const names = lab.proxyNames()
    const fast = lab.proxies.filter((_, index) => names[index]!.startsWith('fast'))
    const pages = Array.from({ length: requests }, (_, index) => `${url}/page/${(index % 1_999) + 1}`)
    await using oracle = await createCrawler({ proxies: fast, politeness: false, hedge: false, seed })
    const best = await run(oracle, pages)
    await using crawler = await createCrawler({ proxies: [...lab.proxies], politeness: false, seed })
    cold.push(compare(await run(crawler, pages), best))
    warm.push(compare(await run(crawler, pages), best))
  }
  const middle = (of: readonly Ratio[], pick: keyof Ratio) =>
    quantile(
      of.map((each) => each[pick]),
      0.5,
    )
  const row = (name: string, of: readonly Ratio[]) => [
    name,
    share(middle(of, 'wall')),
    share(middle(of, 'p99')),
    middle(of, 'attempts').toFixed(3),
    middle(of, 'failed').toFixed(0),
    middle(of, 'injected').toFixed(0),
  ]
  report.table(
    `Mixed hundred: ${requests} requests, 50 at a time, against the oracle (median of ${seeds} seeds)`,
    ['', 'wall ×', 'p99 ×', 'attempts', 'failed', 'injected'],
    [row('cold', cold), row('warm', warm)],
  )
  report.atMost('cold wall against the oracle', middle(cold, 'wall'), 1.15, share)
  report.atMost('cold p99 against the oracle', middle(cold, 'p99'), 2.5, share)
  report.atMost('cold attempts per success', middle(cold, 'attempts'), 1.3, share)
  report.atMost('warm wall against the oracle', middle(warm, 'wall'), 1.1, share)
  report.atMost('warm p99 against the oracle', middle(warm, 'p99'), 1.3, share)
  report.atMost('warm attempts per success', middle(warm, 'attempts'), 1.12, share)
  const spoiled = Math.max(...[...cold, ...warm].map((each) => each.failed + each.injected))
  report.atMost('failed or injected', spoiled, 0)
  report.figure("oracle's p99", middle(cold, 'oracleP99'), milliseconds)
}

interface Run {
  readonly wall: number
  readonly p99: number
  readonly attempts: number
  readonly failed: number
  readonly injected: number
}

interface Ratio extends Run {
  readonly oracleP99: number
}

async function run(
  crawler: Awaited<ReturnType<typeof createCrawler>>,
  urls: readonly string[],
): Promise<Run> {
  const latencies: number[] = []
  const before = crawler.stats().attempts
  let failed = 0
  let injected = 0
  let next = 0
  const start = performance.now()
  const worker = async () => {
    while (next < urls.length) {
      const url = urls[next++]!
      const sent = performance.now()
      try {
        const text = await (await crawler.fetch(url)).text()
        if (!isOwnPage(text, url)) injected++
      } catch {
        failed++
      }
      latencies.push(performance.now() - sent)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
  const wall = performance.now() - start
  const attempts = (crawler.stats().attempts - before) / Math.max(1, urls.length - failed)
  return { wall, p99: quantile(latencies, 0.99), attempts, failed, injected }
}

/** The page says which one it is, and nobody added a script of a foreign host. */
function isOwnPage(text: string, url: string): boolean {
  const number = url.split('/').at(-1)
  return text.includes(`Page ${number}:`) && !/<script[^>]+src=["']?(https?:)?\/\//.test(text)
}

function compare(run: Run, oracle: Run): Ratio {
  return { ...run, wall: run.wall / oracle.wall, p99: run.p99 / oracle.p99, oracleP99: oracle.p99 }
}
