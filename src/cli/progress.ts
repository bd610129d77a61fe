import type { CrawlEnding } from '../contracts/crawl.ts'
import type { PoolState } from '../contracts/events.ts'
import type { CrawlerStats, ProxyCounts } from '../contracts/stats.ts'
import type { TrustCounts } from '../contracts/trust.ts'
import type { CrawlProgress } from '../face/crawler.ts'

/**
 * What a person watching a crawl wants to know, computed from two readings and nothing else: how far, how fast, until
 * when, and who makes trouble. The estimate is what is known to be left over the present rate; a crawl that still
 * discovers pages will exceed it, so it is absent rather than wrong until there is a rate to speak of.
 */
export interface ProgressView extends CrawlProgress {
  readonly elapsedMs: number
  /** Milliseconds until what is known is done; undefined while nobody can say. */
  readonly etaMs: number | undefined
  readonly attempts: number
  readonly hedges: number
  readonly bytes: number
  readonly proxies: ProxyCounts
  readonly trust: TrustCounts
  /** Why nothing goes out at all, if so. */
  readonly held: CrawlerStats['held']
  /** Worst first, at most `hosts` of them. */
  readonly troubled: readonly TroubledHost[]
  /** Hosts in trouble beyond those listed. */
  readonly alsoTroubled: number
  /** The host whose pages wait for nothing but politeness, the most of them; undefined while none do. */
  readonly polite: PoliteHost | undefined
  /** Why it is over, when it is. */
  readonly ending?: CrawlEnding
}

export interface PoliteHost {
  readonly host: string
  /** Milliseconds between two requests of one proxy. */
  readonly intervalMs: number
  readonly waiting: number
}

export interface TroubledHost {
  readonly host: string
  readonly state: Exclude<PoolState, 'serving' | 'draining'>
  readonly reason: string
  /** Milliseconds until it is tried again; undefined when an event must come first, or that moment has passed. */
  readonly remainingMs: number | undefined
  readonly waiting: number
}

export interface ProgressReading {
  readonly progress: CrawlProgress
  readonly stats: CrawlerStats
  /** Clock time in ms. */
  readonly now: number
  readonly maxPages?: number
  /** By how many requests a second the queue grows; below 0 it shrinks. Default: it is not known. */
  readonly growth?: number | undefined
  /** Hosts in trouble to list. Default 3. */
  readonly hosts?: number
  readonly ending?: CrawlEnding
}

export function progressView(reading: ProgressReading): ProgressView {
  const { progress, stats, now, maxPages, growth, hosts = 3, ending } = reading
  const troubled = troubledHosts(stats, now)
  return {
    ...progress,
    elapsedMs: stats.wallMs,
    etaMs: estimate(progress, maxPages, growth),
    attempts: stats.attempts,
    hedges: stats.hedges,
    bytes: stats.bytes,
    proxies: stats.proxies,
    trust: stats.trust,
    held: stats.held,
    troubled: troubled.slice(0, hosts),
    polite: politeHost(stats),
    alsoTroubled: Math.max(0, troubled.length - hosts),
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

function politeHost({ hosts }: CrawlerStats): PoliteHost | undefined {
  let most: PoliteHost | undefined
  for (const [host, { state, waiting, waitingFor, intervalMs }] of Object.entries(hosts)) {
    if (state !== 'serving' || waitingFor !== 'interval' || waiting <= (most?.waiting ?? 0)) continue
    most = { host, intervalMs, waiting }
  }
  return most
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
