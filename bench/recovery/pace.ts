import type { Crawler } from '../../src/index.ts'

/**
 * A load that does not let up: `width` requests under way until it is stopped, and when each page came home. How fast the
 * crawler is at a moment is read afterwards, from the times, so that looking costs nothing while it runs.
 */
export class Pace {
  /** When each page came home, ms of performance.now(), ascending. */
  readonly arrivals: number[] = []
  /** Requests that ended with an error. */
  failed = 0
  /** Answers that were not the page asked for. */
  foreign = 0
  readonly #crawler: Crawler
  readonly #url: string
  readonly #width: number
  #asked = 0
  #isRunning = false
  #workers: Promise<void>[] = []

  /** Asks for `url`/page/1 … 1,999, again and again. */
  constructor(crawler: Crawler, url: string, width: number) {
    this.#crawler = crawler
    this.#url = url
    this.#width = width
  }

  start(): void {
    this.#isRunning = true
    this.#workers = Array.from({ length: this.#width }, () => this.#work())
  }

  /** Asks for nothing more, and resolves when everything under way has ended. */
  async stop(): Promise<void> {
    this.#isRunning = false
    await Promise.all(this.#workers)
  }

  /** Pages a second from `from` until `to`. */
  between(from: number, to: number): number {
    return ((this.#position(to) - this.#position(from)) / (to - from)) * 1_000
  }

  /** The first moment from `from` on at which it made `rate` pages a second for a whole `span`; undefined if never yet. */
  reached(rate: number, span: number, from: number): number | undefined {
    const now = performance.now()
    const step = 100
    for (let at = from; at + span <= now; at += step) if (this.between(at, at + span) >= rate) return at
    return undefined
  }

  /** Arrivals before `at`. */
  #position(at: number): number {
    let low = 0
    let high = this.arrivals.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.arrivals[middle]! < at) low = middle + 1
      else high = middle
    }
    return low
  }

  async #work(): Promise<void> {
    while (this.#isRunning) {
      const number = (this.#asked++ % 1_999) + 1
      try {
        const text = await (await this.#crawler.fetch(`${this.#url}/page/${number}`)).text()
        if (text.includes(`Page ${number}:`)) this.arrivals.push(performance.now())
        else this.foreign++
      } catch {
        this.failed++
      }
    }
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
