import type { Clock } from '../base/clock.ts'
import { assertArgument } from '../contracts/arguments.ts'
import { RegattaError } from '../contracts/errors.ts'

/** A task that was submitted. Its timeout ends the waiting, never the task. */
export class Handle {
  /** The task's id, for `crawler.explain`. */
  readonly task: string
  /** What was asked for. */
  readonly url: string
  /** Resolves with the answer, or rejects with a RegattaError. */
  readonly response: Promise<Response>
  readonly #clock: Clock
  readonly #abandon: () => void

  constructor(parts: {
    task: string
    url: string
    response: Promise<Response>
    clock: Clock
    abandon: () => void
  }) {
    this.task = parts.task
    this.url = parts.url
    this.response = parts.response
    this.#clock = parts.clock
    this.#abandon = parts.abandon
    // A caller that submits and never looks does not want to hear of failures.
    this.response.catch(() => {})
  }

  /** Waits `ms` at most; then rejects with WAIT_TIMEOUT while the task goes on, and may be waited for again. */
  async withTimeout(ms: number): Promise<Response> {
    assertArgument(typeof ms === 'number' && ms >= 0, 'withTimeout()', 'ms', 'milliseconds from 0', ms)
    const { promise, reject } = Promise.withResolvers<never>()
    const message = `${this.url}: no answer after ${ms} ms; the task goes on, wait again or cancel() it.`
    const cancel = this.#clock.after(ms, () =>
      reject(new RegattaError('WAIT_TIMEOUT', message, { value: { ms } })),
    )
    try {
      return await Promise.race([this.response, promise])
    } finally {
      cancel()
    }
  }

  /** Ends the task; `response` rejects with ABORTED. */
  cancel(): void {
    this.#abandon()
  }
}
