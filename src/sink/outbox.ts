import type { Clock } from '../clock.ts'
import { Lane, type LaneOptions, type Push } from './lane.ts'
import type { Sink, SinkRecord } from './sink.ts'

/**
 * Between the crawl and its sinks. A push resolves when its records are safe in every sink, and only then may their
 * request be settled. Every sink has its own lane: one write in flight, batches that form by size and time, and a
 * failing write tried again until it is given up. Once a lane gives up, every push rejects and the crawl drains.
 */
export interface OutboxOptions extends Partial<Omit<LaneOptions, 'clock'>> {
  readonly sinks: readonly Sink[]
  readonly clock: Clock
  /** Records held beyond which `room` waits. Default 1,000. */
  readonly highWater?: number
}

export interface Outbox {
  /** Records pushed and not yet safe everywhere. */
  readonly held: number
  /** Opens every sink, or none: rejects with the first SINK_FAILED. */
  open(): Promise<void>
  /** Rejects with SINK_FAILED when a sink is given up, or with what it threw when trying again is no use. */
  push(records: readonly SinkRecord[]): Promise<void>
  /** Resolves when fewer than `highWater` records are held, or the outbox has failed. Wait for it before taking work. */
  room(): Promise<void>
  /** Writes what is queued at once, and resolves when it is safe; rejects if any of it was given up. */
  flush(): Promise<void>
  /** Flushes and closes every sink. `retry: false` gives failing writes up at once. */
  close(options?: { readonly retry?: boolean }): Promise<void>
}

export function createOutbox(options: OutboxOptions): Outbox {
  const { sinks, clock, highWater = 1_000 } = options
  const settings: LaneOptions = {
    clock,
    batchSize: options.batchSize ?? 500,
    maxWaitMs: options.maxWaitMs ?? 0,
    giveUpAfterMs: options.giveUpAfterMs ?? 60_000,
  }
  let failure: unknown
  let held = 0
  let waiting: (() => void)[] = []
  const pending = new Set<Promise<void>>()

  const fail = (error: unknown) => {
    failure ??= error
    wake()
  }
  const wake = () => {
    if (held >= highWater && failure === undefined) return
    const woken = waiting
    waiting = []
    for (const resume of woken) resume()
  }
  const lanes = sinks.map((sink) => new Lane(sink, settings, fail))

  async function push(records: readonly SinkRecord[]): Promise<void> {
    if (failure !== undefined) throw failure
    if (records.length === 0) return
    held += records.length
    const writes = lanes.map(
      (lane) =>
        new Promise<void>((resolve, reject) => {
          const entry: Push = { records, resolve, reject }
          lane.push(entry)
        }),
    )
    try {
      // All are waited for, so that a record is never in one sink's queue after its push has ended.
      const results = await Promise.allSettled(writes)
      const rejected = results.find((result) => result.status === 'rejected')
      if (rejected) throw rejected.reason
    } finally {
      held -= records.length
      wake()
    }
  }

  const outbox: Outbox = {
    get held() {
      return held
    },
    async open() {
      const opened: Sink[] = []
      try {
        for (const sink of sinks) {
          await sink.open()
          opened.push(sink)
        }
      } catch (error) {
        await Promise.allSettled(opened.map((sink) => sink.close()))
        throw error
      }
    },
    push(records) {
      const pushed = push(records)
      pending.add(pushed)
      const forget = () => pending.delete(pushed)
      pushed.then(forget, forget)
      return pushed
    },
    async room() {
      if (held < highWater || failure !== undefined) return
      await new Promise<void>((resolve) => waiting.push(resolve))
    },
    async flush() {
      for (const lane of lanes) lane.hurry()
      const results = await Promise.allSettled(pending)
      const rejected = results.find((result) => result.status === 'rejected')
      if (rejected) throw rejected.reason
      if (failure !== undefined) throw failure
    },
    async close({ retry = true } = {}) {
      if (!retry) for (const lane of lanes) lane.stopRetrying()
      const flushed = await Promise.allSettled([outbox.flush()])
      const closed = await Promise.allSettled(sinks.map((sink) => sink.close()))
      const rejected = [...flushed, ...closed].find((result) => result.status === 'rejected')
      if (rejected) throw rejected.reason
    },
  }
  return outbox
}
