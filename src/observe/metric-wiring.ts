import { createLagMeter } from '../base/clock.ts'
import type { CrawlerTotals, FrontierCounts } from '../contracts/stats.ts'
import { type Metric, metrics } from './metric-catalogue.ts'
import { listen, type Observed } from './observed.ts'

/**
 * What a crawler tells, as movements of the metrics: once, for whatever instruments there are (Prometheus' or OpenTelemetry's).
 * Counters and histograms move with events; everything else is read when somebody asks, all of it from one reading, so a crawl
 * that nobody scrapes does not compute a state for nobody.
 */
export interface Instruments {
  counter(metric: Metric): (by: number, labels?: Labels) => void
  histogram(metric: Metric): (value: number, labels?: Labels) => void
  /** A gauge, or a counter that somebody else keeps. */
  read(metric: Metric, values: () => Readings | Promise<Readings>): void
}

export type Labels = Readonly<Record<string, string>>
export type Readings = Iterable<readonly [value: number, labels?: Labels]>

/** Moves the instruments with what `crawler` does until the returned function is called. */
export function wireMetrics(crawler: Observed, instruments: Instruments): () => void {
  const lag = createLagMeter()
  const stops = [...counted(crawler, instruments), () => lag.end()]
  readStats(
    once(() => crawler.totals?.() ?? totalsIn(crawler)),
    instruments,
  )
  readFrontiers(
    once(async () => crawler.frontier?.()),
    instruments,
  )
  instruments.read(metrics.eventLoopLag, () => [[(lag.longestMs() ?? Number.NaN) / 1_000]])
  return () => {
    for (const stop of stops) stop()
  }
}

function* counted(crawler: Observed, instruments: Instruments): Generator<() => void> {
  yield* countTasks(crawler, instruments)
  yield* countAttempts(crawler, instruments)
  yield* countStores(crawler, instruments)

  const transitions = instruments.counter(metrics.transitions)
  yield listen(crawler, 'proxy.state', ({ to, host }) =>
    transitions(1, { to, scope: host === undefined ? 'fleet' : 'host' }),
  )
  const exhausted = instruments.counter(metrics.exhausted)
  yield listen(crawler, 'host.state', ({ to }) => {
    if (to === 'starved') exhausted(1)
  })
  const items = instruments.counter(metrics.items)
  yield listen(crawler, 'item', () => items(1))
  const letters = instruments.counter(metrics.deadLetters)
  const className = first64()
  yield listen(crawler, 'request.dead', ({ code }) => letters(1, { class: className(code) }))
  const alerts = instruments.counter(metrics.alerts)
  const alertName = first64()
  yield listen(crawler, 'alert', ({ code }) => alerts(1, { code: alertName(code) }))
}

function* countTasks(crawler: Observed, instruments: Instruments): Generator<() => void> {
  const tasks = instruments.counter(metrics.tasks)
  const duration = instruments.histogram(metrics.taskDuration)
  const width = instruments.histogram(metrics.raceWidth)
  const hedged = instruments.counter(metrics.hedges)
  yield listen(crawler, 'task.settled', ({ verdict, elapsedMs, hedges, isAudit }) => {
    if (hedges > 0) hedged(hedges)
    // Nobody waits for it: it is asked only to judge exits.
    if (isAudit) return
    tasks(1, { outcome: verdict })
    duration(elapsedMs / 1_000)
    width(hedges + 1)
  })
}

function* countAttempts(crawler: Observed, instruments: Instruments): Generator<() => void> {
  const attempts = instruments.counter(metrics.attempts)
  const duration = instruments.histogram(metrics.attemptDuration)
  const firstByte = instruments.histogram(metrics.firstByte)
  const faults = instruments.counter(metrics.faults)
  const bytes = instruments.counter(metrics.bytes)
  const limited = instruments.counter(metrics.rateLimited)
  yield listen(crawler, 'outcome', (event) => {
    attempts(1, { outcome: event.verdict })
    duration(event.elapsedMs / 1_000)
    if (event.firstByteMs !== undefined) firstByte(event.firstByteMs / 1_000)
    if (event.fault) faults(1, { phase: event.fault.phase })
    if (event.bytes > 0) bytes(event.bytes)
    if (event.verdict !== 'rate-limited') return
    const isProxy = event.terms?.limiter === 'proxy' || event.reason === 'proxy-busy'
    limited(1, { scope: isProxy ? 'proxy' : 'host' })
  })
}

