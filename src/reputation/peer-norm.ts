/**
 * What is normal among peers: the mean success of the proxies that are being used, and how far they stray from it, both
 * as running averages (the mean absolute deviation stands in for the median's, which would need a scan). A proxy is
 * worse than its peers below mean − 1.5 deviations.
 */
export interface SavedNorm {
  readonly seen: number
  readonly mean: number
  readonly deviation: number
}

export class Norm {
  #seen = 0
  #mean = 0
  #deviation = 0

  observe(share: number): void {
    this.#seen = Math.min(100, this.#seen + 1)
    const off = share - this.#mean
    this.#mean += off / this.#seen
    this.#deviation += (Math.abs(off) - this.#deviation) / this.#seen
  }

  /** The share below which a proxy is worse than its peers; 1 before there is anything to compare with. */
  threshold(): number {
    return this.#seen < 20 ? 1 : this.#mean - 1.5 * this.#deviation
  }

  toSaved(): SavedNorm {
    return { seen: this.#seen, mean: this.#mean, deviation: this.#deviation }
  }

  restore({ seen, mean, deviation }: SavedNorm): void {
    this.#seen = Math.min(100, seen)
    this.#mean = mean
    this.#deviation = deviation
  }
}

/** A running share of successes over about the last fifty outcomes, starting from one half. */
export class RunningShare {
  value = 0.5

  observe(isSuccess: boolean): void {
    this.value += ((isSuccess ? 1 : 0) - this.value) * 0.02
  }
}

/**
 * How often an exit of this host is refused a page, or spoils one, although the page is there: known from pages that came in the end.
 * Until that is seen it does not happen, so that a page that five exits are refused is a page that is refused.
 */
export class Chance {
  /** Begins as after so many pages that came at once. */
  #given = 5
  #refused = 0

  /** A page came, after so many exits that did not bring it. */
  observe(failures: number): void {
    this.#given = this.#given * 0.98 + 1
    this.#refused = this.#refused * 0.98 + failures
  }

  /** In [0, 1); 0 before the first. */
  get value(): number {
    return this.#refused / (this.#refused + this.#given)
  }
}
