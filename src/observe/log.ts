import { type DestinationStream, type Logger, pino } from 'pino'
import { type Clock, systemClock } from '../base/clock.ts'
import { counted, formatBytes, formatCount, formatDuration } from '../base/format.ts'
import { redact } from '../base/redact.ts'
import { assertArgument, hasFunctions, isOptions } from '../contracts/arguments.ts'
import type { CrawlerEvents, TrustJudged } from '../contracts/events.ts'
import { assertCrawler, listen, type Observed } from './observed.ts'

/**
 * A crawler's log: one line for each change of state, `[host]` in front where it is about a host, and a summary every
 * 30 s while there is work. It only listens, so a crawler without it pays nothing; single attempts are told at level
 * `debug`, and not even listened to above it. JSON lines by pino, which has its own pretty-printer for people.
 */
export interface LogOptions {
  /** Default `info`. */
  level?: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent' | undefined
  /** A path, or anything with `write(line)`. Default: stdout, as pino does. */
  destination?: string | DestinationStream | undefined
  /** Called once when a path cannot be written any more, as on a full disk: lines are missing from then on. Default: nobody is told. */
  onFailed?: ((error: Error) => void) | undefined
}

/** What waits for a disk that is full, bytes; lines beyond are left out. */
const mostWaiting = 1_000_000

/** A pino logger that writes JSON lines, for `attachLog`. A path that cannot be written never throws: a log is not worth a crawl. */
export function createLog(options: LogOptions = {}): Logger {
  assertArgument(isOptions(options), 'createLog()', 'options', 'an object', options)
  const { level = 'info', destination, onFailed } = options
  const target = typeof destination === 'string' ? openFile(destination, onFailed) : destination
  return target === undefined ? pino({ level, base: null }) : pino({ level, base: null }, target)
}

function openFile(path: string, onFailed?: (error: Error) => void): DestinationStream {
  const file = pino.destination({ dest: path, sync: true, maxLength: mostWaiting })
  let isTold = false
  file.on('error', (error: Error) => {
    if (!isTold) onFailed?.(error)
    isTold = true
  })
  return file
}

/** What `attachLog` writes to: a logger of pino, Fastify's `app.log`, or anything with these. */
export interface LogTarget {
  /** Writes a line, with what it is about as fields. */
  info(fields: object, line: string): void
  /** As `info`. */
  warn(fields: object, line: string): void
  /** As `info`. */
  debug(fields: object, line: string): void
  /** Whether lines of a level are written. Default: what `level` says. */
  isLevelEnabled?(level: string): boolean
  /** Below which level nothing is written. Default: `info`. */
  readonly level?: string | undefined
}

/** How often a log sums up. */
export interface AttachLogOptions {
  /** Default: the system's. */
  clock?: Clock | undefined
  /** Milliseconds between two summaries while there is work. Default 30 s. */
  summaryEvery?: number | undefined
}

