import type { CrawlEnding, CrawlOptions } from './crawl.ts'
import type { Frontier } from './frontier.ts'

/** Where crawls outlive their process: one file for each, found again by its name. */
export interface CrawlStore {
  /**
   * Opens the crawl of this name: where it stopped when it was not finished, else a new round. Throws STATE_LOCKED,
   * STATE_CORRUPT, STATE_VERSION, STATE_FAILED, or STATE_MISMATCH when the name belongs to another source.
   */
  open(plan: CrawlPlan): Promise<StoredCrawl>
  /** What a crawl of this name that has ended gave up. Throws STATE_LOCKED while it is under way, STATE_FAILED. */
  letters(plan: CrawlPlan): Promise<StoredLetters>
}

/** Dead letters of a crawl that is not under way. */
export interface StoredLetters extends Pick<Frontier, 'deadLetters'> {
  /** Puts those with these ids back into the queue, and the crawl has something to do again. */
  revive(ids: readonly string[]): Promise<number>
  /** Closes what was opened. */
  close(): Promise<void>
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
  /** Nothing of it was there: it begins anew, and does not go on. */
  readonly isNew?: boolean
  /** Which pages are being read; undefined where nothing outlives the process. */
  readonly journal?: ReadingJournal | undefined
  /** What the disk refuses from now on is given up at once; what was not settled is due again in the next run. */
  stopRetrying?(): void
  /** Writes down how the run ended, and closes what was opened. */
  end(ending: CrawlEnding): Promise<void>
}

/** Which pages are being read, known to the next process if this one ends before they are. By the ids of their requests. */
export interface ReadingJournal {
  /** How often a process ended while it was being read. */
  crashes(request: string): number
  /** It is being read from now on. */
  begin(request: string): void
  /** It was read, or is given up. */
  end(request: string): void
}
