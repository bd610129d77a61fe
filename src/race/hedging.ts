import { Timer } from '../base/wheel.ts'
import type { LeaseWish, ProxyLease } from '../contracts/lease.ts'
import type { HedgeOptions } from '../options/options.ts'
import type { Pool } from '../router/pool.ts'
import type { Attempts } from './attempts.ts'
import type { CrewWorld } from './crew.ts'
import { hedgeDelay } from './hedge-delay.ts'

/**
 * When a race is looked at for a hedge, and whether it gets one. Most races are over long before, so the timer is neither
 * disarmed then nor moved for the next race of the slot: it fires at its old time, sees that it is early, and goes on.
 * And when it fires late, the event loop was held up and answers may be lying unread in their sockets, so it waits as
 * long again.
 */
const lateness = 15

export class Hedging {
  readonly #world: CrewWorld
  readonly #attempts: Attempts
  readonly #timer: Timer
  readonly #due: () => void
  #at = Number.POSITIVE_INFINITY

  constructor(world: CrewWorld, attempts: Attempts, due: () => void) {
    this.#world = world
    this.#attempts = attempts
    this.#due = due
    this.#timer = new Timer(() => this.#fired())
  }

  /** Watches the attempts that run now. */
  watch(pool: Pool): void {
    const options = pool.settings.hedge
    if (!options || this.#attempts.running >= options.max) return
    // At the latest after `minDelay` it looks again: by then the neighbours may have taught what is usual here.
    const now = this.#world.clock.now()
    this.#lookAt(Math.min(this.#dueAt(pool, options), now + options.minDelay))
  }

  off(): void {
    this.#at = Number.POSITIVE_INFINITY
  }

  /** A lease for one more attempt, if it is time for one and it may be had; else looks again later by itself. */
  lease(pool: Pool, wish: LeaseWish): ProxyLease | undefined {
    const options = pool.settings.hedge
    if (!options || this.#attempts.running === 0 || this.#attempts.running >= options.max) return undefined
    const now = this.#world.clock.now()
    if (!this.#attempts.hasArrival()) {
      if (this.#dueAt(pool, options) > now) {
        this.watch(pool)
        return undefined
      }
      const isAffordable = pool.hedges!.allows() && this.#world.mayAddAttempt(options.share)
      const lease = isAffordable ? pool.lease({ ...wish, why: 'hedge' }) : undefined
      if (lease) return lease
    }
    this.#lookAt(now + options.minDelay)
    return undefined
  }

  #dueAt(pool: Pool, options: HedgeOptions): number {
    const longest = pool.settings.limits.timeouts.firstByte / 3
    const delay = hedgeDelay(
      options,
      pool.latency,
      this.#attempts.meanExpected(),
      this.#attempts.running,
      longest,
    )
    return this.#attempts.oldestStart() + delay
  }

  #lookAt(at: number): void {
    this.#at = at
    if (!this.#timer.armed || this.#timer.due > at) this.#world.wheel.arm(this.#timer, at)
  }

  #fired(): void {
    if (this.#at === Number.POSITIVE_INFINITY) return
    const now = this.#world.clock.now()
    const late = now - this.#at
    if (late < 0) this.#world.wheel.arm(this.#timer, this.#at)
    else if (late > lateness) this.#lookAt(now + late)
    else this.#due()
  }
}
