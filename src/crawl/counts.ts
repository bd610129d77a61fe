import type { Clock } from '../base/clock.ts'
import type { CrawlCounts } from '../contracts/crawl.ts'
import type { Frontier, Tally } from '../contracts/frontier.ts'
import { LatencyHistogram } from '../reputation/latency.ts'

const none: CrawlCounts = {
  pages: 0,
  items: 0,
  edges: 0,
  failed: 0,
  gone: 0,
  setAside: 0,
  skipped: 0,
  unchanged: 0,
  empty: 0,
  askedAgain: 0,
  corrected: 0,
  contested: 0,
  marked: 0,
}

/**
 * What a crawl counts. The counts of CrawlCounts are kept by the frontier with each settlement too, so that they go on
 * where the last run stopped; the others are of this run.
 */
export class Counting {
  readonly earlier: CrawlCounts
  /** Requests known and not settled. */
  queued = 0
  attempts = 0
  hedges = 0
  /** Of its pages, without their waits. */
  readonly latency = new LatencyHistogram()
  readonly rate: Rate
  readonly #now: Record<keyof CrawlCounts, number> = { ...none }

  /** `tally` as the frontier has it when this run begins. */
  constructor(clock: Clock, tally: Tally) {
    this.earlier = countsOf(tally)
    this.rate = new Rate(clock)
  }

  /** A request has ended for good. */
  ended(tally: Tally): void {
    this.queued--
    for (const name of countNames) this.#now[name] += tally[name] ?? 0
    if (tally.pages !== undefined) this.rate.arrived()
  }

  /** So many that were given up wait again; what they had added to the tally has been taken back. */
  takenBack(before: Tally, after: Tally, requests: number): void {
    this.queued += requests
    for (const name of countNames) this.#now[name] += (after[name] ?? 0) - (before[name] ?? 0)
  }

  /** Asks the frontier how many requests it knows. */
  async recount(frontier: Frontier): Promise<void> {
    const { ready, waiting, leased } = await frontier.stats()
    this.queued = ready + waiting + leased
  }

  get total(): CrawlCounts {
    return sum(this.earlier, this.#now)
  }

  /** Pages of all runs. */
  get pages(): number {
    return this.earlier.pages + this.#now.pages
  }

  /** Pages of this run. */
  get newPages(): number {
    return this.#now.pages
  }

  get isFirstRun(): boolean {
    return countNames.every((name) => this.earlier[name] === 0)
  }
}

export function countsOf(tally: Tally): CrawlCounts {
  return sum(none, tally)
}

function sum(counts: CrawlCounts, more: Tally | CrawlCounts): CrawlCounts {
  const added: Record<string, number> = { ...counts }
  for (const name of countNames) added[name] = counts[name] + (more[name] ?? 0)
  return added as unknown as CrawlCounts
}

const countNames = Object.keys(none) as (keyof CrawlCounts)[]

/** Pages a second over the last ten seconds. */
const window = 10_000
/** Arrivals remembered; beyond that the older half is forgotten. */
const mostArrivals = 10_000

export class Rate {
  readonly #clock: Clock
  readonly #recent: number[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  arrived(): void {
    this.#recent.push(this.#clock.now())
    if (this.#recent.length > mostArrivals) this.#recent.splice(0, mostArrivals / 2)
  }

  get perSecond(): number {
    const now = this.#clock.now()
    while (this.#recent.length > 0 && now - this.#recent[0]! > window) this.#recent.shift()
    const span = this.#recent.length > 0 ? Math.max(1_000, now - this.#recent[0]!) : window
    return (this.#recent.length / span) * 1_000
  }
}
