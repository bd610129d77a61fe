import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { RegattaError } from '../contracts/errors.ts'
import type { CrawlerStats, HostStats } from '../contracts/stats.ts'
import type { TrustCounts } from '../contracts/trust.ts'
import { assertCrawler, listen, type Observed } from './observed.ts'

/**
 * Prometheus instruments over a crawler's events. Counters and histograms move with each event, gauges are read from
 * `stats()` when somebody scrapes, so an idle scrape target costs nothing. No label carries a URL, a host or a proxy: a
 * crawl meets a million hosts, and each label value is a time series for ever. `metricsFor` answers for one host.
 */
export interface MetricsAttachment {
  /** Where it counts; serve its `metrics()`. */
  readonly registry: Registry
  /** Stops counting and takes the instruments out of the registry. */
  detach(): void
}

const seconds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** Counts what `crawler` does in `registry` (default: a new one). Throws OPTION_INVALID when another crawler is there. */
export function attachMetrics(
  crawler: Observed,
  { registry = new Registry() }: { registry?: Registry } = {},
): MetricsAttachment {
  assertCrawler(crawler, 'attachMetrics()')
  if (registry.getSingleMetric('crawler_tasks_total')) {
    throw new RegattaError(
      'OPTION_INVALID',
      'Option "registry": another crawler counts in it already; give each crawler its own Registry and serve them with Registry.merge.',
      { value: { path: 'registry' } },
    )
  }
  const others = new Set(registry.getMetricsAsArray().map((metric) => metric.name))
  const stats = statsOnce(crawler)
  const listeners = [...counters(crawler, registry, stats)]
  gauges(registry, stats)
  const names = registry.getMetricsAsArray().map((metric) => metric.name)
  return {
    registry,
    detach() {
      for (const stop of listeners) stop()
      for (const name of names) if (!others.has(name)) registry.removeSingleMetric(name)
    },
  }
}

/** A crawler, or what has its numbers; with `hostStats` one host costs no look at the others. */
export type Countable = Pick<Observed, 'stats'> & { hostStats?(host: string): HostStats | undefined }

/** Everything counted for one host (or whatever the pools' key is), or undefined when it was never asked for. */
export function metricsFor(crawler: Countable, host: string): HostStats | undefined {
  assertCrawler(crawler, 'metricsFor()')
  if (crawler.hostStats) return crawler.hostStats(host)
  const { hosts } = crawler.stats()
  return Object.hasOwn(hosts, host) ? hosts[host] : undefined
}

/** All instruments of a scrape read the same numbers, collected once. */
function statsOnce(crawler: Observed): () => CrawlerStats {
  let read: CrawlerStats | undefined
  return () => {
    if (!read) void Promise.resolve().then(() => (read = undefined))
    read ??= crawler.stats()
    return read
  }
}