function* countStores(crawler: Observed, instruments: Instruments): Generator<() => void> {
  const ops = instruments.histogram(metrics.storeDuration)
  yield listen(crawler, 'frontier.asked', ({ op, elapsedMs }) => ops(elapsedMs / 1_000, { op }))
  const flushes = instruments.histogram(metrics.flushDuration)
  yield listen(crawler, 'sink.written', ({ elapsedMs }) => flushes(elapsedMs / 1_000))
}

function readStats(stats: () => CrawlerTotals, { read }: Instruments): void {
  read(metrics.tasksOpen, () => byName('state', pick(stats().tasks, ['racing', 'parked'])))
  read(metrics.slotsUsed, () => {
    const { racing, limit } = stats().tasks
    return [[limit > 0 ? racing / limit : 0]]
  })
  read(metrics.breakers, () => {
    const { healthy, failing, ...counts } = stats().proxies
    const others = pick(counts, ['open', 'halfOpen', 'isolated', 'retired'])
    return byName('state', { closed: healthy + failing, ...others })
  })
  read(metrics.proxies, () => {
    const { total: _, healthy, untried, ...others } = stats().proxies
    return byName('state', { healthy: healthy - untried, untried, ...others })
  })
  read(metrics.success, () => [[stats().successRate1m ?? Number.NaN]])
  read(metrics.sessions, () => [[stats().sessions]])
  read(metrics.frontierHosts, () => byName('state', stats().hostStates))
  read(metrics.requeues, () => [[stats().requeues]])
  read(metrics.skipped, () => byName('reason', stats().skipped))
  const trusts = [
    [metrics.comparisons, 'comparisons'],
    [metrics.trustBytes, 'bytes'],
    [metrics.deviations, 'deviations'],
    [metrics.lies, 'convictions'],
    [metrics.contested, 'contested'],
    [metrics.askedAgain, 'askedAgain'],
    [metrics.corrected, 'corrected'],
  ] as const
  for (const [metric, name] of trusts) read(metric, () => [[stats().trust[name]]])
}

/** Of what has no totals of its own. */
function totalsIn(crawler: Observed): CrawlerTotals {
  const { hosts, ...totals } = crawler.stats()
  const hostStates = { serving: 0, throttled: 0, down: 0, starved: 0, draining: 0 }
  for (const { state } of Object.values(hosts)) hostStates[state]++
  return { ...totals, hostStates }
}

/** A crawler without crawls, or what only has the numbers of one, has none of these. */
function readFrontiers(frontier: () => Promise<FrontierCounts | undefined>, { read }: Instruments): void {
  const single = (metric: Metric, value: (counts: FrontierCounts) => number) =>
    read(metric, async () => {
      const counts = await frontier()
      return counts ? [[value(counts)]] : []
    })
  read(metrics.frontierUrls, async () => {
    const counts = await frontier()
    return counts ? byName('state', pick(counts, ['ready', 'waiting', 'leased', 'done', 'dead'])) : []
  })
  single(metrics.runnable, ({ runnable }) => runnable)
  single(metrics.oldestDue, ({ oldestDueMs }) => oldestDueMs / 1_000)
  single(metrics.outbox, ({ undelivered }) => undelivered)
}

function byName(label: string, counts: Readonly<Record<string, number>>): Readings {
  return Object.entries(counts).map(([name, count]) => [count, { [label]: name }] as const)
}

function pick<Name extends string>(
  counts: { readonly [Each in Name]: number },
  names: readonly Name[],
): Readonly<Record<string, number>> {
  return Object.fromEntries(names.map((name) => [name, counts[name]]))
}

/** All instruments of a scrape read the same numbers, collected once. */
function once<Value>(collect: () => Value): () => Value {
  let kept: { readonly value: Value } | undefined
  return () => {
    if (!kept) queueMicrotask(() => (kept = undefined))
    kept ??= { value: collect() }
    return kept.value
  }
}

const mostNames = 64

/** Names that others choose: the first 64, then `other`. */
function first64(): (name: string) => string {
  const known = new Set<string>()
  return (name) => {
    if (known.has(name)) return name
    if (known.size >= mostNames) return 'other'
    known.add(name)
    return name
  }
}
