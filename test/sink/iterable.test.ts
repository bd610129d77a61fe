import { expect, test } from 'vitest'
import { createIterableSink } from '../../src/sink/iterable.ts'
import { item, sinkContract } from '../contracts/sink.ts'
import { settled } from '../manual-clock.ts'

sinkContract('an iterable', async () => {
  const sink = createIterableSink()
  const values: unknown[] = []
  const consumer = (async () => {
    for await (const record of sink) values.push(record.value)
  })()
  return {
    sink,
    read: async () => {
      await settled()
      return values
    },
    consumer,
  }
})

test('a write waits until the consumer has taken its last record', async () => {
  const sink = createIterableSink()
  let isWritten = false
  const write = sink.write([item(0), item(1)]).then(() => (isWritten = true))
  await sink.next()
  await settled()
  expect(isWritten).toBe(false)
  await sink.next()
  await write
})

test('a consumer that leaves early is told to the owner once, and writes reject', async () => {
  let told = 0
  const sink = createIterableSink(() => told++)
  const write = sink.write([item(0), item(1)])
  const refused = expect(write).rejects.toMatchObject({ code: 'ABORTED' })
  for await (const record of sink) {
    expect(record).toEqual(item(0))
    break
  }
  await refused
  await sink.return()
  expect(told).toBe(1)
  await expect(sink.write([item(2)])).rejects.toMatchObject({ code: 'ABORTED' })
  expect(await sink.next()).toEqual({ done: true, value: undefined })
})

test('closing lets the consumer take what is written and then ends its loop', async () => {
  let told = 0
  const sink = createIterableSink(() => told++)
  const write = sink.write([item(0)])
  await sink.close()
  const taken: unknown[] = []
  for await (const record of sink) taken.push(record)
  await write
  expect(taken).toEqual([item(0)])
  expect(told).toBe(0)
})

test("a failure of the crawl is thrown in the consumer's loop", async () => {
  const sink = createIterableSink()
  const next = sink.next()
  sink.fail(new Error('the source threw'))
  await expect(next).rejects.toThrow('the source threw')
  expect(await sink.next()).toEqual({ done: true, value: undefined })
})
