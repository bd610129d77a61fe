import { counted, formatCount, formatDuration, formatRate } from '../base/format.ts'
import type { CrawlProgress } from '../contracts/crawl.ts'
import type { ParkReason } from '../contracts/events.ts'
import type { CrawlerStats, HostStats, ProxyCounts } from '../contracts/stats.ts'

/**
 * What keeps a crawl from being faster now, in one sentence. It is the question that everybody who watches one asks, and the
 * answer decides what to change: a flag, the proxies, the source, the machine. It is read off the requests themselves: what
 * most of those that were taken from the queue are doing or waiting for is the limit. Before that come the few states in
 * which nothing can go on at all.
 */
export interface SpeedReading {
  readonly progress: CrawlProgress
  readonly stats: CrawlerStats
  /** Clock ms. */
  readonly now: number
  /** Pages at most. Default: no limit. */
  readonly maxPages?: number | undefined
  /** Share of the time in which this process was busy; undefined when that is not known. */
  readonly busy?: number | undefined
  /** Requests whose answer is being compared with what other exits bring. Default 0. */
  readonly comparing?: number
  /** How often a host has asked to slow down. Default: not known. */
  readonly refusals?: (host: string) => number
}

export type SpeedLimitKind =
  | 'opening' // nothing has begun
  | 'paused' // by hand
  | 'blackout' // the network of this machine
  | 'draining' // it ends
  | 'cpu' // this process is busy all the time
  | 'sink' // what was found is not taken as fast as it is found
  | 'parse' // pages wait for the source to read them
  | 'comparison' // answers wait until others were asked the same
  | 'concurrency' // the option, or the sockets of this machine
  | 'politeness' // the interval of each proxy at a host
  | 'host-limit' // a host bears no more at a time
  | 'throttled' // a host has asked for a pause
  | 'host-down' // a host is ill
  | 'proxies' // too few of them work
  | 'no-more' // fewer pages are known than could be asked for
  | 'due-later' // what is left waits for its moment
  | 'answers' // the time that answers take

export interface SpeedLimit {
  readonly kind: SpeedLimitKind
  /** At which host, where it is one. */
  readonly host?: string
  /** Without a full stop. */
  readonly sentence: string
}

const busyAll = 0.9
/** Outputs held for a sink beyond which nothing new is taken (sink/outbox.ts). */
const fullSink = 1_000

/** Undefined for a crawl that has ended. */
export function speedLimit(reading: SpeedReading): SpeedLimit | undefined {
  const { progress, stats, busy = 0 } = reading
  const held = stateLimit(progress, stats)
  if (held !== undefined) return held
  if (progress.state === 'stopped' || progress.state === 'closing') return undefined
  if (busy >= busyAll) {
    return { kind: 'cpu', sentence: `the CPU: this process is busy ${percent(busy)} of the time` }
  }
  return sinkLimit(progress) ?? shareLimit(reading)
}

/** Nothing can go on, whatever the requests do. */
function stateLimit(
  { state, running }: CrawlProgress,
  { held, proxies }: CrawlerStats,
): SpeedLimit | undefined {
  if (state === 'idle' || state === 'opening') {
    return { kind: 'opening', sentence: 'it is being opened' }
  }
  if (state === 'paused' || (held === 'paused' && state === 'running')) {
    return { kind: 'paused', sentence: 'it is paused: nothing is asked until it goes on' }
  }
  if (state === 'draining' || state === 'stopping') {
    return {
      kind: 'draining',
      sentence: `it ends: ${counted(running, 'request')} under way ${running === 1 ? 'is' : 'are'} finished first`,
    }
  }
  if (state === 'running' && held === 'blackout') {
    return {
      kind: 'blackout',
      sentence: `the network: none of ${counted(proxies.total, 'proxy', 'proxies')} can be reached, one is asked every few seconds`,
    }
  }
  return undefined
}

function sinkLimit({ undelivered }: CrawlProgress): SpeedLimit | undefined {
  if (undelivered < fullSink) return undefined
  return { kind: 'sink', sentence: `a sink: ${counted(undelivered, 'output')} wait to be written` }
}

