import type { Clock } from '../base/clock.ts'
import { Patience } from '../base/patience.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { OutputLog } from '../contracts/output-log.ts'
import type { Retraction, Sink, SinkRecord } from '../contracts/sink.ts'
import type { LateRetractions } from './late-retractions.ts'
import { allRefused, isFullDisk, isUnwritable, mayRecover } from './sink-failure.ts'

/**
 * The way to one sink. While a write is in flight the next batch gathers, so under load batches form by themselves and
 * an idle crawl writes at once. A failed write is repeated with the same batch.
 * What comes out of a log is written down there before the sink writes it, and again when the sink has it.
 */
export interface LaneOptions {
  readonly clock: Clock
  /** Records at which a batch is written without waiting longer. One push is never split. Default 500. */
  readonly batchSize: number
  /** Milliseconds a record may wait for company. Default 0: written as soon as the sink is free. */
  readonly maxWaitMs: number
  /** Milliseconds for which a failing write is repeated. Default 120,000: a minute of trouble is survived. */
  readonly giveUpAfterMs: number
  /** A write failed and will be repeated for so many ms: called once for each time that a sink begins to fail. */
  readonly onStalled?: ((error: Error, forMs: number) => void) | undefined
  /** A batch has reached its sink, or was given up, after so many ms. */
  readonly onWritten?: ((sink: Sink, records: number, ms: number, failed: boolean) => void) | undefined
  /** Some of its records turned out wrong, and it does not take them back: called once. */
  readonly onKept?: ((sink: Sink) => void) | undefined
}

/** ms for which a disk that has not taken a record yet may be full. */
const fullAtFirst = 10_000

export interface Push {
  readonly records: readonly SinkRecord[]
  /** What is gone before the records are there. */
  readonly takenBack?: readonly Retraction[] | undefined
  /** Done in its turn instead of a write; it has no records. */
  readonly instead?: (() => Promise<void>) | undefined
  /** Of its last record in the log; undefined when there is no log. */
  readonly position?: number | undefined
  /** A crash interrupted this batch: it may be in the sink from here on. */
  readonly place?: number | undefined
  resolve(): void
  reject(error: unknown): void
}

export class Lane {
  #sink: Sink
  #name: string
  #log: OutputLog | undefined
  #options: LaneOptions
  #onGivenUp: (error: unknown) => void
  #queue: Push[] = []
  #queued = 0
  #isWriting = false
  #failure: unknown
  #cancelWait: (() => void) | undefined
  #patience: Patience
  /** It has taken a record since it was opened. */
  #hasWritten = false
  #isKeptTold = false
  /** Of a sink that takes back at its end. */
  #late: LateRetractions | undefined

  /** `name` is the sink's in the log. */
  constructor(
    sink: Sink,
    options: LaneOptions,
    onGivenUp: (error: unknown) => void,
    { log, late }: LaneParts = {},
  ) {
    this.#late = late
    this.#sink = sink
    this.#log = log?.output
    this.#name = log?.name ?? sink.name
    this.#options = options
    this.#patience = new Patience(options.clock, options.giveUpAfterMs)
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
    this.#patience.end()
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
    const isOneByOne = isAlone(this.#queue[0]!) || this.#sink.isOneByOne === true
    const most = isOneByOne ? 0 : this.#options.batchSize
    while (count < this.#queue.length && (count === 0 || (size < most && !isAlone(this.#queue[count]!)))) {
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
      await this.#writeUntilSafe(batch)
      this.#delivered(batch)
      for (const push of batch) push.resolve()
    } catch (error) {
      if (this.#isFinal(error)) this.#giveUp(error)
      else if (batch.length > 1) {
        // One record the sink cannot take must not drag its neighbours along.
        for (const push of batch) await this.#writeBatch([push])
        return
      } else if (isUnwritable(error) && hasParts(batch[0]!)) {
        return this.#writeEach(batch[0]!)
        // It never will be there: those behind it must not wait for it. An interrupted batch is tried in parts.
      } else if (batch[0]!.place === undefined) this.#delivered(batch)
      for (const push of batch) push.reject(error)
    }
  }

  /** The sink cannot take one of these records: each by itself. */
  async #writeEach(push: Push): Promise<void> {
    const refused: RegattaError[] = []
    const { takenBack, ...others } = push
    const parts = push.records.map((record) => ({ ...others, records: [record] }))
    for (const part of takenBack ? [{ ...push, records: [] }, ...parts] : parts) {
      try {
        await this.#writeUntilSafe([part])
      } catch (error) {
        if (!isUnwritable(error)) {
          if (this.#isFinal(error)) this.#giveUp(error)
          return push.reject(error)
        }
        refused.push(error)
      }
    }
    this.#delivered([push])
    if (refused.length === 0) push.resolve()
    else push.reject(allRefused(refused))
  }

  async #begin(batch: readonly Push[]): Promise<void> {
    const { position, place, records } = batch.at(-1)!
    if (this.#log === undefined || position === undefined || place !== undefined || records.length === 0)
      return
    const next = await this.#sink.place?.(batch.flatMap(({ records }) => records))
    if (next !== undefined) await this.#log.begin(this.#name, position, next)
  }

  #delivered(batch: readonly Push[]): void {
    const { position } = batch.at(-1)!
    if (position === undefined) return
    this.#log?.delivered(this.#name, position).catch((error: unknown) => this.#giveUp(error))
  }

  /**
   * The sink or the log is gone, or the reader has left. What only one record is to blame for is not final; with a log,
   * where what is passed over is gone for ever, nothing else is taken for that.
   */
  #isFinal(error: unknown): boolean {
    const code = error instanceof RegattaError ? error.code : undefined
    return this.#log ? !isUnwritable(error) : code === 'SINK_FAILED'
  }

