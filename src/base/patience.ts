import type { Clock } from './clock.ts'

const firstPause = 100
const longestPause = 5_000

/**
 * How trouble that may pass is borne, such as a full disk: the same work is tried again after a pause that doubles from
 * 100 ms to 5 s, until it has failed for `mostMs` milliseconds. What fails after that is given up at once, until something
 * works again.
 */
export class Patience {
  readonly #clock: Clock
  readonly #mostMs: number
  #since: number | undefined
  #pauseMs = firstPause
  #isSpent = false
  #isOver = false
  #endPause: (() => void) | undefined

  constructor(clock: Clock, mostMs: number) {
    this.#clock = clock
    this.#mostMs = mostMs
  }

  /**
   * It has failed: true, after a pause, when it is to be tried again. `began` is called when the trouble is new. `mostMs` is for
   * trouble that is borne for a shorter time.
   */
  async bear(began?: () => void, mostMs: number = this.#mostMs): Promise<boolean> {
    if (this.#isSpent || this.#isOver) return false
    const isNew = this.#since === undefined
    this.#since ??= this.#clock.now()
    const left = this.#since + mostMs - this.#clock.now()
    if (left <= 0) {
      this.spend()
      return false
    }
    if (isNew) began?.()
    await this.#pause(Math.min(this.#pauseMs, left))
    this.#pauseMs = Math.min(longestPause, this.#pauseMs * 2)
    return true
  }

  /** The trouble is over: the next one is a new one. */
  ease(): void {
    this.#since = undefined
    this.#pauseMs = firstPause
    this.#isSpent = false
  }

  /** It will not pass. */
  spend(): void {
    this.#since = undefined
    this.#pauseMs = firstPause
    this.#isSpent = true
  }

  /** Nobody has time any more: the pause under way ends for a last try, and there is no other, whatever eases. */
  end(): void {
    this.#isOver = true
    this.#endPause?.()
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(ms, () => this.#endPause?.())
      this.#endPause = () => {
        cancel()
        this.#endPause = undefined
        resolve()
      }
    })
  }
}
