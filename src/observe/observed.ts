import { assertArgument, hasFunctions } from '../contracts/arguments.ts'
import type { CrawlerEvents } from '../contracts/events.ts'
import type { CrawlerStats, CrawlerTotals, FrontierCounts } from '../contracts/stats.ts'

/** What an observer needs of a crawler: its events and its numbers. Every Crawler is one. */
export interface Observed {
  /** Calls the listener at each such event. */
  on<E extends keyof CrawlerEvents>(event: E, listener: (...event: CrawlerEvents[E]) => void): unknown
  /** Ends that. */
  off<E extends keyof CrawlerEvents>(event: E, listener: (...event: CrawlerEvents[E]) => void): unknown
  /** What is known right now. */
  stats(): CrawlerStats
  /** The same without a look at each host. Default: it is taken from `stats()`. */
  totals?(): CrawlerTotals
  /** What its crawls still have to do. Default: it has none. */
  frontier?(): Promise<FrontierCounts>
}

/** Listens until the returned function is called. */
export function listen<E extends keyof CrawlerEvents>(
  crawler: Observed,
  event: E,
  listener: (...event: CrawlerEvents[E]) => void,
): () => void {
  crawler.on(event, listener)
  return () => crawler.off(event, listener)
}

/** Throws OPTION_INVALID for what is no crawler. */
export function assertCrawler(crawler: unknown, call: string): void {
  assertArgument(hasFunctions(crawler, 'stats'), call, 'crawler', 'a crawler', crawler)
}