/** By what most requests do. */
function shareLimit(reading: SpeedReading): SpeedLimit {
  const { progress, stats, comparing = 0 } = reading
  const { queued, running, waiting, reading: inParse, storing } = progress
  const { racing, limit } = stats.tasks
  if (running + waiting === 0) return idleLimit(reading)
  const compared = Math.min(comparing, racing)
  const shares: readonly [count: number, limit: () => SpeedLimit][] = [
    [
      storing,
      () => ({ kind: 'sink', sentence: `a sink or the disk: ${counted(storing, 'page')} wait to be stored` }),
    ],
    [
      inParse,
      () => ({
        kind: 'parse',
        sentence: `the source's own parse(): ${counted(inParse, 'page')} ${inParse === 1 ? 'is' : 'are'} being read`,
      }),
    ],
    [
      compared,
      () => ({
        kind: 'comparison',
        sentence: `comparison: ${counted(compared, 'answer')} wait${compared === 1 ? 's' : ''} until other proxies were asked the same (--trust)`,
      }),
    ],
    [waiting, () => waitLimit(reading)],
    [racing - compared, () => answersLimit(reading)],
  ]
  if (racing >= limit && racing - compared >= inParse + storing) return concurrencyLimit(reading)
  const [, most] = shares.reduce((one, other) => (other[0] > one[0] ? other : one))
  const found = most()
  // Where each request that is known is under way, more of anything would not help.
  const isAllUnderWay = queued <= running + waiting
  const isAboutAnswers = found.kind === 'answers' || (found.kind === 'politeness' && waiting <= 1)
  return isAllUnderWay && isAboutAnswers ? noMore(reading) : found
}

function noMore({ progress: { queued } }: SpeedReading): SpeedLimit {
  const last = queued === 1 ? 'the last request is' : `the last ${formatCount(queued)} requests are`
  return { kind: 'no-more', sentence: `no more pages are known: ${last} under way` }
}

function concurrencyLimit({ stats: { tasks }, progress }: SpeedReading): SpeedLimit {
  const left = Math.max(0, progress.queued - tasks.racing)
  return {
    kind: 'concurrency',
    sentence: `the ${counted(tasks.limit, 'place')} for requests under way at once ${tasks.limit === 1 ? 'is' : 'are all'} taken, ${formatCount(left)} wait (--concurrency)`,
  }
}

function answersLimit({ stats }: SpeedReading): SpeedLimit {
  const { racing } = stats.tasks
  const { p50 } = stats.latencyMs
  const half = p50 === undefined ? '' : `, half of them take ${formatDuration(p50)} or more`
  return {
    kind: 'answers',
    sentence: `the time that answers take: ${counted(racing, 'request')} under way${half}`,
  }
}

/** Nothing is taken: what is queued waits in the frontier, or there is nothing. */
function idleLimit(reading: SpeedReading): SpeedLimit {
  const { progress, stats, now, maxPages } = reading
  if (maxPages !== undefined && progress.pages >= maxPages) {
    return {
      kind: 'draining',
      sentence: `it ends: its limit of ${counted(maxPages, 'page')} is reached (--max-pages), what came is compared and written`,
    }
  }
  if (progress.queued === 0) return { kind: 'no-more', sentence: 'no more pages are known' }
  const resting = worst(
    stats,
    ({ state, until }) => (state === 'throttled' || state === 'down') && (until ?? 0) > now,
  )
  if (resting) return hostLimit(...resting, reading)
  return {
    kind: 'due-later',
    sentence: `${counted(progress.queued, 'request')} wait${progress.queued === 1 ? 's' : ''} for the moment at which ${progress.queued === 1 ? 'it is' : 'they are'} due`,
  }
}

/** At the host where most wait. Requests that wait for their robots.txt wait at no host yet. */
function waitLimit(reading: SpeedReading): SpeedLimit {
  const found = worst(reading.stats, ({ waiting }) => waiting > 0)
  if (!found) return answersLimit(reading)
  return hostLimit(...found, reading)
}

