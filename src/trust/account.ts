/**
 * What comparisons may cost when nothing speaks against an exit that was found honest: so many requests for each hundred pages. The
 * account fills with the pages that are taken, and a comparison takes one out of it. A lie fills it: where one exit lies,
 * others may.
 */
export class Account {
  readonly #share: number
  readonly #most: number
  #tokens: number
  /** Adds to the share after a lie, less and less. */
  #vigilance = 0

  /** `share` of the pages; `first` is there at the beginning, and `most` at any time. */
  constructor(share: number, first: number, most: number) {
    this.#share = share
    this.#tokens = first
    this.#most = most
  }

  /** A page was taken. */
  earn(): void {
    this.#tokens = Math.min(this.#most, this.#tokens + this.#share + this.#vigilance)
    this.#vigilance *= fading
  }

  /** Takes one out, if there is one. */
  spend(): boolean {
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }

  /** A lie was found. */
  fill(): void {
    this.#tokens = this.#most
    this.#vigilance = watchful
  }
}

/** Share of pages that are compared right after a lie, beside the usual one. */
const watchful = 0.2
/** Halves it in 100 pages. */
const fading = 0.993
