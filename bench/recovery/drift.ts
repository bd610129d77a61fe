import { createCrawler } from '../../src/index.ts'
import { type Lab, startLabProcess } from '../../src/lab/index.ts'
import { type Report, share } from '../report.ts'
import { Pace, sleep } from './pace.ts'

/**
 * Good proxies go bad and come back, while the load goes on. Two groups of twenty: first one fails, in four ways, then it
 * returns in the very moment in which the other one fails, so everything that was learnt is wrong; then all are good. The
 * oracle is the same crawler with only the proxies that are good at present, and without hedges, measured beside it in
 * each phase. Times are real: breakers cool down as they do by default, so many of those that return are still shut out.
 */
const inFlight = 40
const each = 20
const latency = { kind: 'lognormal' as const, medianMs: 100, sigma: 0.3 }
/** What was promised: within 1.3 times the oracle's time per page, a minute after the change. */
const factor = 1.3
const limit = 60_000
/** For how long it must keep that up to count as back. */
const span = 3_000

interface Change {
  readonly name: string
  readonly bad: readonly ('east' | 'west')[]
}

const changes: readonly Change[] = [
  { name: 'half go bad', bad: ['east'] },
  { name: 'they return, the others go bad', bad: ['west'] },
  { name: 'all good again', bad: [] },
]

export async function drift(report: Report, { phases, ms }: { phases: number; ms: number }) {
  await using lab = await startLabProcess({
    seed: 5,
    origins: { site: { site: { pages: 2_000, pageBytes: 2_048 } } },
    proxies: [
      { name: 'east', count: each, latency },
      { name: 'west', count: each, latency },
    ],
  })
  await using crawler = await createCrawler({ proxies: [...lab.proxies], politeness: false, seed: 5 })
  const pace = new Pace(crawler, lab.origins.site!.url, inFlight)
  pace.start()
  await sleep(phases > 1 ? 4_000 : 2_000)
  const seen: Phase[] = []
  for (const change of changes.slice(0, phases)) seen.push(await phase(lab, crawler, pace, change, ms))
  await pace.stop()
  report.table(
    `Drift: ${2 * each} proxies, ${inFlight} requests at a time, a change every ${ms / 1_000} s; time per page against the oracle`,
    ['', 'back after s', 'first 3 s ×', 'last 3 s ×', 'attempts/page', 'oracle pages/s'],
    seen.map(({ name, back, early, late, attempts, oracle }) => [
      name,
      (back / 1_000).toFixed(1),
      early.toFixed(2),
      late.toFixed(2),
      attempts.toFixed(2),
      oracle.toFixed(0),
    ]),
  )
  const slowest = Math.max(...seen.map(({ back }) => back))
  report.atMost(
    `drift: until within ${factor} × oracle`,
    slowest,
    limit,
    (ms) => `${(ms / 1_000).toFixed(1)} s`,
  )
  report.atMost(
    'drift: time per page before the next change, × oracle',
    Math.max(...seen.map(({ late }) => late)),
    factor,
    share,
  )
  report.atMost('drift: pages lost or foreign', pace.failed + pace.foreign, 0)
}

interface Phase {
  readonly name: string
  /** Milliseconds from the change until it was back. */
  readonly back: number
  /** Time per page against the oracle's, at the beginning and at the end of the phase. */
  readonly early: number
  readonly late: number
  readonly attempts: number
  /** Pages a second. */
  readonly oracle: number
}

async function phase(
  lab: Lab,
  crawler: Awaited<ReturnType<typeof createCrawler>>,
  pace: Pace,
  change: Change,
  ms: number,
): Promise<Phase> {
  const before = { attempts: crawler.stats().attempts, pages: pace.arrivals.length }
  await apply(lab, change)
  const changed = performance.now()
  const oracle = await oracleRate(lab, change)
  let back: number | undefined
  while (back === undefined && performance.now() - changed < limit + span) {
    await sleep(250)
    back = pace.reached(oracle / factor, span, changed)
  }
  await sleep(changed + ms - performance.now())
  const now = performance.now()
  const pages = pace.arrivals.length - before.pages
  return {
    name: change.name,
    back: back === undefined ? Number.POSITIVE_INFINITY : back - changed,
    early: oracle / pace.between(changed, changed + span),
    late: oracle / pace.between(now - span, now),
    attempts: (crawler.stats().attempts - before.attempts) / Math.max(1, pages),
    oracle,
  }
}

/** Bad in one of four ways, good ones as they were; connections that stand follow at their next request. */
async function apply(lab: Lab, { bad }: Change): Promise<void> {
  const hang = { kind: 'fixed', ms: 120_000 }
  const ways = [
    { fault: 'dead' },
    { fault: 'blackhole', latency: hang },
    { flaky: { request: 0.9, tunnel: 0.5 } },
    { latency: { kind: 'fixed', ms: 3_000 } },
  ]
  const good = { fault: null, flaky: null, latency }
  await Promise.all(
    lab.proxyNames().map((name, index) => {
      const isBad = bad.some((group) => name.startsWith(group))
      return lab.control.set(name, isBad ? { ...good, ...ways[index % ways.length] } : good)
    }),
  )
}

/** Pages a second of a crawler that knows who is good now. It runs beside the other: neither fills the machine. */
async function oracleRate(lab: Lab, { bad }: Change): Promise<number> {
  const names = lab.proxyNames()
  const proxies = lab.proxies.filter((_, index) => !bad.some((group) => names[index]!.startsWith(group)))
  await using oracle = await createCrawler({ proxies, politeness: false, hedge: false, seed: 5 })
  const pace = new Pace(oracle, lab.origins.site!.url, inFlight)
  pace.start()
  await sleep(1_000)
  const from = performance.now()
  await sleep(2_000)
  const rate = pace.between(from, performance.now())
  await pace.stop()
  return rate
}
