import { assertArgument } from '../contracts/arguments.ts'
import type { Sink, SinkRecord } from '../contracts/sink.ts'
import { sinkFailed } from './sink-failure.ts'

/**
 * Hands each record to a function, one after the other, and waits for it. A record whose call failed comes again; those
 * before it do not. After a crash the last batch comes again, because nobody knows how far it came: at least once. What
 * must not happen twice is told apart by (source, request, index).
 */
export function createCallbackSink(
  receive: (record: SinkRecord) => void | Promise<void>,
  name = 'the callback',
): Sink {
  assertArgument(typeof receive === 'function', 'createCallbackSink()', 'receive', 'a function', receive)
  /** What was delivered of batches that failed later on. */
  const delivered = new Set<string>()
  return {
    name,
    async open() {},
    async write(batch) {
      for (const record of batch) {
        const key = `${record.request} ${record.index}`
        if (delivered.has(key)) continue
        try {
          await receive(record)
        } catch (error) {
          throw sinkFailed(name, error)
        }
        delivered.add(key)
      }
      for (const record of batch) delivered.delete(`${record.request} ${record.index}`)
    },
    async close() {},
  }
}
