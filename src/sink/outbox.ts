import type { Clock } from '../base/clock.ts'
import type { SideStore } from '../contracts/frontier.ts'
import type { LoggedOutput, OutputLog, SinkCursor } from '../contracts/output-log.ts'
import type { Delivery, Retraction, Sink, SinkRecord } from '../contracts/sink.ts'
import { type EarlierOutputs, lackOf } from './lack.ts'
import { Lane, type LaneOptions, type Push } from './lane.ts'
import { LateRetractions } from './late-retractions.ts'
import { bytesOf } from './record-bytes.ts'
import { isUnwritable } from './sink-failure.ts'

/**
 * Between the crawl and its sinks. A push resolves when its records are safe in every sink; without a log, only then may
 * their request be settled. Every sink has its own lane: one write in flight, batches that form by size and time, and a
 * failing write tried again until it is given up. Once a lane gives up, every push rejects and the crawl drains. With a
 * log, opening also sends each sink what it still lacks of an earlier run.
 */
export interface OutboxOptions extends Partial<Omit<LaneOptions, 'clock'>> {
  readonly sinks: readonly Sink[]
  readonly clock: Clock
  /** Where the records are safe before they are pushed; undefined in a crawl that dies with its process. */
  readonly log?: OutputLog | undefined
  /** With a log: where it is written down what sinks are to take back at their end. */
  readonly side?: SideStore | undefined
  /** Records held beyond which `room` waits. Default 1,000. */
  readonly highWater?: number
  /** Bytes of records held, by estimate, beyond which `room` waits. Default 32 MiB. */
  readonly highWaterBytes?: number
  /** With a log: a record of an earlier run that its sink can never take was passed over. */
  readonly onUnwritable?: (error: unknown) => void
  /** With a log: what all earlier runs put out. Without it, only what the log itself tells is known. */
  readonly earlier?: EarlierOutputs
  /** With a log, once for each sink that has not, and will not get, what earlier runs put out; the sentence names it. */
  readonly onLack?: (sink: Sink, sentence: string) => void
  /** A sink was to take back so many records, and did not find them. */
  readonly onMissing?: (sink: Sink, count: number) => void
}

export interface Outbox {
  /** Records pushed and not yet safe everywhere. */
  readonly held: number
  /** What is held takes more memory than it should: nothing should be added before `room`. */
  readonly isHeavy: boolean
  /** No sink takes records. */
  readonly isEmpty: boolean
  /** Names of the sinks, each another one. */
  readonly names: readonly string[]
  /** Opens every sink, or none: rejects with the first SINK_FAILED. */
  open(): Promise<void>
  /**
   * Rejects with SINK_FAILED when a sink is given up, or with what it threw when trying again is no use. With a log:
   * `position` of the last record, and pushes come in the order of their positions. What is to be taken back stands before
   * the records; a sink that does so at its end does it in `close`, and after a crash in `open`.
   */
  push(deliveries: readonly Delivery[], position?: number): Promise<void>
  /** By what sinks find this record again (Sink.trace); undefined when none needs more than its digest. */
  tracesOf(record: SinkRecord): Readonly<Record<string, string>> | undefined
  /** Resolves when fewer records and bytes than `highWater` are held, or the outbox has failed. Wait for it before taking work. */
  room(): Promise<void>
  /** Writes what is queued at once, and resolves when it is safe; rejects if any of it was given up. */
  flush(): Promise<void>
  /** Gives failing writes up now, and later ones at their first failure. */
  stopRetrying(): void
  /** Flushes and closes every sink. `retry: false` gives failing writes up at once. */
  close(options?: { readonly retry?: boolean }): Promise<void>
}

