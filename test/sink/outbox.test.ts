import { expect, test } from 'vitest'
import { RegattaError } from '../../src/contracts/errors.ts'
import type { OutputLog } from '../../src/contracts/output-log.ts'
import type { Retraction, Sink, SinkRecord } from '../../src/contracts/sink.ts'
import { createOutbox } from '../../src/sink/outbox.ts'
import { sinkFailed } from '../../src/sink/sink-failure.ts'
import { item } from '../contracts/sink.ts'
import { ManualClock, settled } from '../manual-clock.ts'

/** A sink that keeps what it gets, with a gate to hold writes and an error to reject them with. */
function createShelf() {
  const shelf = {
    name: 'the shelf',
    batches: [] as (readonly SinkRecord[])[],
    writes: 0,
    inFlight: 0,
    mostInFlight: 0,
    isClosed: false,
    error: undefined as unknown,
    gate: undefined as Promise<void> | undefined,
    async open() {},
    async write(batch: readonly SinkRecord[]) {
      shelf.writes++
      shelf.mostInFlight = Math.max(shelf.mostInFlight, ++shelf.inFlight)
      await shelf.gate
      shelf.inFlight--
      if (shelf.error) throw shelf.error
      shelf.batches.push(batch)
    },
    async close() {
      shelf.isClosed = true
    },
  } satisfies Sink & Record<string, unknown>
  return shelf
}

const full = sinkFailed('the shelf', Object.assign(new Error('full'), { code: 'ENOSPC' }))

test('a push resolves when every sink has its records', async () => {
  const [fast, slow] = [createShelf(), createShelf()]
  const gate = Promise.withResolvers<void>()
  slow.gate = gate.promise
  const outbox = createOutbox({ sinks: [fast, slow], clock: new ManualClock() })
  let isSafe = false
  const push = outbox.push([item(0)]).then(() => (isSafe = true))
  await settled()
  expect([fast.batches.length, isSafe]).toEqual([1, false])
  gate.resolve()
  await push
  expect(slow.batches).toEqual([[item(0)]])
  expect(outbox.held).toBe(0)
})

test('what is pushed during a write goes out together in the next one', async () => {
  const shelf = createShelf()
  const gate = Promise.withResolvers<void>()
  shelf.gate = gate.promise
  const outbox = createOutbox({ sinks: [shelf], clock: new ManualClock() })
  const first = outbox.push([item(0)])
  await settled()
  const rest = [1, 2, 3].map((n) => outbox.push([item(n)]))
  gate.resolve()
  await Promise.all([first, ...rest])
  expect(shelf.batches).toEqual([[item(0)], [item(1), item(2), item(3)]])
  expect(shelf.mostInFlight).toBe(1)
})

test('a batch waits for its size or its time, whichever comes first', async () => {
  const shelf = createShelf()
  const clock = new ManualClock()
  const outbox = createOutbox({ sinks: [shelf], clock, batchSize: 3, maxWaitMs: 50 })
  const early = outbox.push([item(0)])
  await clock.advance(49)
  expect(shelf.writes).toBe(0)
  await clock.advance(1)
  await early
  await Promise.all([outbox.push([item(1)]), outbox.push([item(2), item(3)])])
  expect(shelf.batches).toEqual([[item(0)], [item(1), item(2), item(3)]])
  expect(clock.waiting).toBe(0)
})

test('a failing sink gets the same batch again until it takes it', async () => {
  const shelf = createShelf()
  const clock = new ManualClock()
  const outbox = createOutbox({ sinks: [shelf], clock })
  await outbox.push([item(9)])
  shelf.error = full
  const push = outbox.push([item(0)])
  await clock.advance(11_000)
  const writes = shelf.writes
  expect(writes).toBeGreaterThan(4)
  expect(writes).toBeLessThan(12)
  shelf.error = undefined
  await clock.advance(5_000)
  await push
  expect(shelf.batches).toEqual([[item(9)], [item(0)]])
})

test('a disk that was full from the beginning is given up after ten seconds, and what fails otherwise is not', async () => {
  const shelf = createShelf()
  const clock = new ManualClock()
  const stalled: number[] = []
  shelf.error = full
  const outbox = createOutbox({ sinks: [shelf], clock, onStalled: (_, forMs) => stalled.push(forMs) })
  const push = expect(outbox.push([item(0)])).rejects.toBe(full)
  await clock.advance(10_000)
  await push
  const other = createShelf()
  other.error = sinkFailed('the shelf', new Error('not now'))
  const patient = createOutbox({ sinks: [other], clock, onStalled: (_, forMs) => stalled.push(forMs) })
  const later = patient.push([item(0)])
  await clock.advance(60_000)
  other.error = undefined
  await clock.advance(10_000)
  await later
  expect(stalled).toEqual([10_000, 120_000])
})

test('a sink that fails for too long is given up: every push rejects and nobody waits for room', async () => {
  const shelf = createShelf()
  const clock = new ManualClock()
  shelf.error = full
  const outbox = createOutbox({ sinks: [shelf], clock, highWater: 1, giveUpAfterMs: 1_000 })
  const push = expect(outbox.push([item(0)])).rejects.toBe(full)
  await settled()
  const later = expect(outbox.push([item(1)])).rejects.toBe(full)
  const room = outbox.room()
  await clock.advance(999)
  expect(outbox.held).toBe(2)
  await clock.advance(1)
  await Promise.all([push, later, room])
  await expect(outbox.push([item(2)])).rejects.toBe(full)
  await expect(outbox.close()).rejects.toBe(full)
  expect(shelf.isClosed).toBe(true)
})

