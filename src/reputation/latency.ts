/**
 * How long this host takes, for hedges and deadlines: a histogram over ln(ms) whose buckets grow by 10 %, so any
 * quantile is right within 5 %. Old answers fade: the counts are halved every 512 answers. Recording is O(1) and
 * allocates nothing; a quantile walks 120 numbers and is cached until enough is new.
 */
const growth = Math.log(1.1)
const bucketCount = 120

/** Buckets and counts in turn: `[bucket, count, bucket, count, …]`. */
export interface SavedLatency {
  readonly recorded: number
  readonly buckets: readonly number[]
}

export class LatencyHistogram {
  /** Answers recorded, ever. */
  recorded = 0
  #buckets = new Float32Array(bucketCount)
  #weight = 0
  #cachedAt = -1
  #cachedQuantile = 0
  #cached = 0

  /** `ms` above zero. */
  record(ms: number): void {
    const bucket = Math.min(bucketCount - 1, Math.max(0, Math.floor(Math.log(ms + 1) / growth)))
    this.#buckets[bucket]!++
    this.#weight++
    this.recorded++
    if (this.#weight >= 1024) this.#fade()
  }

  /** The quantile in ms, or undefined when nothing was recorded. `q` in [0, 1]. */
  quantile(q: number): number | undefined {
    if (this.#weight === 0) return undefined
    const stale = this.recorded - this.#cachedAt > Math.min(64, this.#cachedAt >> 3)
    if (!stale && this.#cachedQuantile === q) return this.#cached
    let rank = q * this.#weight
    let bucket = 0
    while (bucket < bucketCount - 1 && rank > this.#buckets[bucket]!) rank -= this.#buckets[bucket++]!
    this.#cachedAt = this.recorded
    this.#cachedQuantile = q
    this.#cached = Math.exp((bucket + 0.5) * growth) - 1
    return this.#cached
  }

  /** Answers recorded and the buckets that hold any, each with its count. */
  toSaved(): SavedLatency {
    const buckets: number[] = []
    this.#buckets.forEach((count, bucket) => {
      if (count >= 0.05) buckets.push(bucket, Math.round(count * 10) / 10)
    })
    return { recorded: this.recorded, buckets }
  }

  restore({ recorded, buckets }: SavedLatency): void {
    this.#buckets.fill(0)
    this.#weight = 0
    for (let i = 0; i + 1 < buckets.length; i += 2) {
      const bucket = Math.min(bucketCount - 1, Math.max(0, Math.floor(buckets[i]!)))
      this.#buckets[bucket]! += buckets[i + 1]!
      this.#weight += buckets[i + 1]!
    }
    this.recorded = recorded
    this.#cachedAt = -1
    this.#cachedQuantile = -1
    while (this.#weight >= 1024) this.#fade()
  }

  #fade(): void {
    this.#weight = 0
    for (let i = 0; i < bucketCount; i++) this.#weight += this.#buckets[i]! /= 2
  }
}