  /** A disk that was full from the beginning is not waited for as one that fills up: there is nothing to lose yet. */
  #giveUpAfter(error: unknown): number {
    const { giveUpAfterMs } = this.#options
    return this.#hasWritten || !isFullDisk(error) ? giveUpAfterMs : Math.min(giveUpAfterMs, fullAtFirst)
  }

  #giveUp(error: unknown): void {
    this.#failure ??= error
    this.#onGivenUp(error)
  }

  async #write(batch: readonly Push[]): Promise<void> {
    const records = batch.flatMap((push) => push.records)
    const { place, takenBack, position, instead } = batch[0]!
    if (instead) return instead()
    if (takenBack && this.#sink.takesBack === 'at-once') return this.#sink.write(records, takenBack)
    if (takenBack && this.#late) await this.#late.keep(takenBack, position)
    else if (takenBack) this.#tellKept(takenBack)
    if (records.length === 0) return
    if (place !== undefined && this.#sink.complete) return this.#sink.complete(records, place)
    return this.#sink.write(records)
  }

  #tellKept(takenBack: readonly Retraction[]): void {
    const { kind } = this.#sink
    if (this.#isKeptTold || !takenBack.some(({ of }) => kind === undefined || of === kind)) return
    this.#isKeptTold = true
    this.#options.onKept?.(this.#sink)
  }

  async #writeUntilSafe(batch: readonly Push[]): Promise<void> {
    const { onWritten, clock } = this.#options
    if (!onWritten) return this.#writePatiently(batch)
    const begun = clock.now()
    let failed = true
    try {
      await this.#writePatiently(batch)
      failed = false
    } finally {
      const records = batch.reduce((sum, { records }) => sum + records.length, 0)
      onWritten(this.#sink, records, clock.now() - begun, failed)
    }
  }

  async #writePatiently(batch: readonly Push[]): Promise<void> {
    this.#patience.ease()
    for (;;) {
      try {
        await this.#begin(batch)
        await this.#write(batch)
        this.#hasWritten = true
        return
      } catch (error) {
        if (!mayRecover(error)) throw error
        const mostMs = this.#giveUpAfter(error)
        const began = () => this.#options.onStalled?.(error as Error, mostMs)
        if (!(await this.#patience.bear(began, mostMs))) throw error
      }
    }
  }
}

export interface LaneParts {
  /** What comes out of it is written down there; the sink's name in it. */
  readonly log?: { readonly output: OutputLog; readonly name: string } | undefined
  readonly late?: LateRetractions | undefined
}

/** What is there of a push that holds a record that cannot be written must not be lost with it. */
function hasParts({ place, records, takenBack }: Push): boolean {
  return place === undefined && records.length + (takenBack ? 1 : 0) > 1
}

/** An interrupted batch is completed as it was, and what is taken back must have been written before. */
function isAlone({ place, takenBack, instead }: Push): boolean {
  return place !== undefined || takenBack !== undefined || instead !== undefined
}
