import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { RegattaError } from '../contracts/errors.ts'
import type { HostStats } from '../contracts/stats.ts'
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
  const listeners = [...counters(crawler, registry)]
  gauges(crawler, registry)
  const names = registry.getMetricsAsArray().map((metric) => metric.name)
  return {
    registry,
    detach() {
      for (const stop of listeners) stop()
      for (const name of names) if (!others.has(name)) registry.removeSingleMetric(name)
    },
  }
}

/** Everything counted for one host (or whatever the pools' key is), or undefined when it was never asked for. */
export function metricsFor(crawler: Pick<Observed, 'stats'>, host: string): HostStats | undefined {
  assertCrawler(crawler, 'metricsFor()')
  const { hosts } = crawler.stats()
  return Object.hasOwn(hosts, host) ? hosts[host] : undefined
}

function* counters(crawler: Observed, registry: Registry): Generator<() => void> {
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
  counted(crawler, registry, {
    crawler_trust_comparisons_total: ['Answers asked for to be compared with others.', 'comparisons'],
    crawler_trust_bytes_total: ['Body bytes of those answers on the wire.', 'bytes'],
    crawler_trust_lies_total: ['Proxies found lying.', 'convictions'],
    crawler_trust_contested_total: ['Pages about which exits contradict each other.', 'contested'],
    crawler_trust_corrected_total: ['Pages that a liar had brought, and that were corrected.', 'corrected'],
  })
  const alerts = counter('crawler_alerts_total', 'Things somebody should look at, by code.', ['code'])
  yield listen(crawler, 'alert', (event) => alerts.inc({ code: event.code }))
}

/** What the crawler counts itself, read when somebody asks. */
function counted(
  crawler: Observed,
  registry: Registry,
  counts: Readonly<Record<string, readonly [help: string, name: keyof TrustCounts]>>,
): void {
  for (const [metric, [help, name]] of Object.entries(counts)) {
    new Counter({
      name: metric,
      help,
      registers: [registry],
      collect() {
        this.reset()
        this.inc(crawler.stats().trust[name])
      },
    })
  }
}

function gauges(crawler: Observed, registry: Registry): void {
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
    const { racing, parked } = crawler.stats().tasks
    return { racing, parked }
  })
  gauge('crawler_proxy_breaker', 'Proxies by the state of their breaker for the whole fleet.', () => {
    const { healthy, open, halfOpen, isolated, retired } = crawler.stats().proxies
    return { closed: healthy, open, halfOpen, isolated, retired }
  })
  gauge('crawler_frontier_hosts', 'Hosts by the state of their pool.', () => {
    const counts = { serving: 0, throttled: 0, down: 0, starved: 0, draining: 0 }
    for (const host of Object.values(crawler.stats().hosts)) counts[host.state]++
    return counts
  })
}
