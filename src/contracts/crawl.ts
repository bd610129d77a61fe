import type { HttpCache } from './cache.ts'
import type { DeadLetter, DeadReason, Frontier } from './frontier.ts'
import type { ProxyUse } from './proxy-filter.ts'
import type { Sink } from './sink.ts'
import type { Account } from './spending.ts'
import type { CrawlerStats, ProxyCounts, Quantiles } from './stats.ts'
import type { TrapOptions } from './trap-options.ts'
import type { TrustCounts } from './trust.ts'

/** A crawl as its user sees it: what it takes, what can be done with it, and what it tells. */
export interface CrawlOptions {
  /** Where items and edges go besides the iteration. Default: nowhere. */
  sinks?: readonly Sink[] | undefined
  /** Pages fetched at most, those of earlier runs included; what waits beyond is left in the frontier. Default: no limit. */
  maxPages?: number | undefined
  /** Hops from a start page at most; a link further away is not added. Default: no limit. */
  maxDepth?: number | undefined
  /** Requests of this crawl under way at once, waiting ones included. Default: four times the crawler's concurrency. */
  concurrency?: number | undefined
  /** Obey robots.txt. Default: what the source says, then `politeness.robots`. */
  robots?: boolean | undefined
  /** Requests of one host that are ever asked for at most. Default: no limit. */
  maxPerHost?: number | undefined
  /** Which proxies its requests may use, such as `country=US`, beside what the source and a request ask for. Default: any. */
  use?: ProxyUse | undefined
  /** Hosts that are never asked, as names or `*.example.com`. Default: none. */
  block?: readonly string[] | undefined
  /** Which links look like a spider trap and are not followed; `false` follows all. Default: the limits below. */
  traps?: TrapOptions | false | undefined
  /**
   * Visit pages again: milliseconds after their last visit. What has not changed (304, or the same bytes) is not parsed.
   * A run ends when nothing is due; with `forever` it waits for what will be.
   */
  revisit?:
    | {
        /** Milliseconds from one visit of a page to the next. */
        readonly after: number
        /** Wait for what will be due instead of ending. Default false. */
        readonly forever?: boolean | undefined
      }
    | undefined
  /** Answers that are kept from run to run and served instead of being asked for. For writing parsers. Default: the crawler's. */
  cache?: HttpCache | undefined
  /** Its name within the crawler's `state`. Default: the source's name and a digest of the params. */
  name?: string | undefined
  /** Begin again although the state holds an unfinished crawl of this name; that one is kept beside. Default false. */
  fresh?: boolean | undefined
  /** Where requests wait. Default: in the crawler's `state`, else in memory. */
  frontier?: Frontier | undefined
  /**
   * Wait for proxies although none has answered since the crawl began. `false` ends the crawl with NO_PROXY_ANSWERS when
   * each proxy was asked in vain, or after a minute without any answer; what it had under way goes back to the frontier. A
   * fleet that has answered once is waited for in any case. Default true; the command line says false.
   */
  keepTrying?: boolean | undefined
  /**
   * What becomes of pages about which exits contradict each other: `mark` keeps their items and edges, marked in every sink;
   * `dead` keeps nothing of them but a dead letter of the reason `contested`. Default `mark`.
   */
  contested?: 'mark' | 'dead' | undefined
  /** What `-` stands for where a source takes a file: `process.stdin`, for instance. Default: nothing. */
  input?: AsyncIterable<string | Uint8Array> | undefined
  /** When it aborts, the crawl is stopped. Default: none. */
  signal?: AbortSignal | undefined
}

/** A crawl under way. Iterate it for items, or `run()` it for its sinks; either starts it. */
export interface Crawl<Item> extends AsyncIterable<Item> {
  /** The crawl's id: the source's name and a number. */
  readonly id: string
  /** Runs to the end without iterating: items go to `sinks` only. */
  run(): Promise<CrawlSummary>
  /** Resolves when the crawl has ended, however; rejects with what made it fail (a sink, the state, the seeds). */
  readonly done: Promise<CrawlSummary>
  /** How far it is, right now. */
  progress(): CrawlProgress
  /**
   * What was given up, oldest first, of earlier runs too. Also when it has ended, where it is kept in a state; throws STOPPED
   * where it is not.
   */
  deadLetters(): AsyncIterable<DeadLetter>
  /**
   * Puts dead letters back into the queue, as `regatta dead retry` does: those of a reason, those with these ids of requests, or
   * all. Tells how many. A crawl that has ended asks for them in its next run; rejects with STOPPED where nothing of it is kept.
   */
  retryDead(which?: RetriedLetters): Promise<number>
  /** Starts nothing new until `resume`; what is under way goes on. */
  pause(): void
  /** Ends a pause. */
  resume(): void
  /**
   * Finishes what is in flight, takes nothing new; what only waits goes back to the frontier at once. After `timeout`
   * milliseconds (default: no limit) it stops.
   */
  drain(options?: { timeout?: number }): Promise<CrawlSummary>
  /**
   * Ends now: what is under way goes back to the frontier. A `parse` or a sink that has not ended three seconds later is
   * left behind: nothing of it is kept any more, and its request goes back too.
   */
  stop(): Promise<CrawlSummary>
}

/** Which dead letters are to be tried again; both are to fit. Default: all. */
export interface RetriedLetters {
  /** The code that they were given up for. */
  readonly reason?: string | undefined
  /** Ids of their requests. */
  readonly ids?: readonly string[] | undefined
}

