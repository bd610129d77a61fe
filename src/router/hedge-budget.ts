import type { HedgeOptions } from '../options/options.ts'

/**
 * What a host may cost in extra attempts: a token bucket, spent by each extra attempt that reached the host and earned by good
 * answers (gRPC A6's retry throttling). Attempts that never reached the host cost it nothing and are free.
 */
const earnedByAnswer = 0.1

export class HedgeBudget {
  readonly #options: HedgeOptions
  #tokens: number

  constructor(options: HedgeOptions) {
    this.#options = options
    this.#tokens = options.tokens
  }

  /** At half the bucket or below only failures may start another attempt. */
  allows(): boolean {
    return this.#tokens > this.#options.tokens / 2
  }

  spent(): void {
    this.#tokens = Math.max(0, this.#tokens - 1)
  }

  /** The attempt that an extra one was to rescue never reached the host. */
  returned(): void {
    this.#tokens = Math.min(this.#options.tokens, this.#tokens + 1)
  }

  earned(): void {
    this.#tokens = Math.min(this.#options.tokens, this.#tokens + earnedByAnswer)
  }
}
