import type { CrawlEnding } from '../contracts/crawl.ts'

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
 * crawl that visits its pages again is over when there is none to visit; one that has as many pages as its source wants
 * is over, one at the limit of whoever ran it is not: he may raise it.
 */
export function isOver({ ending, pages, left, resting, undelivered }: Progress, terms: Terms): boolean {
  if (undelivered > 0) return false
  if (ending === 'limit') return pages >= terms.complete && !terms.revisits
  return ending === 'finished' && left === 0 && !(terms.revisits && resting > 0)
}
