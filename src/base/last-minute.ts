/**
 * How large a share of what ended in the last minute ended well. Sixty buckets of a second, cleared as they are met again, so
 * that there is no timer, and nothing is allocated after the first. The present second counts too: the minute is 59 to 60 s long.
 */
const seconds = 60
const fullBucket = 0xffff

export class LastMinute {
  /** By second: what ended well, and what did not. */
  readonly #buckets = new Uint16Array(2 * seconds)
  /** The second of the newest bucket. */
  #newest = Number.NEGATIVE_INFINITY
  #good = 0
  #bad = 0

  /** `now` in clock ms. */
  add(isGood: boolean, now: number): void {
    this.#advance(now)
    const bucket = 2 * (this.#newest % seconds) + (isGood ? 0 : 1)
    if (this.#buckets[bucket] === fullBucket) return
    this.#buckets[bucket]!++
    if (isGood) this.#good++
    else this.#bad++
  }

  /** In [0, 1]; undefined when nothing has ended. */
  rate(now: number): number | undefined {
    this.#advance(now)
    const all = this.#good + this.#bad
    return all === 0 ? undefined : this.#good / all
  }

  #advance(now: number): void {
    const second = Math.max(0, Math.floor(now / 1_000))
    if (second <= this.#newest) return
    for (let each = Math.max(this.#newest + 1, second - seconds + 1); each <= second; each++) {
      const bucket = 2 * (each % seconds)
      if (each < 0) continue
      this.#good -= this.#buckets[bucket]!
      this.#bad -= this.#buckets[bucket + 1]!
      this.#buckets[bucket] = 0
      this.#buckets[bucket + 1] = 0
    }
    this.#newest = second
  }
}
