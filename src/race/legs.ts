import type { Pool } from '../router/pool.ts'
import type { Leg } from './leg.ts'

/** The legs of one race, kept for the next: at most three run at once, and a fourth may be a probe. */
export class Legs {
  running = 0
  readonly #legs: Leg[] = []
  readonly #make: () => Leg

  constructor(make: () => Leg) {
    this.#make = make
  }

  /** One that carries nothing. */
  free(): Leg {
    for (const leg of this.#legs) if (!leg.lease) return leg
    const leg = this.#make()
    this.#legs.push(leg)
    return leg
  }

  /**
   * Cancels all that run. Without `probesToo` the probe of a half-open proxy may finish, though its task has its answer:
   * else one that is slower than the others would never get out of its probation.
   */
  cancel({ probesToo }: { probesToo: boolean }): void {
    for (const leg of this.#legs) {
      if (leg.isRunning && (probesToo || leg.lease?.why !== 'probe')) leg.cancel()
    }
  }

  /** When the oldest that runs was started, clock ms. */
  oldestStart(): number {
    let oldest = Number.POSITIVE_INFINITY
    for (const leg of this.#legs) if (leg.isRunning) oldest = Math.min(oldest, leg.startedAt)
    return oldest
  }

  /** Mean posterior of success of those that run. */
  meanExpected(): number {
    let expected = 0
    for (const leg of this.#legs) if (leg.isRunning) expected += leg.lease!.expected / this.running
    return expected
  }

  /** An answer is here and only waits to be judged. */
  hasArrival(): boolean {
    return this.#legs.some((leg) => leg.isRunning && leg.exchange !== undefined)
  }

  /** Those that run have outlived their hedge time: while they hang they count half a failure each. */
  markOverdue(pool: Pool): void {
    for (const leg of this.#legs) {
      if (!leg.isRunning || leg.isOverdue) continue
      leg.isOverdue = true
      pool.pairs.overdue[leg.lease!.pair]!++
    }
  }
}
