import type { CrawlEnding } from '../contracts/crawl.ts'
import type { PoolState } from '../contracts/events.ts'
import type { CrawlerStats, ProxyCounts } from '../contracts/stats.ts'
import type { TrustCounts } from '../contracts/trust.ts'
import type { CrawlProgress } from '../face/crawler.ts'
import type { RunLedger } from './report/run-ledger.ts'
import { type SpeedLimit, speedLimit } from './speed-limit.ts'

/**
 * What a person watching a crawl wants to know, computed from two readings and nothing else: how far, how fast, until
 * when, what keeps it from being faster, and who makes trouble. The estimate is what is known to be left over the present
 * rate; a crawl that still discovers pages will exceed it, so it is absent rather than wrong until there is a rate to speak
 * of. The same holds for the goal.
 */
export interface ProgressView extends CrawlProgress {
  readonly elapsedMs: number
  /** Milliseconds until what is known is done; undefined while nobody can say. */
  readonly etaMs: number | undefined
  /** Undefined while nobody can say: the crawl finds more than it fetches, and has no limit. */
  readonly goal: Goal | undefined
  /** Requests a second that are found; undefined while it is not known. */
  readonly foundRate: number | undefined
  /** Pages a second of the last half minute, oldest first. */
  readonly rates: readonly number[]
  readonly attempts: number
  readonly hedges: number
  readonly bytes: number
  readonly proxies: ProxyCounts
  readonly trust: TrustCounts
  /** Why nothing goes out at all, if so. */
  readonly held: CrawlerStats['held']
  /** What keeps it from being faster; undefined when it is over. */
  readonly limit: SpeedLimit | undefined
  /** Worst first, at most `most` of them. */
  readonly troubled: readonly TroubledHost[]
  /** Hosts in trouble beyond those listed. */
  readonly alsoTroubled: number
  /** What went wrong last, by reason, most often first, at most `most` of them. */
  readonly errors: readonly RecentError[]
  /** Reasons beyond those listed. */
  readonly alsoErrors: number
  /** Why it is over, when it is. */
  readonly ending?: CrawlEnding
}

export interface Goal {
  readonly share: number
  /** Pages of the limit, or requests that are known. */
  readonly total: number
  /** `total` is what the crawl may fetch at most. */
  readonly isLimit: boolean
}

export interface TroubledHost {
  readonly host: string
  readonly state: Exclude<PoolState, 'serving' | 'draining'>
  readonly reason: string
  /** Milliseconds until it is tried again; undefined when an event must come first, or that moment has passed. */
  readonly remainingMs: number | undefined
  readonly waiting: number
}

export interface RecentError {
  readonly reason: string
  readonly count: number
  /** A URL. */
  readonly example: string
  /** Label of the proxy that the example went through; undefined for a request that was given up. */
  readonly proxy: string | undefined
}

export interface ProgressReading {
  readonly progress: CrawlProgress
  readonly stats: CrawlerStats
  /** Clock time in ms. */
  readonly now: number
  /** Pages at most. Default: no limit. */
  readonly maxPages?: number
  /** By how many requests a second the queue grows; below 0 it shrinks. Default: it is not known. */
  readonly growth?: number | undefined
  readonly rates?: readonly number[]
  /** Share of the time in which this process was busy. */
  readonly busy?: number | undefined
  readonly ledger?: RunLedger | undefined
  /** Hosts in trouble, and reasons of errors, to list. Default 3. */
  readonly most?: number
  readonly ending?: CrawlEnding
}

export function progressView(reading: ProgressReading): ProgressView {
  const { progress, stats, now, maxPages, growth, rates = [], busy, ledger, most = 3, ending } = reading
  const troubled = troubledHosts(stats, now)
  const errors = ledger ? recentErrors(ledger, now) : []
  return {
    ...progress,
    elapsedMs: stats.wallMs,
    etaMs: estimate(progress, maxPages, growth),
    goal: goalOf(progress, maxPages, growth),
    foundRate: growth === undefined ? undefined : Math.max(0, progress.rate + growth),
    rates,
    attempts: stats.attempts,
    hedges: stats.hedges,
    bytes: stats.bytes,
    proxies: stats.proxies,
    trust: stats.trust,
    held: stats.held,
    limit: speedLimit({
      progress,
      stats,
      now,
      maxPages,
      busy,
      comparing: ledger?.comparing ?? 0,
      refusals: (host) => ledger?.hosts.get(host)?.throttled ?? 0,
    }),
    troubled: troubled.slice(0, most),
    alsoTroubled: Math.max(0, troubled.length - most),
    errors: errors.slice(0, most),
    alsoErrors: Math.max(0, errors.length - most),
    ...(ending !== undefined && { ending }),
  }
}

