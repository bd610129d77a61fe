import type { HttpCache } from './cache.ts'
import type { Frontier } from './frontier.ts'
import type { Sink } from './sink.ts'
import type { CrawlerStats, Quantiles } from './stats.ts'
import type { TrapOptions } from './trap-options.ts'

/** A crawl as its user sees it: its options, what can be done with it, and what it tells. */
export interface CrawlOptions {
  /** Where items and edges go besides the iteration. */
  sinks?: readonly Sink[]
  /** Pages fetched at most, those of earlier runs included; what waits beyond is left in the frontier. */
  maxPages?: number
  maxDepth?: number
  /** Requests of this crawl under way at once, waiting ones included. Default: four times the crawler's concurrency. */
  concurrency?: number
  /** Default: the source's own, then the crawler's politeness. */
  robots?: boolean
  /** Requests of one host that are ever asked for at most. Default: no limit. */
  maxPerHost?: number
  /** Hosts that are never asked, as names or `*.example.com`. */
  block?: readonly string[]
  /** Which links look like a spider trap and are not followed; `false` follows all. */
  traps?: TrapOptions | false
  /**
   * Visit pages again: milliseconds after their last visit. What has not changed (304, or the same bytes) is not parsed.
   * A run ends when nothing is due; with `forever` it waits for what will be.
   */
  revisit?: { readonly after: number; readonly forever?: boolean }
  /** Answers that are kept from run to run and served instead of being asked for. For writing parsers. */
  cache?: HttpCache
  /** Its name within the crawler's `state`. Default: the source's name and a digest of the params. */
  name?: string
  /** Begin again although the state holds an unfinished crawl of this name. */
  fresh?: boolean
  /** Where requests wait. Default: in the crawler's `state`, else in memory. */
  frontier?: Frontier
  signal?: AbortSignal
}

/** A crawl under way. Iterate it for items, or `run()` it for its sinks; either starts it. */
export interface Crawl<Item> extends AsyncIterable<Item> {
  readonly id: string
  /** Runs to the end without iterating: items go to `sinks` only. */
  run(): Promise<CrawlSummary>
  /** Resolves when the crawl has ended, however; rejects with what made it fail (a sink, the state, the seeds). */
  readonly done: Promise<CrawlSummary>
  progress(): CrawlProgress
  pause(): void
  resume(): void
  /** Finishes what is under way, takes nothing new. */
  drain(): Promise<CrawlSummary>
  stop(): Promise<CrawlSummary>
}

/** Counts that go on where the last run of the same crawl stopped. */
export interface CrawlCounts {
  /** Pages fetched and settled. */
  readonly pages: number
  readonly items: number
  readonly edges: number
  readonly failed: number
  /** Not fetched because robots.txt or the source said so. */
  readonly skipped: number
  /** Visited again and found as they were. */
  readonly unchanged: number
}

/** The states of machines/crawl.ts, which says what each of them means. */
export type CrawlStage =
  | 'idle'
  | 'opening'
  | 'running'
  | 'paused'
  | 'draining'
  | 'stopping'
  | 'closing'
  | 'stopped'

export interface CrawlProgress extends CrawlCounts {
  readonly state: CrawlStage
  /** Pages of earlier runs, in `pages` too. */
  readonly earlier: number
  /** Requests known and not yet settled. */
  readonly queued: number
  readonly running: number
  /** Pages a second over the last 10 s. */
  readonly rate: number
}

export interface CrawlSummary extends CrawlCounts {
  /** What earlier runs of this crawl had done, included above; undefined in the first. */
  readonly earlier: CrawlCounts | undefined
  /** Why it ended. */
  readonly ending: CrawlEnding
  /** Left in the frontier: interrupted, or beyond maxPages. */
  readonly queued: number
  /** Of this run, as all that follows. */
  readonly attempts: number
  readonly hedges: number
  readonly bytes: number
  readonly wallMs: number
  readonly latencyMs: Quantiles
  readonly hosts: CrawlerStats['hosts']
  readonly proxies: {
    readonly total: number
    readonly healthy: number
    readonly open: number
    readonly retired: number
  }
  /** Links that were not followed, because they looked like a trap, their host is blocked or has had its share. */
  readonly trapped: readonly { readonly reason: string; readonly count: number; readonly example: string }[]
  /** The first hundred; the frontier has them all. */
  readonly deadLetters: readonly { readonly url: string; readonly code: string; readonly detail: string }[]
}

/** `limit`: maxPages was reached and more was known; `interrupted`: somebody stopped or drained it. */
export type CrawlEnding = 'finished' | 'limit' | 'interrupted' | 'failed'
