import { createCrawler } from '../../src/index.ts'
import { startLabProcess } from '../../src/lab/index.ts'
import { median, quantile, type Report } from '../report.ts'

/**
 * Half of the proxies are dead: thirty good ones, fifteen that refuse, fifteen that take the connection and say nothing.
 * Cold starts without knowledge, warm is the same crawler a second time. Lists from the internet begin worse than this.
 */
const inFlight = 50

export async function halfDead(report: Report, { pages, seeds }: { pages: number; seeds: number }) {
  const cold: Pass[] = []
  const warm: Pass[] = []
  for (let seed = 1; seed <= seeds; seed++) {
    await using lab = await startLabProcess({
      seed,
      origins: { site: { site: { pages: 2_000, pageBytes: 2_048 } } },
      proxies: [
        { name: 'good', count: 30, latency: { kind: 'lognormal', medianMs: 40, sigma: 0.3 } },
        { name: 'refusing', count: 15, fault: 'dead' },
        { name: 'hanging', count: 15, fault: 'blackhole' },
      ],
    })
    await using crawler = await createCrawler({ proxies: [...lab.proxies], politeness: false, seed })
    const { url } = lab.origins.site!
    cold.push(await pass(crawler, url, pages))
    warm.push(await pass(crawler, url, pages))
  }
  const middle = (of: readonly Pass[], pick: keyof Pass) => median(of.map((each) => each[pick]))
  const row = (name: string, of: readonly Pass[]) => [
    name,
    percent(middle(of, 'success')),
    middle(of, 'attempts').toFixed(3),
    middle(of, 'p50').toFixed(0),
    middle(of, 'p99').toFixed(0),
    middle(of, 'rate').toFixed(0),
  ]
  report.table(
    `Half of sixty proxies dead: ${pages} pages, ${inFlight} at a time (median of ${seeds} seeds)`,
    ['', 'success', 'attempts/page', 'p50 ms', 'p99 ms', 'pages/s'],
    [row('cold', cold), row('warm', warm)],
  )
  const worst = Math.min(...[...cold, ...warm].map((each) => each.success))
  report.atLeast('half dead: success, cold and warm', worst, 0.999, percent)
  report.atMost('half dead: attempts per page, warm', middle(warm, 'attempts'), 1.15, (value) =>
    value.toFixed(3),
  )
}

interface Pass {
  readonly success: number
  readonly attempts: number
  readonly p50: number
  readonly p99: number
  readonly rate: number
}

async function pass(
  crawler: Awaited<ReturnType<typeof createCrawler>>,
  url: string,
  pages: number,
): Promise<Pass> {
  const latencies: number[] = []
  const before = crawler.stats().attempts
  const start = performance.now()
  let next = 0
  let good = 0
  const worker = async () => {
    while (next < pages) {
      const number = (next++ % 1_999) + 1
      const sent = performance.now()
      const text = await crawler.fetch(`${url}/page/${number}`).then(
        (response) => response.text(),
        () => '',
      )
      latencies.push(performance.now() - sent)
      if (text.includes(`Page ${number}:`)) good++
    }
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
  return {
    success: good / pages,
    attempts: (crawler.stats().attempts - before) / good,
    p50: median(latencies),
    p99: quantile(latencies, 0.99),
    rate: (good / (performance.now() - start)) * 1_000,
  }
}

const percent = (value: number) => `${(value * 100).toFixed(2)} %`
