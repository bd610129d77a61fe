/**
 * How many pages are read at a time. Requests are limited by number, but a page in reading weighs many times its bytes:
 * its text, its tree, its items; and three hundred of them, each a few megabytes, are more than a process has. So each
 * page is let in with its weight, in the order of arrival, while all together stay below a limit. One that is heavier
 * than the limit is read alone.
 */
export class Reading {
  readonly #most: number
  #weight = 0
  #readers = 0
  #waiting: { readonly weight: number; readonly enter: () => void }[] = []
  #isOver = false

  /** `most` bytes of memory, by estimate. */
  constructor(most: number) {
    this.#most = most
  }

  /** Resolves when a page of this weight may be read; `leave` must follow. Infinity: while no other page is read. */
  async enter(weight: number): Promise<void> {
    if (this.#waiting.length > 0 || !this.#fits(weight)) {
      await new Promise<void>((resolve) => this.#waiting.push({ weight, enter: resolve }))
      return
    }
    this.#count(weight)
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
