/**
 * How many requests this host bears at once, found by additive increase, multiplicative decrease (Chiu and Jain, 1989).
 * Until the first cut it grows by one per answer, as TCP's slow start does, so a willing host is at full speed in
 * seconds; after a cut by one per `limit` answers. It grows only while the limit is really used, and one burst of
 * refusals cuts once: only requests sent after the last cut may cut again.
 */
/** `cutAt` in clock ms. */
export interface SavedLimit {
  readonly limit: number
  readonly isProbing: boolean
  readonly cutAt: number | undefined
}

export class AdaptiveLimit {
  readonly #min: number
  readonly #max: number
  #limit: number
  #isProbing = true
  #cutAt = Number.NEGATIVE_INFINITY

  constructor(bounds: { start: number; min: number; max: number } | false) {
    this.#limit = bounds ? Math.min(bounds.max, Math.max(bounds.min, bounds.start)) : Number.POSITIVE_INFINITY
    this.#min = bounds ? bounds.min : this.#limit
    this.#max = bounds ? bounds.max : this.#limit
  }

  /** Requests in flight allowed now: a whole number, or Infinity without a limit. */
  get value(): number {
    return Math.floor(this.#limit)
  }

  answered(inFlight: number): void {
    if (inFlight * 2 < this.#limit || this.#limit >= this.#max) return
    this.#limit = Math.min(this.#max, this.#limit + (this.#isProbing ? 1 : 1 / this.#limit))
  }

  /** Undefined without a limit. */
  toSaved(): SavedLimit | undefined {
    if (this.#limit === Number.POSITIVE_INFINITY) return undefined
    return {
      limit: this.#limit,
      isProbing: this.#isProbing,
      cutAt: this.#cutAt === Number.NEGATIVE_INFINITY ? undefined : this.#cutAt,
    }
  }

  /** What another run found out, within this one's bounds. */
  restore({ limit, isProbing, cutAt }: SavedLimit): void {
    if (this.#limit === Number.POSITIVE_INFINITY) return
    this.#limit = Math.min(this.#max, Math.max(this.#min, limit))
    this.#isProbing = isProbing
    this.#cutAt = cutAt ?? Number.NEGATIVE_INFINITY
  }

  /** The host refused a request that was sent at `sentAt`. */
  refused(sentAt: number, now: number): void {
    if (sentAt <= this.#cutAt || now - this.#cutAt < 1_000 || this.#limit === Number.POSITIVE_INFINITY) return
    this.#isProbing = false
    this.#cutAt = now
    this.#limit = Math.max(this.#min, this.#limit / 2)
  }
}
