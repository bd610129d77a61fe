import type { Clock } from '../../base/clock.ts'
import { messageOf } from '../../contracts/errors.ts'
import type { Crawl, Crawler, CrawlSummary } from '../../face/crawler.ts'
import type { Checked } from '../expect.ts'
import { writeWhole } from '../files.ts'
import { summarySoFar } from '../summary.ts'
import { writeRecord } from './record-file.ts'
import { reportPage } from './report-page.ts'
import { RunLedger } from './run-ledger.ts'
import { type RunRecord, takeRecord } from './run-record.ts'

/**
 * Keeps the record of a run while it goes on: in the folder of its state now and then, so that what is known outlives a kill,
 * and at its end with the page that `--report` asks for. It has no timer: it looks whether it is time when a page has come.
 */
export interface RunReportParts {
  readonly crawler: Crawler
  readonly clock: Clock
  readonly source: string
  readonly target: string
  readonly price: RunRecord['price'] | undefined
  readonly called: string
  /** Where the crawl is kept; undefined when nothing is. */
  readonly place: { readonly dir: string; readonly name: string; readonly folder: string } | undefined
  /** Told of a file that cannot be written. */
  readonly warn: (line: string) => void
}

/** From one record to the next, ms: at least so long, and at least so many times what the last one took. */
const pause = 10_000
const pauseShare = 100
/** Before the first one. */
const firstPause = 2_000

export class RunReport {
  readonly ledger: RunLedger
  readonly #parts: RunReportParts
  #crawl: Crawl<unknown> | undefined
  #dueAt: number
  #writing: Promise<void> | undefined

  constructor(parts: RunReportParts) {
    this.#parts = parts
    this.ledger = new RunLedger(parts.crawler, parts.clock)
    this.#dueAt = parts.clock.now() + firstPause
  }

  /** From now on its record is written down. */
  follow(crawl: Crawl<unknown>): void {
    this.#crawl = crawl
    if (this.#parts.place) this.ledger.onNews = () => this.#keep()
  }

  /** The record at the end, or when it failed. */
  recordOf(summary: CrawlSummary, error?: unknown, expect?: readonly Checked[]): RunRecord {
    return this.#take(summary, true, error === undefined ? undefined : messageOf(error), expect)
  }

  /** Writes the last record, and the page where one is wanted. Whether that could be written. Never rejects. */
  async finish(record: RunRecord, page: string | undefined): Promise<boolean> {
    const { place, warn } = this.#parts
    this.ledger.end()
    await this.#writing
    const written = await Promise.allSettled([
      page === undefined ? undefined : writeWhole(page, reportPage(record)),
      place && writeRecord(place.dir, place.name, record),
    ])
    for (const each of written) {
      if (each.status === 'rejected') warn(`${messageOf(each.reason)} The report is missing.`)
    }
    return written[0].status === 'fulfilled'
  }

  #keep(): void {
    const { clock, place } = this.#parts
    const began = clock.now()
    if (began < this.#dueAt || this.#writing || !this.#crawl || !place) return
    const record = this.#take(
      summarySoFar('interrupted', this.#crawl.progress(), this.#parts.crawler.stats()),
      false,
    )
    // What cannot be written is told at the end.
    this.#writing = writeRecord(place.dir, place.name, record)
      .catch(() => {})
      .finally(() => {
        this.#writing = undefined
      })
    const now = clock.now()
    this.#dueAt = now + Math.max(pause, (now - began) * pauseShare)
  }

  #take(summary: CrawlSummary, isOver: boolean, error?: string, expect?: readonly Checked[]): RunRecord {
    const { crawler, clock, source, target, price, called, place } = this.#parts
    return takeRecord({
      ledger: this.ledger,
      summary,
      stats: crawler.stats(),
      proxies: crawler.proxies(),
      name: place?.name,
      source,
      target,
      now: clock.now(),
      wall: clock.wall(),
      isOver,
      error,
      price,
      expect,
      called,
      folder: place?.folder,
    })
  }
}
