import type { CrawlerEvents, OutcomeEvent, TaskSettled } from '../contracts/events.ts'
import type { RecordedExchange } from '../contracts/recording.ts'
import type { Keep } from './record-to.ts'

/**
 * What a crawler has brought while it was recorded, with what was made of it. A transport sees everything: refusals of bad
 * exits, captchas, lies that were found out later, witnesses that bring the same page again. The crawler's events say which of
 * them became the answer. The others stay in the recording, marked (`passedOver`), and a replay does not take them for the page.
 *
 * `createCrawler({ record: recording.keep })`, then `recording.follow(crawler)`.
 */
export class CrawlRecording {
  readonly #entries: Entry[] = []
  /** Of tasks that are under way, in the order in which they came home. */
  readonly #tasks = new Map<string, Entry[]>()
  /** What pages of crawls were read from. */
  readonly #pages = new Map<string, Entry[]>()
  /** Kept and not yet judged, by who asked for what. */
  readonly #unjudged = new Map<string, Entry[]>()
  #bytes = 0
  #leftOut = 0

  /** For the option `record`. */
  readonly keep: Keep = (exchange, proxy) => {
    this.#bytes += exchange.body.length + (exchange.requestBody?.length ?? 0)
    if (this.#bytes > mostBytes) {
      this.#leftOut++
      return
    }
    const entry: Entry = { exchange, attempt: undefined, passedOver: undefined }
    this.#entries.push(entry)
    const key = callOf(proxy.id, exchange)
    const waiting = this.#unjudged.get(key)
    if (waiting) waiting.push(entry)
    else this.#unjudged.set(key, [entry])
  }

  /** Listens to what becomes of each; returns a function that ends it. */
  follow(crawler: FollowedCrawler): () => void {
    const stops = [
      listen(crawler, 'task.accepted', ({ task }) => this.#tasks.set(task, [])),
      listen(crawler, 'outcome', (event) => this.#judged(event)),
      listen(crawler, 'task.redirected', ({ task }) => this.#redirected(task)),
      listen(crawler, 'task.settled', (event) => this.#settled(event)),
      listen(crawler, 'request.taken', ({ crawl, request, again }) => {
        if (again === 'correction') this.#corrected(pageOf(crawl, request))
      }),
    ]
    return () => {
      for (const stop of stops) stop()
    }
  }

  /** In the order in which they came. */
  get exchanges(): readonly RecordedExchange[] {
    return this.#entries.map(({ exchange, passedOver }) =>
      passedOver === undefined ? exchange : { ...exchange, passedOver },
    )
  }

  /** Exchanges that came when 64 MiB of bodies were recorded, and are not in it. */
  get leftOut(): number {
    return this.#leftOut
  }

  #judged(event: OutcomeEvent): void {
    const entry = this.#entryOf(event)
    if (!entry) return
    const { task, attempt, verdict, reason } = event
    entry.attempt = attempt
    const asked = this.#tasks.get(task)
    asked?.push(entry)
    if (!asked) entry.passedOver = 'it came late'
    else if (verdict !== 'success' && verdict !== 'final') entry.passedOver = reason
  }

  /** The exchange that this was made of. */
  #entryOf(event: OutcomeEvent): Entry | undefined {
    const key = callOf(event.proxy, event)
    const waiting = this.#unjudged.get(key) ?? []
    const { status = 0 } = event
    const at = waiting.findIndex(({ exchange }) => exchange.status === status)
    if (at < 0 || event.fault?.cause === 'cancelled') return undefined
    const [entry] = waiting.splice(at, 1)
    if (waiting.length === 0) this.#unjudged.delete(key)
    return entry
  }

  /** An answer that leads on is taken, whichever it was. */
  #redirected(task: string): void {
    const entries = this.#tasks.get(task) ?? []
    const leading = entries.findLast(({ exchange }) => exchange.status >= 300 && exchange.status < 400)
    const entry = leading ?? entries.at(-1)
    if (entry) take(entry)
  }

  #settled({ task, ok, answeredBy, isAudit, crawl, request }: TaskSettled): void {
    const entries = this.#tasks.get(task) ?? []
    this.#tasks.delete(task)
    for (const entry of entries) {
      if (isAudit) entry.passedOver ??= 'it was asked to judge an exit'
      else if (ok && entry.attempt === answeredBy) take(entry)
      else if (ok && !entry.isTaken) entry.passedOver ??= 'another answer was taken'
    }
    if (!isAudit && crawl !== undefined && request !== undefined)
      this.#pages.set(
        pageOf(crawl, request),
        entries.filter(({ isTaken }) => isTaken),
      )
  }

  /** Its exit was found lying. */
  #corrected(page: string): void {
    for (const entry of this.#pages.get(page) ?? []) entry.passedOver = 'its exit was found lying'
  }
}

/** What is needed of a crawler. */
export interface FollowedCrawler {
  on<E extends keyof CrawlerEvents>(event: E, listener: (...event: CrawlerEvents[E]) => void): unknown
  off<E extends keyof CrawlerEvents>(event: E, listener: (...event: CrawlerEvents[E]) => void): unknown
}

/** As base64 in JSON they still make a file that can be read again. */
const mostBytes = 64 * 1024 * 1024

interface Entry {
  readonly exchange: RecordedExchange
  /** Its number within its task. */
  attempt: number | undefined
  passedOver: string | undefined
  isTaken?: true
}

/** A query is left out: what a session adds to it is sent, and is not told. */
function callOf(proxy: string, { method, url }: { method: string; url: string }): string {
  return `${proxy} ${method} ${url.replace(/[?#].*$/s, '')}`
}

function take(entry: Entry): void {
  entry.isTaken = true
  entry.passedOver = undefined
}

function pageOf(crawl: string, request: string): string {
  return `${crawl} ${request}`
}

function listen<E extends keyof CrawlerEvents>(
  crawler: FollowedCrawler,
  event: E,
  listener: (...event: CrawlerEvents[E]) => void,
): () => void {
  crawler.on(event, listener)
  return () => crawler.off(event, listener)
}
