import { frontierOps } from '../contracts/crawl-events.ts'
import { phases, verdictKinds } from '../contracts/outcome.ts'

/**
 * Every metric, once. Prometheus, OpenTelemetry and docs/metrics.md are made from this list, so their names, units and labels
 * cannot drift apart. A name has dots here, as OpenTelemetry writes it; Prometheus' name follows from it by the rules of
 * OpenTelemetry's specification: underscores, the unit, `_total` behind what only grows.
 *
 * No label carries a URL, a host or a proxy: a crawl meets a million hosts, and each value of a label is a time series for
 * ever. A label's values are listed here, or are the first 64 that come and then `other`.
 */
export interface Metric {
  readonly name: string
  readonly kind: 'counter' | 'gauge' | 'histogram'
  /** `s` seconds, `By` bytes, `1` a share in [0, 1]. Default: a count. */
  readonly unit?: 's' | 'By' | '1'
  /** One sentence. */
  readonly help: string
  /** Values by label; `named` for those that sources and classifiers name. Default: no label. */
  readonly labels?: Readonly<Record<string, readonly string[] | 'named'>>
  /** Of a histogram: the upper bounds of its buckets. */
  readonly buckets?: readonly number[]
}

const attemptSeconds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
const taskSeconds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300]
const storeSeconds = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5]

const breakers = ['closed', 'open', 'halfOpen', 'isolated', 'retired']

