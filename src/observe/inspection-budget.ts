import type { Clock } from '../base/clock.ts'

/**
 * How much an inspector may be shown: so many messages a second on the average (a token bucket), and no more than a tenth of
 * the time, measured at the observer itself. Without the second, an observer of two milliseconds would halve a crawl
 * that it watches; and nobody knows beforehand how slow an observer is.
 */
/** An observer's share of the time, and the milliseconds that it may take at once. */
const share = 0.1
const atOnce = 100
/** Seconds for which messages are saved up. */
const saved = 2
/** Requests are begun while more than this share of the messages is left: the rest is for what changes. */
const reserve = 0.25
/** Messages that a request is counted as when it begins: then it is shown to its end, whatever comes between. */
const messagesOfRequest = 16
/** As many messages a second as nobody can send. */
const boundless = 1e9
/** Promises of an observer that are waited for at a time. */
const mostPromises = 100

export class InspectionBudget {
  /** Promises that the observer has not settled. */
  promises = 0
  readonly #clock: Clock
  readonly #rate: number
  readonly #isBusy: () => boolean
  #messages: number
  #milliseconds = atOnce
  #at: number

  /** `isBusy`: the observer says itself that it can take no more now. */
  constructor(clock: Clock, rate: number, isBusy: () => boolean = () => false) {
    this.#clock = clock
    this.#rate = Math.min(rate, boundless)
    this.#isBusy = isBusy
    this.#messages = this.#rate * saved
    this.#at = clock.now()
  }

  /** Whether one more request may be shown. If so, all that it will tell is paid for. */
  mayBegin(): boolean {
    this.#refill()
    if (this.#messages <= this.#rate * saved * reserve || !this.#hasTime()) return false
    this.#messages -= messagesOfRequest
    return true
  }

  /** Whether one more message may be told now. */
  mayTell(): boolean {
    this.#refill()
    return this.#messages > -this.#rate * saved && this.#hasTime()
  }

  /** Whether that may be told now which is no matter of the rate: actors, which have a limit of their own, and what is paid for. */
  hasTime(): boolean {
    this.#refill()
    return this.#hasTime()
  }

  /** Calls the observer, and counts what it costs. */
  spend<T>(messages: number, call: () => T): T {
    this.#messages -= messages
    const begun = this.#clock.now()
    try {
      return call()
    } finally {
      this.#milliseconds -= this.#clock.now() - begun
    }
  }

  #hasTime(): boolean {
    return this.#milliseconds >= 0 && this.promises < mostPromises && !this.#isBusy()
  }

  #refill(): void {
    const now = this.#clock.now()
    const passed = now - this.#at
    this.#at = now
    this.#milliseconds = Math.min(atOnce, this.#milliseconds + passed * share)
    this.#messages = Math.min(this.#rate * saved, this.#messages + (passed * this.#rate) / 1_000)
  }
}