/** Writes what `crawler` does to `log`; returns a function that ends it. Holds a timer only while a task is open. */
export function attachLog(
  crawler: Observed,
  log: LogTarget,
  { clock = systemClock, summaryEvery = 30_000 }: AttachLogOptions = {},
): () => void {
  assertCrawler(crawler, 'attachLog()')
  assertArgument(
    hasFunctions(log, 'info', 'warn'),
    'attachLog()',
    'log',
    'a logger, as createLog() makes one',
    log,
  )
  const stops: (() => void)[] = []
  const on = <E extends keyof CrawlerEvents>(event: E, listener: (...args: CrawlerEvents[E]) => void) => {
    // Those that only count look at nothing.
    const shown = (...args: CrawlerEvents[E]) => listener(...(args.map(redacted) as CrawlerEvents[E]))
    stops.push(listen(crawler, event, listener.length === 0 ? listener : shown))
  }
  const until = (at: number | undefined) =>
    at === undefined ? '' : `, for ${formatDuration(Math.max(0, at - clock.now()))}`

  on('host.state', (event) => {
    const line = `[${event.host}] ${event.from} → ${event.to}: ${event.reason}${until(event.until)}`
    if (event.to === 'serving' || event.to === 'draining') log.info(event, line)
    else log.warn(event, line)
  })
  on('proxy.state', (event) => {
    const line = `${event.host === undefined ? '' : `[${event.host}] `}${event.proxy} ${event.from} → ${event.to}: ${event.reason}${until(event.until)}`
    if (event.reason === 'lies') log.warn(event, line)
    else log.info(event, line)
  })
  on('trust.judged', (event) => {
    if (event.finding === 'contested') log.warn(event, judgedLine(event))
    else if (event.deviants.length > 0) log.info(event, judgedLine(event))
  })
  on('crawl.state', (event) => log.info(event, `crawl ${event.crawl} ${event.from} → ${event.to}`))
  on('proxies.refreshed', (event) =>
    log.info(
      event,
      `${event.provider}: ${counted(event.total, 'proxy', 'proxies')}, ${event.added} added, ${event.removed} removed`,
    ),
  )
  on('request.dead', (event) => log.warn(event, `gave up ${event.url}: ${event.detail} (${event.code})`))
  on('log', (event) => log.info(event, event.message))
  on('alert', (event) => log.warn(event, `${event.message} (${event.code})`))
  if (log.isLevelEnabled?.('debug') ?? (log.level === 'debug' || log.level === 'trace')) {
    on('outcome', (event) =>
      log.debug(
        event,
        `[${event.host}] ${event.proxy} ${event.verdict} (${event.reason}) in ${formatDuration(event.elapsedMs)}${event.won ? ', won' : ''}: ${event.url}`,
      ),
    )
    on('request.done', (event) =>
      log.debug(
        event,
        `${event.status} ${event.url}: ${counted(event.items, 'item')}, ${counted(event.links, 'link')}`,
      ),
    )
    on('task.parked', (event) =>
      log.debug(event, `[${event.host}] ${event.task} waits: ${event.reason}${until(event.until)}`),
    )
  }

  const { racing, parked } = crawler.stats().tasks
  let open = racing + parked
  let due = clock.now() + summaryEvery
  let cancel: (() => void) | undefined
  const rest = () => {
    cancel?.()
    cancel = undefined
  }
  const arm = () => {
    cancel ??= clock.after(Math.max(0, due - clock.now()), () => {
      cancel = undefined
      due = clock.now() + summaryEvery
      try {
        log.info({}, summaryLine(crawler))
      } catch {
        return // a logger that fails at an event is told; here nobody would hear it
      }
      if (open > 0) arm()
    })
  }
  on('task.accepted', () => {
    open++
    arm()
  })
  on('task.settled', () => {
    open = Math.max(0, open - 1)
    if (open === 0) rest()
  })
  if (open > 0) arm()
  stops.push(rest)
  return () => {
    for (const stop of stops.splice(0)) stop()
  }
}

/** An event whose texts may be read by anybody who reads the log. */
function redacted(event: unknown): unknown {
  if (typeof event !== 'object' || event === null) return event
  const fields = Object.entries(event).map(([name, value]) => [
    name,
    typeof value === 'string' ? redact(value) : value,
  ])
  return Object.fromEntries(fields)
}

/** What exits said of a page, where they do not agree. */
function judgedLine({ host, url, exits, deviants }: TrustJudged): string {
  const others = deviants.map(({ proxy, keys }) => `${proxy} says otherwise (${keys.join(', ')})`)
  const what = deviants.length === 0 ? `${exits.join(', ')} contradict each other` : others.join('; ')
  return `[${host}] ${what}: ${url}`
}

/** One line of totals. */
export function summaryLine(crawler: Pick<Observed, 'stats'>): string {
  const { tasks, attempts, hedges, bytes, latencyMs, hosts, proxies, trust } = crawler.stats()
  return [
    `${formatCount(tasks.succeeded)} succeeded`,
    `${formatCount(tasks.failed)} failed`,
    `${formatCount(tasks.racing)} racing`,
    `${formatCount(tasks.parked)} parked`,
    `${counted(attempts, 'attempt')} (${formatCount(hedges)} hedged)`,
    formatBytes(bytes),
    `p50 ${formatDuration(latencyMs.p50)}`,
    `p95 ${formatDuration(latencyMs.p95)}`,
    counted(Object.keys(hosts).length, 'host'),
    `${formatCount(proxies.healthy)} of ${counted(proxies.total, 'proxy', 'proxies')} healthy`,
    ...(trust.comparisons > 0
      ? [`${counted(trust.comparisons, 'comparison')} (${formatBytes(trust.bytes)})`]
      : []),
    ...(trust.convictions > 0 ? [`${counted(trust.convictions, 'proxy', 'proxies')} found lying`] : []),
  ].join(', ')
}