export const metrics = {
  tasks: {
    name: 'tasks',
    kind: 'counter',
    help: 'Tasks settled, by final verdict.',
    labels: { outcome: verdictKinds },
  },
  taskDuration: {
    name: 'task.duration',
    kind: 'histogram',
    unit: 's',
    help: 'Acceptance of a task to its end.',
    buckets: taskSeconds,
  },
  tasksOpen: {
    name: 'tasks.open',
    kind: 'gauge',
    help: 'Tasks accepted and not ended: racing or parked.',
    labels: { state: ['racing', 'parked'] },
  },
  attempts: {
    name: 'attempts',
    kind: 'counter',
    help: 'Attempts ended, by verdict.',
    labels: { outcome: verdictKinds },
  },
  attemptDuration: {
    name: 'attempt.duration',
    kind: 'histogram',
    unit: 's',
    help: 'Start of an attempt to its end.',
    buckets: attemptSeconds,
  },
  firstByte: {
    name: 'attempt.first_byte',
    kind: 'histogram',
    unit: 's',
    help: 'Start of an attempt to the head of its answer, where one came.',
    buckets: attemptSeconds,
  },
  faults: {
    name: 'faults',
    kind: 'counter',
    help: 'Attempts that broke before there was a complete answer, by how far they had come.',
    labels: { phase: phases },
  },
  raceWidth: {
    name: 'race.width',
    kind: 'histogram',
    help: 'Attempts of a task that ran beside another, plus one.',
    buckets: [1, 2, 3, 4, 6, 8],
  },
  hedges: {
    name: 'hedges',
    kind: 'counter',
    help: 'Attempts started while another of their task was running.',
  },
  bytes: { name: 'bytes', kind: 'counter', unit: 'By', help: 'Body bytes on the wire, both directions.' },
  rateLimited: {
    name: 'rate_limited',
    kind: 'counter',
    help: 'Answers that asked us to slow down, by who limits.',
    labels: { scope: ['host', 'proxy'] },
  },
  success: {
    name: 'success.ratio.1m',
    kind: 'gauge',
    help: 'Good answers among the judged attempts of the last minute; NaN without any.',
  },
  proxies: {
    name: 'proxies',
    kind: 'gauge',
    help: 'Proxies by how they fare; healthy ones that were never asked are untried.',
    labels: { state: ['healthy', 'untried', 'failing', 'open', 'halfOpen', 'isolated', 'retired'] },
  },
  breakers: {
    name: 'proxy.breaker',
    kind: 'gauge',
    help: 'Proxies by the state of their breaker for the whole fleet.',
    labels: { state: breakers },
  },
  transitions: {
    name: 'proxy.transitions',
    kind: 'counter',
    help: 'Breaker moves of proxies, by new state, for the whole fleet or at one host.',
    labels: { to: breakers, scope: ['fleet', 'host'] },
  },
  exhausted: { name: 'pool.exhausted', kind: 'counter', help: 'Times a host had no usable proxy left.' },
  sessions: { name: 'sessions', kind: 'gauge', help: 'Sessions that live.' },
  frontierUrls: {
    name: 'frontier.urls',
    kind: 'gauge',
    help: 'Requests of the crawls under way: due, not yet due, taken, done, given up.',
    labels: { state: ['ready', 'waiting', 'leased', 'done', 'dead'] },
  },
  runnable: {
    name: 'frontier.runnable_urls',
    kind: 'gauge',
    help: 'Requests that are due and wait for nothing but us: their host is open, and a proxy is in use.',
  },
  oldestDue: {
    name: 'frontier.oldest_due',
    kind: 'gauge',
    unit: 's',
    help: 'How long the request that is next at a host has been due, the longest of the hosts whose turn comes first.',
  },
  frontierHosts: {
    name: 'frontier.hosts',
    kind: 'gauge',
    help: 'Hosts by the state of their pool.',
    labels: { state: ['serving', 'throttled', 'down', 'starved', 'draining'] },
  },
  storeDuration: {
    name: 'store.op.duration',
    kind: 'histogram',
    unit: 's',
    help: 'What a crawl asked of its frontier, by what it asked.',
    labels: { op: frontierOps },
    buckets: storeSeconds,
  },
  flushDuration: {
    name: 'flush.duration',
    kind: 'histogram',
    unit: 's',
    help: 'A batch of records on its way into one sink, failed tries included.',
    buckets: storeSeconds,
  },
  outbox: {
    name: 'outbox.records',
    kind: 'gauge',
    help: 'Records in memory that some sink has not taken yet.',
  },
  items: { name: 'items', kind: 'counter', help: 'Items that are safe in every sink.' },
  deadLetters: {
    name: 'dlq',
    kind: 'counter',
    help: 'Requests given up, by reason.',
    labels: { class: 'named' },
  },
  requeues: {
    name: 'requeues',
    kind: 'counter',
    help: 'Times that a task or a request went back after a failure.',
  },
  skipped: {
    name: 'skipped',
    kind: 'counter',
    help: 'Pages of crawls that were left out, by reason.',
    labels: { reason: 'named' },
  },
  alerts: {
    name: 'alerts',
    kind: 'counter',
    help: 'Things somebody should look at, by code.',
    labels: { code: 'named' },
  },
  comparisons: {
    name: 'trust.comparisons',
    kind: 'counter',
    help: 'Answers asked for to be compared with others.',
  },
  trustBytes: {
    name: 'trust.bytes',
    kind: 'counter',
    unit: 'By',
    help: 'Body bytes of those answers on the wire.',
  },
  deviations: {
    name: 'trust.deviations',
    kind: 'counter',
    help: 'Answers that were not what others brought.',
  },
  lies: { name: 'trust.lies', kind: 'counter', help: 'Proxies found lying.' },
  contested: {
    name: 'trust.contested',
    kind: 'counter',
    help: 'Pages about which exits contradict each other.',
  },
  askedAgain: {
    name: 'trust.asked_again',
    kind: 'counter',
    help: 'Pages that were asked for once more because a liar had brought them.',
  },
  corrected: {
    name: 'trust.corrected',
    kind: 'counter',
    help: 'Pages that a liar had brought, and that were corrected.',
  },
  slotsUsed: {
    name: 'worker.slots.used',
    kind: 'gauge',
    unit: '1',
    help: 'Tasks racing, of those that may race at once.',
  },
  eventLoopLag: {
    name: 'event_loop.lag',
    kind: 'gauge',
    unit: 's',
    help: 'The longest time of the last half minute or so in which this process came to nothing else; NaN where the runtime cannot say.',
  },
} as const satisfies Readonly<Record<string, Metric>>

const suffixes = { s: '_seconds', By: '_bytes', '1': '_ratio' } as const

/** Its name in Prometheus. A name that says its unit does not say it twice. */
export function prometheusName({ name, kind, unit }: Metric, prefix: string): string {
  const stem = name.replaceAll('.', '_')
  const suffix = unit === undefined || stem.endsWith(suffixes[unit].slice(1)) ? '' : suffixes[unit]
  return `${prefix}${stem}${suffix}${kind === 'counter' ? '_total' : ''}`
}

/** Every combination of the values that are listed: what is there before anything has happened. None where one is named by others. */
export function knownLabels({ labels = {} }: Metric): Readonly<Record<string, string>>[] {
  let known: Record<string, string>[] = [{}]
  for (const [label, values] of Object.entries(labels)) {
    if (values === 'named') return []
    known = known.flatMap((each) => values.map((value) => ({ ...each, [label]: value })))
  }
  return known
}
