import type { CrawlCounts } from '../contracts/crawl.ts'
import type { Tally } from '../contracts/frontier.ts'

/** What a crawl counts: kept by the frontier with each settlement, so that it goes on where the last run stopped. */
export type CountName = keyof CrawlCounts

const none: CrawlCounts = { pages: 0, items: 0, edges: 0, failed: 0, skipped: 0, unchanged: 0 }

export class Counting {
  readonly earlier: CrawlCounts
  readonly #now: Record<CountName, number> = { ...none }

  /** `tally` as the frontier has it when this run begins; `revived` of those that had failed are in the queue again. */
  constructor(tally: Tally, revived = 0) {
    this.earlier = countsOf(tally, revived)
  }

  add(tally: Partial<Record<CountName, number>>): void {
    for (const name of Object.keys(tally) as CountName[]) this.#now[name] += tally[name] ?? 0
  }

  get total(): CrawlCounts {
    return sum(this.earlier, this.#now)
  }

  /** Pages of all runs. */
  get pages(): number {
    return this.earlier.pages + this.#now.pages
  }

  get isFirstRun(): boolean {
    return Object.values(this.earlier).every((count) => count === 0)
  }
}

export function countsOf(tally: Tally, revived = 0): CrawlCounts {
  const counts = sum(none, tally)
  return { ...counts, failed: counts.failed - revived }
}

function sum(counts: CrawlCounts, more: Tally | CrawlCounts): CrawlCounts {
  const added: Record<string, number> = { ...counts }
  for (const name of Object.keys(none) as CountName[]) added[name] = counts[name] + (more[name] ?? 0)
  return added as unknown as CrawlCounts
}