function hostLimit(host: string, row: HostStats, reading: SpeedReading): SpeedLimit {
  const { stats, refusals } = reading
  const { waiting, limit, state, reason } = row
  const count = `${formatCount(waiting)} wait`
  const until =
    row.until !== undefined && row.until > reading.now
      ? `, until ${formatDuration(row.until - reading.now)} from now`
      : ''
  const said = reason === '' ? '' : ` (${reason})`
  switch (state === 'serving' || state === 'draining' ? row.waitingFor : stateWait[state]) {
    case 'throttled':
      return { kind: 'throttled', host, sentence: `${host} has asked for a pause${said}${until}; ${count}` }
    case 'host-down':
      return {
        kind: 'host-down',
        host,
        sentence: `${host} is down${said}: one request at a time asks whether it is back${until}; ${count}`,
      }
    case 'host-limit': {
      const refused = refusals?.(host) ?? 0
      const why =
        refused > 0
          ? `, found by its ${counted(refused, 'answer')} that ask${refused === 1 ? 's' : ''} to slow down`
          : ''
      return {
        kind: 'host-limit',
        host,
        sentence: `${host} bears ${limit === undefined ? 'no more requests' : counted(Math.floor(limit), 'request')} at once${why}; ${count}`,
      }
    }
    case 'interval':
      return politeness(host, row, refusals?.(host) ?? 0)
    case 'proxy-limit':
      return {
        kind: 'proxies',
        host,
        sentence: `too few proxies: all that work are busy (${working(row.proxies)}); ${count} at ${host}`,
      }
    case 'no-proxy':
      return {
        kind: 'proxies',
        host,
        sentence: `too few working proxies: none may be used at ${host} now (${working(stats.proxies)} elsewhere); ${count}`,
      }
    case 'no-proxy-passes':
      return {
        kind: 'proxies',
        host,
        sentence: `no proxy of the kind that ${host} asks for (option hosts); ${count}`,
      }
    case 'blackout':
      return { kind: 'blackout', sentence: 'the network of this machine' }
    case 'paused':
      return { kind: 'paused', sentence: 'it is paused: nothing is asked until it goes on' }
    default:
      return answersLimit(reading)
  }
}

const stateWait: Readonly<Record<'throttled' | 'down' | 'starved', ParkReason>> = {
  throttled: 'throttled',
  down: 'host-down',
  starved: 'no-proxy',
}

/** An interval is what a few proxies are short of sooner than many: where half of them are out, that is the reason. */
function politeness(host: string, { intervalMs, waiting, proxies }: HostStats, refused: number): SpeedLimit {
  const { healthy, total } = proxies
  const most = intervalMs > 0 && healthy > 0 ? `, ${formatRate((healthy * 1_000) / intervalMs)} at most` : ''
  const each = `one request every ${formatDuration(intervalMs)} for each of ${counted(healthy, 'proxy', 'proxies')}${most}`
  if (total > 1 && healthy * 2 < total) {
    return {
      kind: 'proxies',
      host,
      sentence: `too few working proxies: ${working(proxies)} at ${host}, ${each}; ${formatCount(waiting)} wait`,
    }
  }
  if (refused > 0) {
    const asked = `${host} has asked ${refused === 1 ? 'once' : `${formatCount(refused)} times`} to slow down`
    return { kind: 'host-limit', host, sentence: `${asked}: ${each}; ${formatCount(waiting)} wait` }
  }
  return {
    kind: 'politeness',
    host,
    sentence: `politeness at ${host}: ${each}; ${formatCount(waiting)} wait (--interval, --rate)`,
  }
}

function working({ healthy, total }: ProxyCounts): string {
  return `${formatCount(healthy)} of ${formatCount(total)} work`
}

/** The host with the most waiting requests, of those that pass. */
function worst(
  { hosts }: CrawlerStats,
  passes: (host: HostStats) => boolean,
): [string, HostStats] | undefined {
  let most: [string, HostStats] | undefined
  for (const [name, host] of Object.entries(hosts)) {
    if (passes(host) && (most === undefined || host.waiting > most[1].waiting)) most = [name, host]
  }
  return most
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}