/**
 * Milliseconds until the pages that are known, or allowed, are done at the present rate. While a crawl finds as many pages
 * as it fetches, nobody knows.
 */
export function estimate(progress: CrawlProgress, maxPages?: number, growth?: number): number | undefined {
  const allowed = maxPages === undefined ? Number.POSITIVE_INFINITY : Math.max(0, maxPages - progress.pages)
  const known = progress.state === 'draining' ? progress.running : progress.queued
  const left = Math.min(known, allowed)
  if (progress.state !== 'running' && progress.state !== 'draining') return undefined
  if (left === 0) return 0
  const isKnown = growth === undefined || left < known || progress.state === 'draining'
  const speed = isKnown ? progress.rate : Math.min(progress.rate, -growth)
  return speed > 0 ? (left / speed) * 1_000 : undefined
}

/** The limit where there is one, unless less than that is known and the queue shrinks; else what is known while it shrinks. */
export function goalOf(progress: CrawlProgress, maxPages?: number, growth = 0): Goal | undefined {
  const { pages, failed, skipped, unchanged, queued, state } = progress
  const done = pages + failed + skipped + unchanged
  const known = done + queued
  const isKnown = (growth < 0 || state === 'stopped') && known > 0
  if (maxPages !== undefined && maxPages > 0 && !(isKnown && pages + queued < maxPages)) {
    return { share: Math.min(1, pages / maxPages), total: maxPages, isLimit: true }
  }
  return isKnown ? { share: done / known, total: known, isLimit: false } : undefined
}

const trendWindow = 10_000
const shortestTrend = 3_000

/** Whether the queue of a crawl grows or shrinks, over the last ten seconds. */
export class QueueTrend {
  readonly #seen: { readonly at: number; readonly queued: number }[] = []

  /** Requests a second; 0 until it has been watched for three seconds. */
  growth(at: number, queued: number): number {
    this.#seen.push({ at, queued })
    while (at - this.#seen[0]!.at > trendWindow) this.#seen.shift()
    const first = this.#seen[0]!
    const span = at - first.at
    return span < shortestTrend ? 0 : ((queued - first.queued) / span) * 1_000
  }
}

const barMs = 2_000
const mostBars = 16

/** Pages a second of the last half minute, a value for each two seconds that are over. */
export class RateTrend {
  readonly #rates: number[] = []
  #since: { readonly at: number; readonly pages: number } | undefined

  rates(at: number, pages: number): readonly number[] {
    this.#since ??= { at, pages }
    const span = at - this.#since.at
    if (span < barMs) return this.#rates
    const rate = ((pages - this.#since.pages) / span) * 1_000
    // A display that is drawn seldom has seen the mean of several.
    for (let bars = Math.min(mostBars, Math.floor(span / barMs)); bars > 0; bars--) this.#rates.push(rate)
    this.#rates.splice(0, this.#rates.length - mostBars)
    this.#since = { at, pages }
    return this.#rates
  }
}

const severity = { down: 0, starved: 1, throttled: 2 } as const

function troubledHosts(stats: CrawlerStats, now: number): TroubledHost[] {
  const found: TroubledHost[] = []
  for (const [host, { state, reason, until, waiting }] of Object.entries(stats.hosts)) {
    if (state === 'serving' || state === 'draining') continue
    const remainingMs = until === undefined || until <= now ? undefined : until - now
    found.push({ host, state, reason, remainingMs, waiting })
  }
  return found.sort(
    (a, b) => severity[a.state] - severity[b.state] || b.waiting - a.waiting || a.host.localeCompare(b.host),
  )
}

/** Milliseconds for which an error is news. What was given up stays. */
const newsMs = 60_000

function recentErrors({ failures, dead }: RunLedger, now: number): RecentError[] {
  const byCount = (a: RecentError, b: RecentError) => b.count - a.count || a.reason.localeCompare(b.reason)
  const given = [...dead.values()].map(({ reason, count, example }) => ({
    reason,
    count,
    example,
    proxy: undefined,
  }))
  const recent = [...failures.values()]
    .filter(({ at }) => now - at <= newsMs)
    .map(({ reason, count, example, proxy }) => ({ reason, count, example, proxy }))
  return [...given.sort(byCount), ...recent.sort(byCount)]
}
