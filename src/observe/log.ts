import { type DestinationStream, type Logger, pino } from 'pino'
import { type Clock, systemClock } from '../base/clock.ts'
import { assertArgument, hasFunctions, isOptions } from '../contracts/arguments.ts'
import type { CrawlerEvents } from '../contracts/events.ts'
import type { CrawlerStats } from '../contracts/stats.ts'
import { BoundLog, type Level, type LogTarget } from './bound-log.ts'
import { Lines } from './log-lines.ts'
import { HostLines, summaryLine } from './log-summary.ts'
import { assertCrawler, listen, type Observed } from './observed.ts'

/**
 * A crawler's log. Each line has its kind in the field `event`, and what it is about in `host`, `crawl`, `request`, `task` and `proxy`;
 * docs/logs.md lists the kinds. `[host]` stands in front for those who grep. The levels: `trace` each wait, `debug` each attempt and
 * page, `info` what changed and a summary every 30 s, `warn` what somebody should look at, `error` what was lost. It only
 * listens, so a crawler without it pays nothing, and what is below the level is not even listened to. JSON lines by pino, which has its
 * own pretty-printer for people.
 */
export interface LogOptions {
  /** Default `info`. */
  level?: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent' | undefined
  /** Stands in the field `name` of each line, to tell several crawlers apart in one place. Default: no such field. */
  name?: string | undefined
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
  const { level = 'info', destination, name, onFailed } = options
  const base = name === undefined ? null : { name }
  const target = typeof destination === 'string' ? openFile(destination, onFailed) : destination
  return target === undefined ? pino({ level, base }) : pino({ level, base }, target)
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

/** How often a log sums up, and how much. */
export interface AttachLogOptions {
  /** Default: the system's. */
  clock?: Clock | undefined
  /** Milliseconds between two summaries while there is work. Default 30 s. */
  summaryEvery?: number | undefined
  /** Hosts that each summary has a line for, the most troubled and the busiest. Default 5; 0 for none. */
  hosts?: number | undefined
}

/** Alerts that say that something is lost. */
const losses: ReadonlySet<string> = new Set(['ITEM_INVALID', 'NOT_CORRECTED', 'STATE_FAILED', 'SINK_FAILED'])

/** A page that is not there, by its server's own word, is no loss. */
const gone = /^status-4\d\d$/

/** Gives what the logger gives: the crawler tells once of a listener that throws, or whose promise is rejected, and goes on. */
type Put = (level: Level, event: string, fields: object, line: string) => unknown

/** Writes what `crawler` does to `log`; returns a function that ends it. Holds a timer only while a task is open. */
export function attachLog(
  crawler: Observed,
  log: LogTarget,
  { clock = systemClock, summaryEvery = 30_000, hosts = 5 }: AttachLogOptions = {},
): () => void {
  assertCrawler(crawler, 'attachLog()')
  const isLogger = hasFunctions(log, 'info', 'warn')
  assertArgument(isLogger, 'attachLog()', 'log', 'a logger, as createLog() makes one', log)
  const out = new BoundLog(log)
  const put: Put = (level, event, fields, line) => out.write(level, { event, ...fields }, line)
  const stops = [...changes(crawler, put, clock)]
  if (out.writes('debug')) stops.push(...attempts(crawler, put, clock))
  if (out.writes('trace')) stops.push(...waits(crawler, put, clock))
  stops.push(sumUp(crawler, put, { clock, summaryEvery, hosts }))
  return () => {
    for (const stop of stops.splice(0)) stop()
  }
}

/** `info` and above. */
function* changes(crawler: Observed, put: Put, clock: Clock): Generator<() => void> {
  const lines = new Lines(clock)
  yield shown(crawler, 'host.state', (event) => {
    const isWell = event.to === 'serving' || event.to === 'draining'
    return put(isWell ? 'info' : 'warn', 'host.state', event, lines.hostState(event))
  })
  yield shown(crawler, 'host.paused', (event) => put('info', 'host.paused', event, lines.hostPaused(event)))
  yield shown(crawler, 'proxy.state', (event) =>
    put(event.reason === 'lies' ? 'warn' : 'info', 'proxy.state', event, lines.proxyState(event)),
  )
  yield shown(crawler, 'trust.judged', (event) => {
    if (event.finding === 'contested') return put('warn', 'trust.judged', event, lines.judged(event))
    if (event.deviants.length > 0) return put('info', 'trust.judged', event, lines.judged(event))
  })
  yield shown(crawler, 'crawl.state', (event) =>
    put('info', 'crawl.state', event, `crawl ${event.crawl} ${event.from} → ${event.to}`),
  )
  yield shown(crawler, 'proxies.refreshed', (event) =>
    put('info', 'proxies.refreshed', event, lines.refreshed(event)),
  )
  yield shown(crawler, 'request.dead', (event) =>
    put(gone.test(event.code) ? 'warn' : 'error', 'request.dead', event, lines.dead(event)),
  )
  yield shown(crawler, 'item.retracted', (event) =>
    put('warn', 'item.retracted', event, `takes back ${event.of} ${event.index} of ${event.request}`),
  )
  yield shown(crawler, 'log', (event) => {
    // Told as `request.skipped`, with what it is about.
    return event.kind === 'skipped' ? undefined : put('info', 'log', event, event.message)
  })
  yield shown(crawler, 'request.skipped', (event) =>
    put('info', 'request.skipped', event, lines.skipped(event)),
  )
  yield shown(crawler, 'alert', (event) =>
    put(losses.has(event.code) ? 'error' : 'warn', 'alert', event, `${event.message} (${event.code})`),
  )
}

/** `debug`. */
function* attempts(crawler: Observed, put: Put, clock: Clock): Generator<() => void> {
  const lines = new Lines(clock)
  yield shown(crawler, 'outcome', (event) => put('debug', 'outcome', event, lines.outcome(event)))
  yield shown(crawler, 'request.done', (event) => put('debug', 'request.done', event, lines.done(event)))
  yield shown(crawler, 'task.settled', (event) => put('debug', 'task.settled', event, lines.settled(event)))
}

/** `trace`. */
function* waits(crawler: Observed, put: Put, clock: Clock): Generator<() => void> {
  const lines = new Lines(clock)
  yield shown(crawler, 'task.accepted', (event) =>
    put('trace', 'task.accepted', event, `[${event.host}] ${event.task} asks for ${event.url}`),
  )
  yield shown(crawler, 'task.parked', (event) => put('trace', 'task.parked', event, lines.waits(event)))
  yield shown(crawler, 'request.waits', (event) => put('trace', 'request.waits', event, lines.waits(event)))
  yield shown(crawler, 'attempt.started', (event) =>
    put(
      'trace',
      'attempt.started',
      event,
      `[${event.host}] ${event.task} attempt ${event.attempt} (${event.why}) over ${event.proxy}`,
    ),
  )
}

/** A summary while there is work: one line of totals, and one for each host that is worth it. */
function sumUp(
  crawler: Observed,
  put: Put,
  { clock, summaryEvery, hosts }: { clock: Clock; summaryEvery: number; hosts: number },
): () => void {
  const { racing, parked } = crawler.stats().tasks
  const hostLines = new HostLines(hosts)
  let open = racing + parked
  let due = clock.now() + summaryEvery
  let cancel: (() => void) | undefined
  const rest = () => {
    cancel?.()
    cancel = undefined
  }
  const tell = (stats: CrawlerStats) => {
    const { proxies, successRate1m, requeues, skipped, sessions } = stats
    const totals = { proxies, successRate1m, requeues, skipped, sessions }
    quietly(put('info', 'summary', totals, summaryLine(stats)))
    for (const { fields, line } of hostLines.of(stats, clock.now()))
      quietly(put('info', 'summary.host', fields, line))
  }
  const arm = () => {
    cancel ??= clock.after(Math.max(0, due - clock.now()), () => {
      cancel = undefined
      due = clock.now() + summaryEvery
      try {
        tell(crawler.stats())
      } catch {
        // A logger that fails at an event is told; here nobody would hear it.
      }
      if (open > 0) arm()
    })
  }
  const stops = [
    listen(crawler, 'task.accepted', () => {
      open++
      arm()
    }),
    listen(crawler, 'task.settled', () => {
      open = Math.max(0, open - 1)
      if (open === 0) rest()
    }),
    rest,
  ]
  if (open > 0) arm()
  return () => {
    for (const stop of stops) stop()
  }
}

/** Listens, and is told what anybody may read who reads the log. */
function shown<E extends keyof CrawlerEvents>(
  crawler: Observed,
  event: E,
  listener: (event: CrawlerEvents[E][0]) => unknown,
): () => void {
  return listen(crawler, event, ((told: CrawlerEvents[E][0]) => listener(Lines.redacted(told))) as never)
}

function quietly(said: unknown): void {
  if (said instanceof Promise) said.catch(() => {})
}
