import type { Writable } from 'node:stream'
import { sinkFailed } from './sink-failure.ts'
import type { TextTarget } from './text-target.ts'

/**
 * Writes to a stream somebody else owns, such as stdout: it is never ended. A text is one chunk, and its write resolves
 * when the stream has handed it on, which is also the back-pressure. The trap: a stream that has failed once takes what
 * it is given and never answers, so every failure is final and later texts are refused here.
 */
export function createStreamTarget(stream: Writable, name = 'the output stream'): TextTarget {
  let failure: unknown
  const remember = (error: unknown) => {
    failure ??= error // an error event without a listener would end the process
  }
  return {
    name,
    async open() {
      stream.on('error', remember)
      return ''
    },
    append(text) {
      return new Promise((resolve, reject) => {
        const refuse = (error: unknown) => {
          // The first error says why; those after it only that the stream is gone.
          failure ??= stream.errored ?? error
          reject(sinkFailed(name, failure, { isPermanent: true }))
        }
        if (failure !== undefined || stream.errored) refuse(failure)
        else stream.write(text, (error) => (error ? refuse(error) : resolve()))
      })
    },
    async close() {
      // Writing may still fail a little later, when the peer closes: the listener stays until the stream itself is gone.
      stream.once('close', () => stream.off('error', remember))
    },
  }
}