export function createOutbox(options: OutboxOptions): Outbox {
  const { sinks, clock, log, highWater = 1_000, highWaterBytes = 32 * 1024 * 1024 } = options
  const settings: LaneOptions = {
    clock,
    batchSize: options.batchSize ?? 500,
    maxWaitMs: options.maxWaitMs ?? 0,
    giveUpAfterMs: options.giveUpAfterMs ?? 120_000,
    onStalled: options.onStalled,
    onWritten: options.onWritten,
    onKept: options.onKept,
  }
  let failure: unknown
  let held = 0
  let heldBytes = 0
  const isOver = () => held >= highWater || heldBytes >= highWaterBytes
  let waiting: (() => void)[] = []
  const pending = new Set<Promise<void>>()

  const fail = (error: unknown) => {
    failure ??= error
    wake()
  }
  const wake = () => {
    if (isOver() && failure === undefined) return
    const woken = waiting
    waiting = []
    for (const resume of woken) resume()
  }
  const names = distinct(sinks.map(({ name }) => name))
  const ways = sinks.map((sink, at) => {
    const name = names[at]!
    const late =
      sink.takesBack === 'at-end' && sink.takeBack
        ? new LateRetractions(sink, name, log && options.side)
        : undefined
    return { sink, late, lane: new Lane(sink, settings, fail, { log: log && { output: log, name }, late }) }
  })
  const all = ways.map(({ lane }) => lane)

  async function push(deliveries: readonly Delivery[], to: readonly Lane[], part: LogPart): Promise<void> {
    if (failure !== undefined) throw failure
    if (deliveries.length === 0) return
    const records = deliveries.filter(isRecord)
    const gone = deliveries.filter(isRetraction)
    const takenBack = gone.length > 0 ? { takenBack: gone } : {}
    const bytes = bytesOf(records)
    held += records.length
    heldBytes += bytes
    const writes = to.map(
      (lane) =>
        new Promise<void>((resolve, reject) => {
          const entry: Push = { records, ...takenBack, ...part, resolve, reject }
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
      heldBytes -= bytes
      wake()
    }
  }

  function remember(pushed: Promise<void>): Promise<void> {
    pending.add(pushed)
    const forget = () => pending.delete(pushed)
    pushed.then(forget, forget)
    return pushed
  }

  async function tellLacks(log: OutputLog, cursors: readonly SinkCursor[]): Promise<void> {
    if (!options.onLack) return
    const [oldest] = await log.read(0, 1)
    for (const [at, cursor] of cursors.entries()) {
      const sink = sinks[at]!
      const given = { sink, cursor, cursors, oldest: oldest?.position, earlier: options.earlier }
      const sentence = await lackOf(given)
      if (sentence !== undefined) options.onLack(sink, sentence)
    }
  }

  /** What a sink lacks of earlier runs: first the batch that a crash interrupted, as it was. */
  async function catchUp(lane: Lane, { delivered, begun }: SinkCursor): Promise<void> {
    let after = delivered
    if (begun !== undefined && begun.upto > delivered) {
      const rows = await log!.read(delivered, begun.upto - delivered)
      await complete(lane, rows, begun.place)
      after = begun.upto
    }
    while (failure === undefined) {
      const rows = await log!.read(after, settings.batchSize)
      if (rows.length === 0) return
      after = rows.at(-1)!.position
      pushRows(lane, rows)
      await outbox.room()
    }
  }

  async function complete(lane: Lane, rows: readonly LoggedOutput[], place: number): Promise<void> {
    const last = rows.at(-1)
    if (!last) return
    const records = rows.map(({ record }) => record)
    try {
      await remember(push(records, [lane], { position: last.position, place }))
    } catch (error) {
      // One record that cannot be written must not take the batch along.
      if (failure === undefined && isUnwritable(error)) pushRows(lane, rows)
    }
  }

  /** Each sink that takes back at its end does it now, behind what it still has to write. */
  async function takeBack(): Promise<void> {
    const waiting = ways.filter(({ late }) => late && !late.isEmpty)
    const doing = waiting.map(({ sink, lane, late }) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const instead = async () => {
        const missing = await late!.apply()
        if (missing > 0) options.onMissing?.(sink, missing)
      }
      lane.push({ records: [], instead, resolve, reject })
      return remember(promise)
    })
    const rejected = (await Promise.allSettled(doing)).find((result) => result.status === 'rejected')
    if (rejected) throw rejected.reason
  }

  /** The outputs of each request by themselves, as they were pushed. Their callers are gone. */
  function pushRows(lane: Lane, rows: readonly LoggedOutput[]): void {
    for (let from = 0; from < rows.length; ) {
      let upto = from + 1
      while (isSamePush(rows[upto - 1]!.record, rows[upto]?.record)) upto++
      const records = rows.slice(from, upto).map(({ record }) => record)
      const pushed = remember(push(records, [lane], { position: rows[upto - 1]!.position }))
      // A sink that is gone is told by its lane, to all.
      pushed.catch((error: unknown) => isUnwritable(error) && options.onUnwritable?.(error))
      from = upto
    }
  }

  const outbox: Outbox = {
    isEmpty: sinks.length === 0,
    names,
    get isHeavy() {
      return heldBytes >= highWaterBytes && failure === undefined
    },
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
        const cursors = (await log?.attach(names)) ?? []
        if (log) await tellLacks(log, cursors)
        for (const { late } of ways) await late?.open()
        for (const [at, cursor] of cursors.entries()) await catchUp(all[at]!, cursor)
        await takeBack()
      } catch (error) {
        for (const lane of all) lane.stopRetrying()
        await Promise.allSettled(pending)
        await Promise.allSettled(opened.map((sink) => sink.close()))
        throw error
      }
    },
    push: (deliveries, position) => remember(push(deliveries, all, { position })),
    tracesOf(record) {
      const traces = sinks.flatMap(({ name, trace }) => (trace ? [[name, trace(record)] as const] : []))
      return traces.length > 0 ? Object.fromEntries(traces) : undefined
    },
    async room() {
      if (!isOver() || failure !== undefined) return
      await new Promise<void>((resolve) => waiting.push(resolve))
    },
    async flush() {
      for (const lane of all) lane.hurry()
      const results = await Promise.allSettled(pending)
      if (failure !== undefined) throw failure
      // With a log, a record that could not be written was told where it was pushed.
      const rejected = log ? undefined : results.find((result) => result.status === 'rejected')
      if (rejected) throw rejected.reason
    },
    stopRetrying() {
      for (const lane of all) lane.stopRetrying()
    },
    async close({ retry = true } = {}) {
      if (!retry) outbox.stopRetrying()
      const flushed = await Promise.allSettled([outbox.flush()])
      const takenBack = await Promise.allSettled([takeBack()])
      const closed = await Promise.allSettled(sinks.map((sink) => sink.close()))
      const rejected = [...flushed, ...takenBack, ...closed].find((result) => result.status === 'rejected')
      if (rejected) throw rejected.reason
    },
  }
  return outbox
}

type LogPart = Pick<Push, 'position' | 'place'>

function isRecord(delivery: Delivery): delivery is SinkRecord {
  return delivery.kind !== 'retraction'
}

function isRetraction(delivery: Delivery): delivery is Retraction {
  return delivery.kind === 'retraction'
}

/** What is taken back stands before what takes its place, so behind a record it begins the next push of the request. */
function isSamePush(one: Delivery, next: Delivery | undefined): boolean {
  return one.request === next?.request && (isRecord(next) || isRetraction(one))
}

/** Two callbacks of one name are two sinks. */
function distinct(names: readonly string[]): string[] {
  return names.map((name, at) => {
    const before = names.slice(0, at).filter((other) => other === name).length
    return before === 0 ? name : `${name} (${before + 1})`
  })
}
