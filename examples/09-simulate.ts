import { createCrawler, systemClock } from 'regatta'
import { startLab } from 'regatta/lab'
import { attachTrace } from 'regatta/observe'
import { readTrace, recordedReport, type SimulationReport, simulate } from 'regatta/sim'

/**
 * Which setting is better for you? Record a crawl, replay its history on virtual time under other settings, compare. Then
 * the same for a world that is written down instead of recorded.
 */
const world = {
  origins: { site: { site: { pages: 100 } } },
  proxies: [
    { name: 'fast', count: 6, latency: { kind: 'lognormal' as const, medianMs: 20, sigma: 0.3 } },
    { name: 'slow', count: 4, latency: { kind: 'lognormal' as const, medianMs: 200, sigma: 0.3 } },
    { name: 'dead', count: 2, fault: 'dead' as const },
  ],
}
const options = { politeness: { interval: 100 } }
const lines: string[] = []
{
  await using lab = await startLab(world)
  await using crawler = await createCrawler({ proxies: [...lab.proxies], ...options })
  const end = attachTrace(crawler, systemClock, (line) => lines.push(line), options)
  const pages = Array.from({ length: 150 }, (_, n) => `${lab.origins.site!.url}/page/${1 + (n % 99)}`)
  const workers = Array.from({ length: 8 }, async () => {
    for (let page = pages.pop(); page; page = pages.pop()) await crawler.fetch(page)
  })
  await Promise.all(workers)
  end()
}

const trace = await readTrace(lines)
show('recorded', recordedReport(trace))
show('as it was', await simulate(trace))
show('interval 20', await simulate(trace, { options: { politeness: { interval: 20 } } }))

const work = { requests: 5_000, inFlight: 8 }
const report = await simulate({ ...world, seed: 1, work }, { options })
show('written', report)
console.log(`${report.violations.length} invariants violated in ${work.requests} pages.`)

function show(name: string, { pages, virtualMs, latencyMs, attempts }: SimulationReport): void {
  const rate = (pages.succeeded * 1_000) / virtualMs
  const figures = [
    `${pages.succeeded} pages`,
    `${rate.toFixed(0)}/s`,
    `p99 ${latencyMs.p99.toFixed(0)} ms`,
    `${(attempts / pages.succeeded).toFixed(2)} attempts per page`,
  ]
  console.log(`${name.padEnd(12)} ${figures.join(', ')}`)
}
