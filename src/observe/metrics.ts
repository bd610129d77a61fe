import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { assertArgument, isOptions } from '../contracts/arguments.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { HostStats } from '../contracts/stats.ts'
import { knownLabels, type Metric, metrics, prometheusName } from './metric-catalogue.ts'
import { type Instruments, type Labels, type Readings, wireMetrics } from './metric-wiring.ts'
import { assertCrawler, type Observed } from './observed.ts'

/**
 * Prometheus instruments over a crawler's events: those of metric-catalogue.ts, in a registry of prom-client. No label
 * carries a URL, a host or a proxy; `metricsFor` answers for one host.
 */
export interface MetricsAttachment {
  /** Where it counts; serve its `metrics()`. */
  readonly registry: Registry
  /** Stops counting and takes the instruments out of the registry. */
  detach(): void
}

/** Where and how a crawler is counted. */
export interface MetricsOptions {
  /** Where it counts. Default: a new registry. */
  readonly register?: Registry | undefined
  /** The same, by the name of what is returned. Default: `register`. */
  readonly registry?: Registry | undefined
  /** What every name begins with: letters, digits, underscores. Two crawlers in one registry need two. Default `crawler_`. */
  readonly prefix?: string | undefined
}

/** Counts what `crawler` does. Throws OPTION_INVALID where another one counts in the registry by the same prefix. */
export function attachMetrics(crawler: Observed, options: MetricsOptions = {}): MetricsAttachment {
  assertCrawler(crawler, 'attachMetrics()')
  assertArgument(isOptions(options), 'attachMetrics()', 'options', 'an object', options)
  const { register, registry = register ?? new Registry(), prefix = 'crawler_' } = options
  const isPrefix = typeof prefix === 'string' && /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(prefix)
  assertArgument(isPrefix, 'attachMetrics()', 'prefix', 'letters, digits and underscores', prefix)
  const isRegistry = typeof registry?.registerMetric === 'function'
  assertArgument(isRegistry, 'attachMetrics()', 'register', 'a Registry of prom-client', registry)
  const names = Object.values(metrics).map((metric) => prometheusName(metric, prefix))
  if (names.some((name) => registry.getSingleMetric(name) !== undefined)) {
    throw new RegattaError(
      'OPTION_INVALID',
      `Option "register": a crawler counts in it by the prefix "${prefix}" already. Give this one another prefix, or a Registry of its own.`,
      { value: { path: 'register' } },
    )
  }
  const stop = wireMetrics(crawler, instrumentsIn(registry, prefix))
  return {
    registry,
    detach() {
      stop()
      for (const name of names) registry.removeSingleMetric(name)
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

function instrumentsIn(registry: Registry, prefix: string): Instruments {
  const settings = (metric: Metric) => ({
    name: prometheusName(metric, prefix),
    help: metric.help,
    labelNames: Object.keys(metric.labels ?? {}),
    registers: [registry],
  })
  return {
    counter(metric) {
      const counter = new Counter(settings(metric))
      // At 0 from the beginning: the first event is a change, which `rate` sees.
      for (const labels of knownLabels(metric)) counter.inc(labels, 0)
      return (by, labels = none) => counter.inc(labels, by)
    },
    histogram(metric) {
      const histogram = new Histogram({ ...settings(metric), buckets: [...(metric.buckets ?? [])] })
      for (const labels of knownLabels(metric)) histogram.zero(labels)
      return (value, labels = none) => histogram.observe(labels, value)
    },
    read(metric, values) {
      if (metric.kind === 'counter') {
        const counter: Counter = new Counter({
          ...settings(metric),
          collect: () => collect(counter, values, (labels, value) => counter.inc(labels, value)),
        })
        return
      }
      const gauge: Gauge = new Gauge({
        ...settings(metric),
        collect: () => collect(gauge, values, (labels, value) => gauge.set(labels, value)),
      })
    },
  }
}

const none: Labels = {}

async function collect(
  instrument: { reset(): void },
  values: () => Readings | Promise<Readings>,
  set: (labels: Labels, value: number) => void,
): Promise<void> {
  const readings = await values()
  instrument.reset()
  for (const [value, labels = none] of readings) set(labels, value)
}
