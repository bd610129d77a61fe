import type { Clock } from '../base/clock.ts'
import { assertArgument, hasFunctions } from '../contracts/arguments.ts'
import type { CrawlerEvents } from '../contracts/events.ts'
import type { CrawlerOptions } from '../options/options.ts'
import { assertCrawler, listen, type Observed } from './observed.ts'

/**
 * A crawl, written down: one JSON line for each event, with the milliseconds since the trace began. It holds labels,
 * URLs without their user and password, verdicts and times; it replays in the simulator, and two runs of one seed there
 * give the same bytes. A URL's query is written as it is: a key that stands in it stands in the trace.
 */
export const traceVersion = 1

const traced = [
  'task.accepted',
  'attempt.started',
  'outcome',
  'task.parked',
  'task.settled',
  'proxy.state',
  'host.state',
  'alert',
  'proxies.refreshed',
] as const satisfies readonly (keyof CrawlerEvents)[]

export type TracedEvent = (typeof traced)[number]

export interface TraceHeader {
  readonly trace: typeof traceVersion
  readonly seed: number
  /** Wall-clock time at which it began, ms since the epoch. */
  readonly startedAt: number
  /** Labels of the proxies that were there at the start. */
  readonly proxies: readonly string[]
  /** The crawler's options as far as they are JSON and hold no secret: see `traceableOptions`. */
  readonly options: Readonly<Record<string, unknown>>
}

/** What a trace needs of a crawler. Every Crawler is one. */
export interface Traceable extends Observed {
  /** What repeats the run's choices. */
  readonly seed: number
  /** Every proxy's label. */
  proxies(): readonly { readonly id: string }[]
}

/** Writes every event of `crawler` as a line (without its end) to `write`; returns a function that ends it. */
export function attachTrace(
  crawler: Traceable,
  clock: Clock,
  write: (line: string) => void,
  options: CrawlerOptions = {},
): () => void {
  assertCrawler(crawler, 'attachTrace()')
  assertArgument(
    hasFunctions(clock, 'now', 'wall'),
    'attachTrace()',
    'clock',
    'a Clock, such as systemClock',
    clock,
  )
  assertArgument(typeof write === 'function', 'attachTrace()', 'write', 'a function of a line', write)
  const begun = clock.now()
  const header: TraceHeader = {
    trace: traceVersion,
    seed: crawler.seed,
    startedAt: clock.wall(),
    proxies: crawler.proxies().map(({ id }) => id),
    options: traceableOptions(options),
  }
  write(JSON.stringify(header))
  /** Those under way. Nobody waits for what they ask, and another run would ask something else. */
  const audits = new Set<string>()
  const stops = traced.map((event) =>
    listen(crawler, event, (payload: object) => {
      const { task, isAudit }: Traced = payload
      if (task !== undefined && isAudit) audits.add(task)
      if (task !== undefined && audits.has(task)) {
        if (event === 'task.settled') audits.delete(task)
        return
      }
      const at = Math.round((clock.now() - begun) * 1_000) / 1_000
      write(JSON.stringify({ at, event, ...printed(payload, begun) }))
    }),
  )
  return () => {
    for (const stop of stops) stop()
  }
}

interface Traced {
  readonly task?: string
  readonly isAudit?: true
}

/** Options that only say how to crawl. What is not named here, such as headers, stays at home. */
const harmless = [
  'preset',
  'direct',
  'proxyClass',
  'maxRequestsPerProxy',
  'concurrency',
  'capacity',
  'deadline',
  'budgets',
  'politeness',
  'hostKey',
  'strategy',
  'hedge',
  'trust',
  'breaker',
  'posterior',
  'timeouts',
  'maxBody',
  'maxRedirects',
  'connections',
] as const

/** The options that a trace keeps, as they were given. A function or an object of one's own cannot be kept. */
export function traceableOptions(options: CrawlerOptions): Record<string, unknown> {
  const given: Readonly<Record<string, unknown>> = options
  const kept: Record<string, unknown> = {}
  for (const name of harmless) if (isPlain(given[name])) kept[name] = given[name]
  // Of a recorded proxy nothing but its label is known, so a filter by tags would let none of them pass.
  const hosts = Object.entries(options.hosts ?? {}).map(
    ([host, { headers: _headers, proxies: _proxies, ...rest }]) => [
      host,
      Object.fromEntries(Object.entries(rest).filter(([, value]) => isPlain(value))),
    ],
  )
  if (hosts.length > 0) kept.hosts = Object.fromEntries(hosts)
  return kept
}

/** What JSON gives back as it was. */
function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return value !== undefined && typeof value !== 'function'
  const prototype: unknown = Object.getPrototypeOf(value)
  return (prototype === Object.prototype || Array.isArray(value)) && Object.values(value).every(isPlain)
}

/** Clock times begin with the trace, and URLs lose their user and password. */
function printed(payload: { readonly until?: unknown; readonly url?: unknown }, begun: number): object {
  const { until, url } = payload
  const hasUser = typeof url === 'string' && url.includes('@')
  if (typeof until !== 'number' && !hasUser) return payload
  return {
    ...payload,
    ...(typeof until === 'number' && { until: until - begun }),
    ...(hasUser && { url: withoutUser(url) }),
  }
}

/** Also for what is no URL, or an odd one: browsers read `https:user:pass@host` too. */
function withoutUser(url: string): string {
  return url.replace(/^([^:/?#]*:[/\\\s]{0,16})[^/?#\\]*@/, '$1')
}
