import type { CrawlEnding, CrawlOptions } from '../contracts/crawl.ts'
import type { Source } from '../contracts/source.ts'

/**
 * Is this crawl over? A run asks whether it has anything left to do and how it has ended, and the next run asks whether
 * it goes on or begins a new round. All of them ask here.
 */

/** What is left of a crawl. */
export interface Remainder {
  /** Requests that are neither done nor given up. */
  readonly left: number
  /** Pages to be visited again in their turn. */
  readonly resting: number
}

/** What a crawl's file says of how far it is. */
export interface Progress extends Remainder {
  /** Of its last run; undefined while it runs, and after a crash. */
  readonly ending: CrawlEnding | undefined
  readonly pages: number
  /** Outputs that some sink lacks, or a part of them. */
  readonly undelivered: number
}

export interface Terms {
  /** Pages after which its source wants no more; Infinity without. */
  readonly complete: number
  /** The next run visits pages again. */
  readonly revisits: boolean
}

/** Pages that a crawl may fetch, by its options or its source; Infinity without a limit. */
export function limitOf(source: Source, params: unknown, { maxPages }: CrawlOptions): number {
  const { pages } = source.limits?.(params, {}) ?? {}
  return Math.min(maxPages ?? Number.POSITIVE_INFINITY, pages ?? Number.POSITIVE_INFINITY)
}

/** Nothing is left to ask for; with `revisits`, nothing will be due for another visit either. */
export function hasRunOut({ left, resting }: Remainder, revisits: boolean): boolean {
  return left === 0 && !(revisits && resting > 0)
}

/** What a run has to say of its end. */
export interface RunEnd {
  /** What made it fail; undefined when nothing did. */
  readonly failure: unknown
  /** It came to its end by itself: nobody stopped or drained it. */
  readonly isComplete: boolean
  /** Outputs that some sink lacks. */
  readonly undelivered: number
  /** It may fetch no more pages although it knows some. */
  readonly isAtLimit: boolean
  /** A cap on what may be spent was reached. */
  readonly isSpent: boolean
}

export function endingOf({ failure, isComplete, undelivered, isAtLimit, isSpent }: RunEnd): CrawlEnding {
  if (failure !== undefined) return 'failed'
  if (isSpent && !isComplete) return 'spent'
  if (!isComplete || undelivered > 0) return 'interrupted'
  return isAtLimit ? 'limit' : 'finished'
}

/**
 * Nothing is left to go on with, so that the next run is a new round: no request, and no output that some sink lacks. A
 * crawl whose pages are visited again is never over: a run that does not ask for that finds nothing due. One that has as
 * many pages as its source wants is over; one at a limit of its options is not, because the next run may raise it.
 */
export function isOver({ ending, pages, undelivered, ...remainder }: Progress, terms: Terms): boolean {
  if (undelivered > 0 || remainder.resting > 0) return false
  if (ending === 'limit') return pages >= terms.complete && !terms.revisits
  return ending === 'finished' && remainder.left === 0
}

/** Nothing is left but what is visited again, where it is not known how many pages the source wants. */
export function hasFinished({ ending, undelivered, left }: Progress): boolean {
  return undelivered === 0 && ending === 'finished' && left === 0
}

/** Whether it was its source, and not the user's limit, that ended it. `maxPages` is what its command says. */
export function endedBySource({ ending, pages }: Progress, maxPages = Number.POSITIVE_INFINITY): boolean {
  return ending === 'limit' && pages < maxPages
}