function* counters(crawler: Observed, registry: Registry, stats: () => CrawlerStats): Generator<() => void> {
  const registers = [registry]
  const counter = <L extends string>(name: string, help: string, labelNames: L[] = []) =>
    new Counter({ name, help, labelNames, registers })
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name, help, buckets, registers })

  const tasks = counter('crawler_tasks_total', 'Tasks settled, by final verdict.', ['outcome'])
  const taskTime = histogram('crawler_task_duration_seconds', 'Acceptance of a task to its end.', seconds)
  const width = histogram(
    'crawler_race_width',
    'Attempts of a task that ran beside another, plus one.',
    [1, 2, 3, 4, 6, 8],
  )
  const hedges = counter('crawler_hedges_total', 'Attempts started while another of their task was running.')
  yield listen(crawler, 'task.settled', (event) => {
    tasks.inc({ outcome: event.verdict })
    taskTime.observe(event.elapsedMs / 1_000)
    width.observe(event.hedges + 1)
    if (event.hedges > 0) hedges.inc(event.hedges)
  })

  const attempts = counter('crawler_attempts_total', 'Attempts ended, by verdict.', ['outcome'])
  const attemptTime = histogram(
    'crawler_attempt_duration_seconds',
    'Start of an attempt to its end.',
    seconds,
  )
  const bytes = counter('crawler_bytes_total', 'Body bytes on the wire, both directions.')
  const limited = counter(
    'crawler_rate_limited_total',
    'Answers that asked us to slow down, by who limits.',
    ['scope'],
  )
  yield listen(crawler, 'outcome', (event) => {
    attempts.inc({ outcome: event.verdict })
    attemptTime.observe(event.elapsedMs / 1_000)
    bytes.inc(event.bytes)
    if (event.verdict === 'rate-limited')
      limited.inc({ scope: event.reason === 'proxy-busy' ? 'proxy' : 'host' })
  })

  const transitions = counter('crawler_proxy_transitions_total', 'Breaker moves of proxies, by new state.', [
    'to',
    'scope',
  ])
  yield listen(crawler, 'proxy.state', (event) =>
    transitions.inc({ to: event.to, scope: event.host === undefined ? 'fleet' : 'host' }),
  )
  const exhausted = counter('crawler_pool_exhausted_total', 'Times a host had no usable proxy left.')
  yield listen(crawler, 'host.state', (event) => {
    if (event.to === 'starved') exhausted.inc()
  })
  const items = counter('crawler_items_total', 'Items that are safe in every sink.')
  yield listen(crawler, 'item', () => items.inc())
  const dead = counter('crawler_dlq_total', 'Requests given up, by reason.', ['class'])
  yield listen(crawler, 'request.dead', (event) => dead.inc({ class: event.code }))
  counted(registry, stats, {
    crawler_trust_comparisons_total: ['Answers asked for to be compared with others.', 'comparisons'],
    crawler_trust_bytes_total: ['Body bytes of those answers on the wire.', 'bytes'],
    crawler_trust_lies_total: ['Proxies found lying.', 'convictions'],
    crawler_trust_contested_total: ['Pages about which exits contradict each other.', 'contested'],
    crawler_trust_corrected_total: ['Pages that a liar had brought, and that were corrected.', 'corrected'],
  })
  read(
    registry,
    'crawler_requeues_total',
    'Times that a task or a request went back after a failure.',
    () => ({
      '': stats().requeues,
    }),
  )
  read(
    registry,
    'crawler_skipped_total',
    'Pages of crawls that were left out, by reason.',
    () => stats().skipped,
  )
  const alerts = counter('crawler_alerts_total', 'Things somebody should look at, by code.', ['code'])
  yield listen(crawler, 'alert', (event) => alerts.inc({ code: event.code }))
}

/** What the crawler counts itself, read when somebody asks. */
function counted(
  registry: Registry,
  stats: () => CrawlerStats,
  counts: Readonly<Record<string, readonly [help: string, name: keyof TrustCounts]>>,
): void {
  for (const [metric, [help, name]] of Object.entries(counts)) {
    read(registry, metric, help, () => ({ '': stats().trust[name] }))
  }
}

/** A counter that is read when somebody asks: by reason, or '' for one that has none. */
function read(
  registry: Registry,
  name: string,
  help: string,
  counts: () => Readonly<Record<string, number>>,
): void {
  new Counter({
    name,
    help,
    labelNames: ['reason'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [reason, count] of Object.entries(counts())) this.inc(reason === '' ? {} : { reason }, count)
    },
  })
}

function gauges(registry: Registry, stats: () => CrawlerStats): void {
  const registers = [registry]
  const gauge = (name: string, help: string, read: () => Record<string, number>) =>
    new Gauge({
      name,
      help,
      labelNames: ['state'],
      registers,
      collect() {
        this.reset()
        for (const [state, value] of Object.entries(read())) this.set({ state }, value)
      },
    })
  gauge('crawler_tasks_open', 'Tasks accepted and not ended: racing or parked.', () => {
    const { racing, parked } = stats().tasks
    return { racing, parked }
  })
  gauge('crawler_proxy_breaker', 'Proxies by the state of their breaker for the whole fleet.', () => {
    const { healthy, failing, open, halfOpen, isolated, retired } = stats().proxies
    return { closed: healthy + failing, open, halfOpen, isolated, retired }
  })
  gauge(
    'crawler_proxies',
    'Proxies by how they fare; healthy ones that were never asked are untried.',
    () => {
      const { total: _, healthy, untried, ...others } = stats().proxies
      return { healthy: healthy - untried, untried, ...others }
    },
  )
  const single = (name: string, help: string, read: () => number | undefined) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read() ?? Number.NaN)
      },
    })
  single(
    'crawler_success_ratio_1m',
    'Good answers among the judged attempts of the last minute; NaN without any.',
    () => stats().successRate1m,
  )
  single('crawler_sessions', 'Sessions that live.', () => stats().sessions)
  gauge('crawler_frontier_hosts', 'Hosts by the state of their pool.', () => {
    const counts = { serving: 0, throttled: 0, down: 0, starved: 0, draining: 0 }
    for (const host of Object.values(stats().hosts)) counts[host.state]++
    return counts
  })
}
