import type { Clock } from '../base/clock.ts'
import type { ParkReason } from '../contracts/events.ts'
import type { Refusal } from '../contracts/lease.ts'
import type { HostHealth } from '../reputation/host-health.ts'

/** Why a pool has just granted nothing, and when to ask again. One for each pool, filled anew: read it at once. */
export class LastRefusal implements Refusal {
  reason: ParkReason = 'no-proxy'
  until: number | undefined
  readonly #health: HostHealth
  readonly #clock: Clock

  constructor(health: HostHealth, clock: Clock) {
    this.#health = health
    this.#clock = clock
  }

  /** `until`: clock ms; undefined when an event must come first. */
  say(reason: ParkReason, until: number | undefined): void {
    const { limitEnds } = this.#health
    // Those who wait for the end of a limit look again when it has lasted too long.
    const isLonger = until !== undefined && until > limitEnds && limitEnds > this.#clock.now()
    this.reason = reason
    this.until = isLonger ? limitEnds : until
  }
}
