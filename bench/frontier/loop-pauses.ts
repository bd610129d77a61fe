const everyMs = 2

/** How long the event loop of this thread did not turn, milliseconds. */
export interface Pauses {
  /** The longest, whatever the reason. */
  readonly longestMs: number
  /**
   * The most that the thread itself worked in one, its own garbage collection included. The rest of a pause is waiting:
   * three busy threads take turns on two processors, and a shared machine lends them to others.
   */
  readonly mostWorkMs: number
}

/** Watches from now on; `read` answers for the time since the last one. */
export class LoopPauses {
  #at = performance.now()
  #worked = workedMs()
  #longestMs = 0
  #mostWorkMs = 0

  constructor() {
    setInterval(() => this.#tick(), everyMs).unref()
  }

  read(): Pauses {
    const pauses = { longestMs: this.#longestMs, mostWorkMs: this.#mostWorkMs }
    this.#longestMs = 0
    this.#mostWorkMs = 0
    return pauses
  }

  #tick(): void {
    const [at, worked] = [performance.now(), workedMs()]
    const pause = Math.max(0, at - this.#at - everyMs)
    this.#longestMs = Math.max(this.#longestMs, pause)
    this.#mostWorkMs = Math.max(this.#mostWorkMs, Math.min(pause, worked - this.#worked))
    this.#at = at
    this.#worked = worked
  }
}

function workedMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}
