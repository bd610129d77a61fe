import type { Clock } from '../base/clock.ts'

/** Pages a second over the last ten seconds. */
const window = 10_000
const most = 10_000

export class Rate {
  readonly #clock: Clock
  readonly #recent: number[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  arrived(): void {
    this.#recent.push(this.#clock.now())
    if (this.#recent.length > most) this.#recent.splice(0, most / 2)
  }

  get perSecond(): number {
    const now = this.#clock.now()
    while (this.#recent.length > 0 && now - this.#recent[0]! > window) this.#recent.shift()
    const span = this.#recent.length > 0 ? Math.max(1_000, now - this.#recent[0]!) : window
    return (this.#recent.length / span) * 1_000
  }
}
