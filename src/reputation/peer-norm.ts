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
