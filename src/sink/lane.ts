import type { Clock } from '../clock.ts'
import { RegattaError } from '../errors.ts'
import { mayRecover } from './failure.ts'
import type { Sink, SinkRecord } from './sink.ts'

/**
 * The way to one sink. While a write is in flight the next batch gathers, so under load batches form by themselves and
 * an idle crawl writes at once. A failed write is repeated with the same batch, doubling the pause from 100 ms to 5 s.
 */
export interface LaneOptions {
  readonly clock: Clock
  /** Records at which a batch is written without waiting longer. One push is never split. Default 500. */
  readonly batchSize: number
  /** Milliseconds a record may wait for company. Default 0: written as soon as the sink is free. */
  readonly maxWaitMs: number
  /** Milliseconds for which a failing write is repeated. Default 60,000. */
  readonly giveUpAfterMs: number
}

export interface Push {
  readonly records: readonly SinkRecord[]
  resolve(): void
  reject(error: unknown): void
}

export class Lane {
  #sink: Sink
  #options: LaneOptions
  #onGivenUp: (error: unknown) => void
  #queue: Push[] = []
  #queued = 0
  #isWriting = false
  #failure: unknown
  #retries = true
  #cancelWait: (() => void) | undefined
  #endPause: (() => void) | undefined

  constructor(sink: Sink, options: LaneOptions, onGivenUp: (error: unknown) => void) {
    this.#sink = sink
    this.#options = options
    this.#onGivenUp = onGivenUp
  }

  push(push: Push): void {
    if (this.#failure !== undefined) {
      push.reject(this.#failure)
      return
    }
    this.#queue.push(push)
    this.#queued += push.records.length
    if (this.#isWriting) return
    const { batchSize, maxWaitMs, clock } = this.#options
    if (this.#queued >= batchSize || maxWaitMs <= 0) this.hurry()
    else this.#cancelWait ??= clock.after(maxWaitMs, () => this.hurry())
  }

  /** Writes what is queued as soon as the sink is free. */
  hurry(): void {
    this.#cancelWait?.()
    this.#cancelWait = undefined
    if (!this.#isWriting && this.#queue.length > 0) void this.#drain()
  }

  /** Gives a failing write up now, and every later one at its first failure. */
  stopRetrying(): void {
    this.#retries = false
    this.#endPause?.()
  }

  async #drain(): Promise<void> {
    this.#isWriting = true
    await undefined // pushes of the same turn come along
    while (this.#queue.length > 0) await this.#writeBatch(this.#nextBatch())
    this.#isWriting = false
  }

  #nextBatch(): Push[] {
    let size = 0
    let count = 0
    while (count < this.#queue.length && (count === 0 || size < this.#options.batchSize)) {
      size += this.#queue[count++]!.records.length
    }
    this.#queued -= size
    return this.#queue.splice(0, count)
  }

  async #writeBatch(batch: readonly Push[]): Promise<void> {
    if (this.#failure !== undefined) {
      for (const push of batch) push.reject(this.#failure)
      return
    }
    try {
      await this.#writeUntilSafe(batch.flatMap((push) => push.records))
      for (const push of batch) push.resolve()
    } catch (error) {
      if (isSinkFailure(error)) {
        this.#failure = error
        this.#onGivenUp(error)
      } else if (batch.length > 1) {
        // One record the sink cannot take must not drag its neighbours along.
        for (const push of batch) await this.#writeBatch([push])
        return
      }
      for (const push of batch) push.reject(error)
    }
  }

  async #writeUntilSafe(records: readonly SinkRecord[]): Promise<void> {
    const { clock, giveUpAfterMs } = this.#options
    let failingSince: number | undefined
    for (let pauseMs = 100; ; pauseMs = Math.min(5_000, pauseMs * 2)) {
      try {
        return await this.#sink.write(records)
      } catch (error) {
        failingSince ??= clock.now()
        const left = failingSince + giveUpAfterMs - clock.now()
        if (!mayRecover(error) || !this.#retries || left <= 0) throw error
        await this.#pause(Math.min(pauseMs, left))
      }
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(ms, () => this.#endPause?.())
      this.#endPause = () => {
        cancel()
        this.#endPause = undefined
        resolve()
      }
    })
  }
}

function isSinkFailure(error: unknown): boolean {
  return error instanceof RegattaError && error.code === 'SINK_FAILED'
}