/** Counts that go on where the last run of the same crawl stopped. */
export interface CrawlCounts {
  /** Pages fetched and settled. */
  readonly pages: number
  /** Items that `parse` yielded. */
  readonly items: number
  /** Edges that `parse` yielded. */
  readonly edges: number
  /** Requests that were given up, or whose page is gone. */
  readonly failed: number
  /** Of those, the ones whose server says that there is no such page (404, 410): an answer, and no fault. */
  readonly gone: number
  /** Items and edges that were set aside, because they do not fit their schema or cannot be written. */
  readonly setAside: number
  /** Not fetched because robots.txt or the source said so. */
  readonly skipped: number
  /** Visited again and found as they were. */
  readonly unchanged: number
  /** Pages that gave neither items nor edges nor requests, without a word why; in `pages` too. */
  readonly empty: number
  /** Pages that were asked once more: the exit that brought them was found lying, or exits contradict each other about their host. */
  readonly askedAgain: number
  /** Of those, the ones that were different, or are marked now: what they had given was taken back. */
  readonly corrected: number
  /** Pages about which exits contradict each other; in `pages` too, and marked by `page.trust`. */
  readonly contested: number
  /** Items and edges of such pages: each is marked in every sink, as docs/trust.md says. In `items` and `edges` too. */
  readonly marked: number
}

/** The states of a crawl; machines/crawl.ts says what each of them means. */
export type CrawlStage =
  | 'idle' // it has not been started
  | 'opening' // its frontier and its sinks are opened
  | 'running' // requests are taken and visited
  | 'paused' // nothing is taken until `resume`
  | 'draining' // what is in flight is finished, and nothing is begun
  | 'stopping' // what is under way goes back to the frontier
  | 'closing' // its books are closed
  | 'stopped' // it has ended

/** How far a crawl is. */
export interface CrawlProgress extends CrawlCounts {
  /** What it is doing. */
  readonly state: CrawlStage
  /** Pages of earlier runs, in `pages` too. */
  readonly earlier: number
  /** Requests known and not yet settled. */
  readonly queued: number
  /** Requests under way. */
  readonly running: number
  /** Requests that were taken from the queue and wait for something: a permit, a proxy, robots.txt, the end of a pause. */
  readonly waiting: number
  /** Of those under way, the ones whose page has come and is being read by the source, or waits to be read. */
  readonly reading: number
  /** Of those under way, the ones that are being settled: what they brought is on its way to the sinks, or to the state. */
  readonly storing: number
  /** Outputs that some sink has not taken yet, of those that are held in memory. */
  readonly undelivered: number
  /** Pages a second over the last 10 s. */
  readonly rate: number
}

/** How a crawl ended. */
export interface CrawlSummary extends CrawlCounts {
  /** What earlier runs of this crawl had done, included above; undefined in the first. */
  readonly earlier: CrawlCounts | undefined
  /** Why it ended. */
  readonly ending: CrawlEnding
  /** Left in the frontier: interrupted, or beyond maxPages. */
  readonly queued: number
  /** Of this run, as all that follows. */
  readonly attempts: number
  /** Attempts beyond the first of their task that were started while another was running. */
  readonly hedges: number
  /** Bytes of bodies on the wire, both directions. */
  readonly bytes: number
  /** What went over the proxies in this run, and what it cost; what others asked of the crawler meanwhile is in it. */
  readonly spending: RunSpending
  /** What comparing the proxies' answers has cost and found (docs/trust.md). */
  readonly trust: TrustCounts
  /** Milliseconds from its start to its end. */
  readonly wallMs: number
  /** Milliseconds in which its pages were asked for: without waits for politeness, a place or the end of a pause. */
  readonly latencyMs: Quantiles
  /** Every host, as `crawler.stats()` has it. */
  readonly hosts: CrawlerStats['hosts']
  /** How the proxies fared at the end. */
  readonly proxies: ProxyCounts
  /**
   * Links that were not followed: they looked like a trap, were too deep or out of scope, their host is blocked or has had
   * its share.
   */
  readonly trapped: readonly LeftOut[]
  /** Pages that were not asked for, or that were left out when they had come: robots, noindex, canonical, … */
  readonly leftOut: readonly LeftOut[]
  /** URLs of the first hundred pages that `empty` counts, of this run. */
  readonly emptyPages: readonly string[]
  /** The first hundred; the frontier has them all. */
  readonly deadLetters: readonly GivenUp[]
}

/** What a run has cost. */
export interface RunSpending extends Omit<Account, 'goodPages'> {
  /** What the prices are in; empty where that was not said. */
  readonly currency: string
  /** What the proxies cost by the month, for the time of the run. */
  readonly rent: number
  /** The cap that ended it, in a sentence; undefined when none did. */
  readonly reached: string | undefined
}

/** What was left out for one reason. */
export interface LeftOut {
  /** Why, as a stable slug. */
  readonly reason: string
  /** How many. */
  readonly count: number
  /** The first of them. */
  readonly example: string
}

/** A request that was given up, in short. */
export interface GivenUp extends DeadReason {
  /** What was asked for. */
  readonly url: string
}

/** `limit`: maxPages was reached and more was known; `spent`: `maxBytes` or `maxCost` was; `interrupted`: somebody stopped or drained it. */
export type CrawlEnding = 'finished' | 'limit' | 'spent' | 'interrupted' | 'failed'