test('a closed pipe is given up at once', async () => {
  const shelf = createShelf()
  shelf.error = sinkFailed('stdout', Object.assign(new Error('closed'), { code: 'EPIPE' }))
  const outbox = createOutbox({ sinks: [shelf], clock: new ManualClock() })
  await expect(outbox.push([item(0)])).rejects.toMatchObject({ value: { errno: 'EPIPE' } })
  expect(shelf.writes).toBe(1)
})

test('a record that no sink can take rejects its own push only', async () => {
  const shelf = createShelf()
  const write = shelf.write
  const sink: Sink = {
    name: 'picky',
    open: shelf.open,
    close: shelf.close,
    async write(batch) {
      if (batch.some(({ index, request }) => request === 'r0' && index === 1)) {
        throw new RegattaError('ITEM_INVALID', 'Output 1 cannot be written.', { value: { issues: [] } })
      }
      await write(batch)
    },
  }
  const outbox = createOutbox({ sinks: [sink], clock: new ManualClock() })
  const results = await Promise.allSettled([0, 1, 2].map((n) => outbox.push([item(n)])))
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  await outbox.close()
})

test('room waits while as many records as the high water are held', async () => {
  const shelf = createShelf()
  const gate = Promise.withResolvers<void>()
  shelf.gate = gate.promise
  const outbox = createOutbox({ sinks: [shelf], clock: new ManualClock(), highWater: 2 })
  await outbox.room()
  const push = outbox.push([item(0), item(1)])
  let hasRoom = false
  const room = outbox.room().then(() => (hasRoom = true))
  await settled()
  expect(hasRoom).toBe(false)
  gate.resolve()
  await Promise.all([push, room])
})

test('flush writes at once what waits for company', async () => {
  const shelf = createShelf()
  const outbox = createOutbox({ sinks: [shelf], clock: new ManualClock(), maxWaitMs: 10_000 })
  const push = outbox.push([item(0)])
  await outbox.flush()
  await push
  expect(shelf.batches).toEqual([[item(0)]])
})

test('closing without retries gives a failing write up at once', async () => {
  const shelf = createShelf()
  shelf.error = full
  const outbox = createOutbox({ sinks: [shelf], clock: new ManualClock() })
  const push = expect(outbox.push([item(0)])).rejects.toBe(full)
  await settled()
  await expect(outbox.close({ retry: false })).rejects.toBe(full)
  await push
})

test('when one sink cannot be opened, those that were are closed', async () => {
  const shelf = createShelf()
  const broken: Sink = { ...createShelf(), open: () => Promise.reject(full) }
  await expect(createOutbox({ sinks: [shelf, broken], clock: new ManualClock() }).open()).rejects.toBe(full)
  expect(shelf.isClosed).toBe(true)
})

/** A sink that takes back at once, and writes down in which order. */
function createBook(error?: () => unknown) {
  const lines: string[] = []
  const sink: Sink = {
    name: 'the book',
    takesBack: 'at-once',
    async open() {},
    async write(batch, takenBack = []) {
      const failure = batch.length > 0 ? error?.() : undefined
      if (failure) throw failure
      lines.push(
        [...takenBack.map(({ index }) => `-${index}`), ...batch.map(({ index }) => `+${index}`)].join(' '),
      )
    },
    async close() {},
  }
  return { sink, lines }
}

const gone = (n: number): Retraction => {
  const { request, index, source } = item(n)
  return { kind: 'retraction', of: 'item', request, index, source, revision: 1, digest: 'digest' }
}

test('what is taken back is taken back behind what was written before, with what takes its place', async () => {
  const { sink, lines } = createBook()
  const outbox = createOutbox({ sinks: [sink], clock: new ManualClock() })
  await Promise.all([
    outbox.push([item(0), item(1)]),
    outbox.push([gone(0), gone(1), item(0)]),
    outbox.push([item(1)]),
    outbox.push([gone(1)]),
  ])
  expect(lines).toEqual(['+0 +1', '-0 -1 +0', '+1', '-1'])
})

test('after a crash too, where the records of one request follow each other', async () => {
  const { sink, lines } = createBook()
  const records = [item(0), item(1), gone(0), gone(1), item(0), gone(0)]
  const log: OutputLog = {
    attach: async () => [{ sink: 'the book', delivered: 0, begun: undefined }],
    read: async (after, max) =>
      records.slice(after, after + max).map((record, at) => ({ position: after + at + 1, record })),
    begin: async () => {},
    delivered: async () => {},
  }
  const outbox = createOutbox({ sinks: [sink], clock: new ManualClock(), log })
  await outbox.open()
  await outbox.flush()
  expect(lines).toEqual(['+0 +1', '-0 -1 +0', '-0'])
})

test('what is wrong is gone although what takes its place cannot be written', async () => {
  const unwritable = new RegattaError('ITEM_INVALID', 'No.', {
    value: { issues: [], request: 'r0', index: 0 },
  })
  const { sink, lines } = createBook(() => unwritable)
  const outbox = createOutbox({ sinks: [sink], clock: new ManualClock() })
  await expect(outbox.push([gone(0), item(0)])).rejects.toMatchObject({ code: 'ITEM_INVALID' })
  expect(lines).toEqual(['-0'])
})
