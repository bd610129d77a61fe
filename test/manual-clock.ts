import type { Clock } from '../src/base/clock.ts'

/** Time that passes only when told. Timers fire in order of their time, each with the promises it released run first. */
export class ManualClock implements Clock {
  #now = 0
  #timers = new Set<{ at: number; fire: () => void }>()

  now(): number {
    return this.#now
  }

  wall(): number {
    return 1_700_000_000_000 + this.#now
  }

  after(ms: number, fire: () => void): () => void {
    const timer = { at: this.#now + ms, fire }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  soon(fire: () => void): void {
    this.after(0, fire)
  }

  /** How many timers wait. */
  get waiting(): number {
    return this.#timers.size
  }

  /** Moves time alone: for what has no timers. */
  pass(ms: number): void {
    this.#now += ms
  }

  async advance(ms: number): Promise<void> {
    const until = this.#now + ms
    await settled()
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= until).sort((one, other) => one.at - other.at)[0]
      if (!due) break
      this.#timers.delete(due)
      this.#now = Math.max(this.#now, due.at)
      due.fire()
      await settled()
    }
    this.#now = until
  }
}

/** Lets every promise that can go on do so. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}
