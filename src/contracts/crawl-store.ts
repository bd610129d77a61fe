import type { CrawlEnding, CrawlOptions } from './crawl.ts'
import type { Frontier } from './frontier.ts'

/** Where crawls outlive their process: one file for each, found again by its name. */
export interface CrawlStore {
  /**
   * Opens the crawl of this name: where it stopped when it was not finished, else a new round. Throws STATE_LOCKED,
   * STATE_CORRUPT, STATE_VERSION, STATE_FAILED, or STATE_MISMATCH when the name belongs to another source.
   */
  open(plan: CrawlPlan): Promise<StoredCrawl>
}

export interface CrawlPlan {
  /** The source's name. */
  readonly source: string
  /** As the source's schema made them. */
  readonly params: unknown
  readonly options: Pick<CrawlOptions, 'name' | 'fresh' | 'revisit'>
  /** Pages after which the source itself holds the crawl to be complete; Infinity without. */
  readonly complete: number
}

export interface StoredCrawl {
  readonly frontier: Frontier
  /** What the disk refuses from now on is given up at once; what was not settled is due again in the next run. */
  stopRetrying?(): void
  /** Writes down how the run ended, and closes what was opened. */
  end(ending: CrawlEnding): Promise<void>
}
