import type { Clock } from '../../base/clock.ts'

/** Long work on the event loop, done in slices of a few milliseconds, so that nothing else waits for longer. */
export class Slices {
  readonly #clock: Clock
  #since = 0
  #busy = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Milliseconds that the work has kept the event loop. */
  get busy(): number {
    return this.#busy
  }

  begin(): void {
    this.#since = this.#clock.now()
  }

  /** Call it after each small piece of work: lets the event loop turn when the slice is over. */
  async next(): Promise<void> {
    if (this.#clock.now() - this.#since < sliceMs) return
    this.end()
    await new Promise<void>((resolve) => this.#clock.soon(resolve))
    this.begin()
  }

  end(): void {
    this.#busy += this.#clock.now() - this.#since
  }
}

const sliceMs = 4
