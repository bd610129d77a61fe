import type { CrawlEnding } from '../contracts/crawl.ts'
import type { InspectedCrawl } from './inspect.ts'

/** The one place that says whether a crawl is over: for the state that opens it, and for all that tell of it. */

/** What a crawl's file says of how far it is. */
export interface Progress {
  /** Of its last run; undefined while it runs, and after a crash. */
  readonly ending: CrawlEnding | undefined
  readonly pages: number
  /** Requests that are neither done nor given up. */
  readonly left: number
  /** Pages to be visited again in their turn. */
  readonly resting: number
  /** Outputs that some sink lacks, or a part of them. */
  readonly undelivered: number
}

export interface Terms {
  /** Pages after which its source wants no more; Infinity without. */
  readonly complete: number
  /** The next run visits pages again. */
  readonly revisits: boolean
}

/**
 * Nothing is left to go on with, so that the next run is a new round: no request, and no output that some sink lacks. A
 * crawl that visits its pages again is over when there is none to visit. One that has as many pages as its source wants is
 * over; one at a limit that the user set is not, because the user may raise it.
 */
export function isOver({ ending, pages, left, resting, undelivered }: Progress, terms: Terms): boolean {
  if (undelivered > 0) return false
  if (ending === 'limit') return pages >= terms.complete && !terms.revisits
  return ending === 'finished' && left === 0 && !(terms.revisits && resting > 0)
}

export function progressOf({ record, counts }: InspectedCrawl): Progress {
  const { left, resting, undelivered, tally } = counts
  return { ending: record?.ending, pages: tally.pages ?? 0, left, resting, undelivered }
}

/** Where it is not known how many pages the source wants. */
export function hasFinished(crawl: InspectedCrawl): boolean {
  return isOver(progressOf(crawl), { complete: Number.POSITIVE_INFINITY, revisits: false })
}

/** Whether it was its source, and not the user's limit, that ended it. `maxPages` is what its command says. */
export function endedBySource(crawl: InspectedCrawl, maxPages = Number.POSITIVE_INFINITY): boolean {
  const { ending, pages } = progressOf(crawl)
  return ending === 'limit' && pages < maxPages
}
