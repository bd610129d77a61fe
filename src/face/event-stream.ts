import { redact } from '../base/redact.ts'
import type { CrawlerEvent, CrawlerEvents } from '../contracts/events.ts'

/**
 * All events of a crawler as one stream, in their order, for one reader: `for await (const event of crawler.events())`. The
 * crawler never waits for a reader. What a slow one has not read is held up to a bound, and then the oldest goes: the reader
 * is told how many, in the place where they are missing.
 */
export interface EventStreamOptions {
  /** Events that are held for a slow reader at most. 1–1,000,000, default 10,000. */
  readonly buffer?: number | undefined
  /** Only these. Default: all. */
  readonly types?: readonly (keyof CrawlerEvents)[] | undefined
}

/** Held for a reader by default. */
export const mostHeldEvents = 10_000

/** Ends when the crawler has stopped, or its reader leaves the loop. */
export class EventStream implements AsyncIterableIterator<CrawlerEvent> {
  /** Events that this reader was too slow for, so far. */
  dropped = 0
  readonly #types: ReadonlySet<keyof CrawlerEvents> | undefined
  readonly #most: number
  readonly #clock: { now(): number; wall(): number }
  readonly #close: (stream: EventStream) => void
  /** A ring that grows up to its bound. */
  #events: (CrawlerEvent | undefined)[] = []
  #first = 0
  #held = 0
  #sequence = 0
  /** Dropped, and not told yet. */
  #untold = 0
  #waiting: ((result: IteratorResult<CrawlerEvent>) => void)[] = []
  #isOver = false

  constructor(
    { buffer = mostHeldEvents, types }: EventStreamOptions,
    clock: { now(): number; wall(): number },
    close: (stream: EventStream) => void,
  ) {
    this.#most = buffer
    this.#types = types && new Set(types)
    this.#clock = clock
    this.#close = close
  }

  /** Whether its reader has asked for such events. */
  wants(event: keyof CrawlerEvents): boolean {
    return this.#types === undefined || this.#types.has(event)
  }

  /** One more event, for its reader. */
  push(type: keyof CrawlerEvents, payload: object): void {
    if (this.#isOver) return
    const mark = { type, sequence: ++this.#sequence, at: this.#clock.now(), wall: this.#clock.wall() }
    const event = { ...mark, ...withoutSecrets(payload) } as CrawlerEvent
    const waiting = this.#waiting.shift()
    if (waiting) return waiting({ done: false, value: event })
    if (this.#held === this.#most) {
      this.#first = (this.#first + 1) % this.#most
      this.#held--
      this.dropped++
      this.#untold++
    }
    this.#events[(this.#first + this.#held++) % this.#most] = event
  }

  /** No more events come; those that are held are still read. */
  end(): void {
    this.#isOver = true
    for (const waiting of this.#waiting.splice(0)) waiting({ done: true, value: undefined })
  }

  /** The next event, as soon as there is one. */
  next(): Promise<IteratorResult<CrawlerEvent>> {
    if (this.#untold > 0) return Promise.resolve({ done: false, value: this.#tellDropped() })
    if (this.#held > 0) {
      const value = this.#events[this.#first]!
      this.#events[this.#first] = undefined
      this.#first = (this.#first + 1) % this.#most
      this.#held--
      return Promise.resolve({ done: false, value })
    }
    if (this.#isOver) return Promise.resolve({ done: true, value: undefined })
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** The reader leaves: nothing is held for it any more. */
  return(): Promise<IteratorResult<CrawlerEvent>> {
    this.#close(this)
    this.end()
    this.#events = []
    this.#first = this.#held = this.#untold = 0
    return Promise.resolve({ done: true, value: undefined })
  }

  /** Itself: `for await` reads it. */
  [Symbol.asyncIterator](): this {
    return this
  }

  /** Its number is that of the last one that is missing. */
  #tellDropped(): CrawlerEvent {
    const count = this.#untold
    this.#untold = 0
    const next = this.#events[this.#first]!
    const { sequence, at, wall } = next
    return { type: 'dropped', sequence: sequence - 1, at, wall, count }
  }
}

const places = ['url', 'to', 'foundOn', 'detail', 'message', 'failure'] as const

/** URLs and sentences, in which a password may stand. */
function withoutSecrets(payload: object): object {
  const told: Record<string, unknown> = { ...payload }
  for (const place of places) {
    const text = told[place]
    if (typeof text === 'string') told[place] = redact(text)
  }
  return told
}
