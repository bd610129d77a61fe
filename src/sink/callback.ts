import { assertArgument } from '../contracts/arguments.ts'
import type { Retraction, Sink, SinkRecord } from '../contracts/sink.ts'
import { sinkFailed } from './sink-failure.ts'

/**
 * Hands each record to a function, one after the other, and waits for it. A record whose call failed comes again; those
 * before it do not. After a crash the last batch comes again, because nobody knows how far it came: at least once. What
 * must not happen twice is told apart by (source, request, index).
 *
 * `retract` hears of what turned out wrong, before `receive` gets what is right: a record with a higher `revision`. Without
 * it the function never hears of that, and an alert says so.
 */
export function createCallbackSink(
  receive: (record: SinkRecord) => void | Promise<void>,
  name = 'the callback',
  retract?: (retraction: Retraction) => void | Promise<void>,
): Sink {
  assertArgument(typeof receive === 'function', 'createCallbackSink()', 'receive', 'a function', receive)
  const isFunction = retract === undefined || typeof retract === 'function'
  assertArgument(isFunction, 'createCallbackSink()', 'retract', 'a function', retract)
  /** What was delivered of batches that failed later on. */
  const delivered = new Set<string>()
  async function handOn<Given extends SinkRecord | Retraction>(
    given: Given,
    receive: (given: Given) => void | Promise<void>,
  ): Promise<void> {
    const key = keyOf(given)
    if (delivered.has(key)) return
    try {
      await receive(given)
    } catch (error) {
      throw sinkFailed(name, error)
    }
    delivered.add(key)
  }

  return {
    name,
    ...(retract && { takesBack: 'at-once' as const }),
    async open() {},
    async write(batch, takenBack = []) {
      for (const retraction of takenBack) if (retract) await handOn(retraction, retract)
      for (const record of batch) await handOn(record, receive)
      for (const given of [...takenBack, ...batch]) delivered.delete(keyOf(given))
    },
    async close() {},
  }
}

function keyOf({ kind, request, index }: SinkRecord | Retraction): string {
  return `${kind === 'retraction' ? kind : ''} ${request} ${index}`
}
