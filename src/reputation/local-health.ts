import type { Outcome } from '../outcome.ts'
import { FailureRun } from './sequential.ts'

/**
 * Is it us? Two signs. An errno that only this machine can produce (out of sockets, no interface) pauses everything for
 * a second. And when dials to proxy after proxy fail in a row though they used to succeed, it is our own network rather
 * than all of them at once: nobody is blamed, everything pauses, and one canary a time asks whether we are back.
 * A fleet that never worked is not a blackout: its proxies are opened one by one, each on its own record.
 */
const firstPause = 1_000
const longestPause = 15_000

export class LocalHealth {
  /** Nothing is sent before, clock ms. */
  pausedUntil = 0
  /** After the pause one attempt at a time goes out until something succeeds. */
  isOut = false
  isCanaryOut = false
  readonly #dials = new FailureRun()
  readonly #changed: (isOut: boolean) => void
  readonly #shrink: () => void
  #pause = firstPause

  /** `changed` hears when the network goes out and comes back; `shrink` when sockets are short. */
  constructor(changed: (isOut: boolean) => void, shrink: () => void) {
    this.#changed = changed
    this.#shrink = shrink
  }

  /** True when this outcome is our own doing and says nothing about anybody. */
  observe(outcome: Outcome, proxy: number, fleetSize: number, now: number): boolean {
    const { exchange, verdict } = outcome
    if (exchange.kind === 'response' || exchange.phase === 'headers' || exchange.phase === 'body') {
      this.#recover()
      return false
    }
    if (exchange.cause === 'local-resources' || exchange.cause === 'local-network') {
      this.pausedUntil = Math.max(this.pausedUntil, now + firstPause)
      if (exchange.cause === 'local-resources') this.#shrink()
      return true
    }
    if (exchange.phase !== 'dial' || verdict.kind !== 'dead') return false
    if (this.isOut) {
      this.#pause = Math.min(longestPause, this.#pause * 2)
      this.pausedUntil = now + this.#pause
      return true
    }
    this.#dials.failed(proxy, 'dial', 1, now)
    if (!this.#dials.proven || fleetSize < 3) return false
    const isAll = this.#dials.exits >= Math.min(fleetSize, 8) && this.#dials.weight >= this.#dials.needed
    if (!isAll) return false
    this.isOut = true
    this.#pause = firstPause
    this.pausedUntil = now + this.#pause
    this.#changed(true)
    return true
  }

  #recover(): void {
    this.#dials.succeeded()
    if (!this.isOut) return
    this.isOut = false
    this.isCanaryOut = false
    this.pausedUntil = 0
    this.#changed(false)
  }
}
