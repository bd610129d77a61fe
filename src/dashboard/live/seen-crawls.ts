import { redact } from '../../base/redact.ts'
import type { CrawlEnding, CrawlProgress } from '../../contracts/crawl.ts'
import { messageOf, RegattaError } from '../../contracts/errors.ts'
import { endingWords } from '../ending-words.ts'
import type { CrawlerState, CrawlRow } from '../protocol.ts'
import type { LiveParts, WatchedCrawl } from './live-parts.ts'

/** The crawls that a dashboard has seen: those under way, and how the latest ended. */
const mostRows = 20

interface Seen {
  /** Undefined when it has ended and a later one has, too: it would hold all that it knew. */
  crawl: WatchedCrawl | undefined
  readonly id: string
  readonly source: string
  readonly startedAt: number
  last: CrawlProgress
  endedAt: number | undefined
  ending: CrawlEnding | undefined
  failure: string | undefined
}

export type CrawlTotals = Pick<CrawlProgress, 'pages' | 'items' | 'failed' | 'gone' | 'skipped' | 'queued'>

export class SeenCrawls {
  /** Grows when the dead letters of a crawl may have changed for another reason than its events. */
  changes = 0
  readonly #parts: LiveParts
  readonly #seen: Seen[] = []
  readonly #stop: () => void
  #dropped: CrawlTotals = { pages: 0, items: 0, failed: 0, gone: 0, skipped: 0, queued: 0 }

  constructor(parts: LiveParts) {
    this.#parts = parts
    this.#stop = parts.watchCrawls((crawl) => this.#see(crawl))
  }

  close(): void {
    this.#stop()
  }

  /** Newest first. */
  get rows(): CrawlRow[] {
    return this.#seen.map((seen) => {
      const { pages, items, failed, gone, skipped, queued, rate, state } = this.#progress(seen)
      return {
        id: seen.id,
        source: seen.source,
        state: seen.failure === undefined ? (seen.ending ?? state) : 'failed',
        startedAt: seen.startedAt,
        pages,
        items,
        failed: failed - gone,
        skipped,
        queued,
        pagesPerSecond: seen.endedAt === undefined ? rate : 0,
      }
    })
  }

  /** Of those under way. */
  get running(): CrawlProgress[] {
    return this.#seen.flatMap((seen) => (seen.endedAt === undefined ? [this.#progress(seen)] : []))
  }

  /** Whose letters can be read: those under way, and the last that ended. */
  get withLetters(): WatchedCrawl[] {
    return this.#seen.flatMap(({ crawl }) => crawl ?? [])
  }

  /** Of all that there ever were, also of those whose row is gone. */
  get totals(): CrawlTotals {
    return this.#seen.reduce((total, seen) => sumOf(total, this.#progress(seen)), this.#dropped)
  }

  /** What becomes of all: undefined where there is none. */
  get state(): CrawlerState | undefined {
    const running = this.running
    if (running.length === 0) {
      const last = this.#seen[0]
      return last && (last.failure === undefined ? 'ended' : 'failed')
    }
    const states = new Set(running.map(({ state }) => state))
    if (states.has('running') || states.has('opening')) return 'running'
    if (states.has('paused')) return 'paused'
    return states.has('idle') ? 'idle' : 'draining'
  }

  /** When the last one ended, clock ms, and how; undefined while one is under way. */
  get end(): { at: number; sentence: string } | undefined {
    const last = this.#seen[0]
    if (last?.endedAt === undefined || this.running.length > 0) return undefined
    return { at: last.endedAt, sentence: last.failure ?? endingWords[last.ending ?? 'finished'] }
  }

  #see(crawl: WatchedCrawl): void {
    const { clock } = this.#parts
    const seen: Seen = {
      crawl,
      id: crawl.id,
      source: crawl.source,
      startedAt: clock.wall(),
      last: crawl.progress(),
      endedAt: undefined,
      ending: undefined,
      failure: undefined,
    }
    this.#seen.unshift(seen)
    const over = () => {
      seen.last = crawl.progress()
      seen.endedAt = clock.now()
      for (const other of this.#seen)
        if (other !== seen && other.endedAt !== undefined) other.crawl = undefined
      while (this.#seen.length > mostRows && this.#seen.at(-1)!.endedAt !== undefined)
        this.#dropped = sumOf(this.#dropped, this.#seen.pop()!.last)
      this.changes++
    }
    crawl.done.then(
      ({ ending }) => {
        seen.ending = ending
        over()
      },
      (error: unknown) => {
        const code = error instanceof RegattaError ? ` (${error.code})` : ''
        seen.failure = redact(`${messageOf(error)}${code}`)
        over()
      },
    )
  }

  #progress(seen: Seen): CrawlProgress {
    if (seen.endedAt === undefined && seen.crawl) seen.last = seen.crawl.progress()
    return seen.last
  }
}

function sumOf(one: CrawlTotals, other: CrawlTotals): CrawlTotals {
  return {
    pages: one.pages + other.pages,
    items: one.items + other.items,
    failed: one.failed + other.failed,
    gone: one.gone + other.gone,
    skipped: one.skipped + other.skipped,
    queued: one.queued + other.queued,
  }
}
