import type { Clock } from '../../base/clock.ts'
import type { CrawlProgress, CrawlSummary, RetriedLetters } from '../../contracts/crawl.ts'
import type { Explanation } from '../../contracts/explanation.ts'
import type { DeadLetter } from '../../contracts/frontier.ts'
import type { CrawlerStats } from '../../contracts/stats.ts'
import type { Engine } from '../../engine/engine.ts'
import type { Observed } from '../../observe/observed.ts'

/** What the dashboard of a live crawler is made of. Numbers are read from the engine's columns; what is done goes through the crawler's doors. */
export interface LiveParts {
  readonly engine: Engine
  readonly clock: Clock
  readonly crawler: ActingCrawler
  /** When the crawler was made, clock ms. */
  readonly openedAt: number
  /** The folder of its state; undefined without one. */
  readonly stateDir: string | undefined
  /** Tells of each crawl, now and later, until the returned function is called. */
  watchCrawls(tell: (crawl: WatchedCrawl) => void): () => void
}

export interface ActingCrawler extends Observed {
  stats(): CrawlerStats
  explain(which: string): Explanation | undefined
  isolate(proxy: string, reason?: string): void
  readmit(proxy: string): void
  pause(host?: string): void
  resume(host?: string): void
  drain(): Promise<void>
}

export interface WatchedCrawl {
  readonly id: string
  readonly source: string
  readonly done: Promise<CrawlSummary>
  progress(): CrawlProgress
  deadLetters(): AsyncIterable<DeadLetter>
  retryDead(which: RetriedLetters): Promise<number>
}
