import type { Clock } from './clock.ts'

/**
 * Rings when something may have become possible. The trap that it avoids: what happens between looking and waiting is
 * missed. So a caller reads `rings`, looks, and then waits for more than it has read.
 */
export class Bell {
  #rings = 0
  readonly #waiting = new Set<() => void>()

  /** How often it has rung. */
  get rings(): number {
    return this.#rings
  }

  ring(): void {
    this.#rings++
    for (const wake of this.#waiting) wake()
  }

  /** Resolves when it has rung more often than `seen`; with a clock and a finite `ms`, after so many milliseconds at the latest. */
  async after(seen: number, clock?: Clock, ms = Number.POSITIVE_INFINITY): Promise<void> {
    if (this.#rings !== seen) return
    await new Promise<void>((resolve) => {
      const cancel = ms < Number.POSITIVE_INFINITY ? clock?.after(ms, () => wake()) : undefined
      const wake = () => {
        this.#waiting.delete(wake)
        cancel?.()
        resolve()
      }
      this.#waiting.add(wake)
    })
  }
}
