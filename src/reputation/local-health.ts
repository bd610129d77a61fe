import { FailureRun } from '../base/sequential.ts'
import type { Outcome } from '../contracts/outcome.ts'

/**
 * Is it us? Two signs. An errno that only this machine can produce (out of sockets, no interface) pauses everything for
 * a second. And when dials to proxy after proxy fail in a row though they used to succeed, it is our own network rather
 * than all of them at once: nobody is blamed, everything pauses, and one canary a time asks whether we are back.
 * A fleet that never worked is not a blackout: its proxies are opened one by one, each on its own record. Nor is one of
 * which nine tenths died: there the proxy that answered last still does, so it must be among those that fail, and what
 * was started before its answer is no evidence. At the start, when nothing is known, many exits are asked in quick succession.
 */
const pauseAfterLocalFault = 1_000
const quickPause = 250
const quickCanaries = 48
const longestPause = 15_000

export class LocalHealth {
  /** Nothing is sent before, clock ms. */
  pausedUntil = 0
  /** After the pause one attempt at a time goes out until something succeeds. */
  isOut = false
  readonly #dials = new FailureRun()
  readonly #changed: (isOut: boolean) => void
  readonly #shrink: () => void
  #canaries = 0
  /** The proxy that answered last, and when. */
  #answered = -1
  #answeredAt = Number.NEGATIVE_INFINITY

  /** `changed` hears when the network goes out and comes back; `shrink` when sockets are short. */
  constructor(changed: (isOut: boolean) => void, shrink: () => void) {
    this.#changed = changed
    this.#shrink = shrink
  }

  /** True when this outcome is our own doing and says nothing about anybody. */
  observe(outcome: Outcome, proxy: number, fleetSize: number, now: number): boolean {
    const { exchange, verdict } = outcome
    if (exchange.kind === 'response' || exchange.phase === 'headers' || exchange.phase === 'body') {
      this.#recover(proxy, now)
      return false
    }
    if (exchange.cause === 'local-resources' || exchange.cause === 'local-network') {
      this.pausedUntil = Math.max(this.pausedUntil, now + pauseAfterLocalFault)
      if (exchange.cause === 'local-resources') this.#shrink()
      return true
    }
    if (exchange.phase !== 'dial' || verdict.kind !== 'dead') return false
    if (this.isOut) {
      this.pausedUntil = now + this.#nextPause()
      return true
    }
    if (outcome.startedAt < this.#answeredAt) return false
    this.#dials.failed(proxy, 'dial', 1, now)
    if (!this.#dials.proven || fleetSize < 3) return false
    const isAll = this.#dials.exits >= Math.min(fleetSize, 8) && this.#dials.weight >= this.#dials.needed
    if (!isAll || !this.#dials.includes(this.#answered)) return false
    this.isOut = true
    this.#canaries = 0
    this.pausedUntil = now + this.#nextPause()
    this.#changed(true)
    return true
  }

  #nextPause(): number {
    const doublings = Math.max(0, ++this.#canaries - quickCanaries)
    return Math.min(longestPause, quickPause * 2 ** doublings)
  }

  #recover(proxy: number, now: number): void {
    this.#answered = proxy
    this.#answeredAt = now
    this.#dials.succeeded()
    if (!this.isOut) return
    this.isOut = false
    this.pausedUntil = 0
    this.#changed(false)
  }
}
