import type { Pool } from '../router/pool.ts'
import type { Attempt } from './attempt.ts'

/** The attempts of one race, kept for the next: at most three run at once, and a fourth may be a probe. */
export class Attempts {
  running = 0
  readonly #attempts: Attempt[] = []
  readonly #make: () => Attempt

  constructor(make: () => Attempt) {
    this.#make = make
  }

  /** One that carries nothing. */
  free(): Attempt {
    for (const attempt of this.#attempts) if (!attempt.lease) return attempt
    const attempt = this.#make()
    this.#attempts.push(attempt)
    return attempt
  }

  /**
   * Cancels all that run. Without `probesToo` the probe of a half-open proxy may finish, though its task has its answer:
   * else one that is slower than the others would never get out of its probation.
   */
  cancel({ probesToo }: { probesToo: boolean }): void {
    for (const attempt of this.#attempts) {
      if (attempt.isRunning && (probesToo || attempt.lease?.why !== 'probe')) attempt.cancel()
    }
  }

  /** When the oldest that runs was started, clock ms. */
  oldestStart(): number {
    let oldest = Number.POSITIVE_INFINITY
    for (const attempt of this.#attempts) if (attempt.isRunning) oldest = Math.min(oldest, attempt.startedAt)
    return oldest
  }

  /** Mean posterior of success of those that run. */
  meanExpected(): number {
    let expected = 0
    for (const attempt of this.#attempts)
      if (attempt.isRunning) expected += attempt.lease!.expected / this.running
    return expected
  }

  /** An answer is here and only waits to be judged. */
  hasArrival(): boolean {
    return this.#attempts.some((attempt) => attempt.isRunning && attempt.exchange !== undefined)
  }

  /** Those that run have outlived their hedge time: while they hang they count half a failure each. */
  markOverdue(pool: Pool): void {
    for (const attempt of this.#attempts) {
      if (!attempt.isRunning || attempt.isOverdue) continue
      attempt.isOverdue = true
      pool.record.pairs.overdue[attempt.lease!.pair]!++
    }
  }
}
