import type { Clock } from '../base/clock.ts'

/**
 * How many pages are read at a time. Requests are limited by number, but a page in reading weighs many times its bytes:
 * its text, its tree, its items; and three hundred of them, each a few megabytes, are more than a process has. So each
 * page is let in with its weight, in the order of arrival, while all together stay below a limit. One that is heavier
 * than the limit is read alone.
 *
 * Bodies come several at a time, and most pages are read without a wait: begun in one turn, all of them take every step
 * together, and have their texts in memory long enough for V8 to move them to where only a full collection looks. So each
 * begins in a turn of its own, but for light ones, which cost less together.
 */
export class Reading {
  readonly #most: number
  readonly #clock: Clock
  #weight = 0
  #readers = 0
  /** Weight of the light pages that have begun in this turn. */
  #begun = 0
  #waiting: { readonly weight: number; readonly enter: () => void }[] = []
  #isOver = false

  /** `most` bytes of memory, by estimate. */
  constructor(most: number, clock: Clock) {
    this.#most = most
    this.#clock = clock
  }

  /** Resolves when a page of this weight may be read; `leave` must follow. Infinity: while no other page is read. */
  async enter(weight: number): Promise<void> {
    if (this.#waiting.length > 0 || !this.#fits(weight))
      await new Promise<void>((resolve) => this.#waiting.push({ weight, enter: resolve }))
    else this.#count(weight)
    await this.#turn(weight)
  }

  async #turn(weight: number): Promise<void> {
    if (this.#begun + weight > together) return new Promise((resolve) => this.#clock.soon(resolve))
    if (this.#begun === 0) {
      this.#clock.soon(() => {
        this.#begun = 0
      })
    }
    this.#begun += weight
  }

  /** Pages that are read, or wait to be. */
  get size(): number {
    return this.#readers + this.#waiting.length
  }

  leave(weight: number): void {
    this.#readers--
    this.#weight = this.#readers === 0 ? 0 : this.#weight - Math.min(weight, this.#most)
    this.#next()
  }

  /** Those that wait are let in: the crawl ends, and they will read nothing. */
  end(): void {
    this.#isOver = true
    this.#next()
  }

  #next(): void {
    while (this.#waiting.length > 0 && this.#fits(this.#waiting[0]!.weight)) {
      const { weight, enter } = this.#waiting.shift()!
      this.#count(weight)
      enter()
    }
  }

  #fits(weight: number): boolean {
    return this.#isOver || this.#readers === 0 || this.#weight + weight <= this.#most
  }

  #count(weight: number): void {
    this.#readers++
    this.#weight += Math.min(weight, this.#most)
  }
}

/** By estimate, bytes of memory of the pages that begin in one turn. */
const together = 1024 * 1024
