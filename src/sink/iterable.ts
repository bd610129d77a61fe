import { RegattaError } from '../contracts/errors.ts'
import type { Sink, SinkRecord } from '../contracts/sink.ts'

/**
 * A sink that is read with `for await`. Nothing is buffered: a write resolves when the consumer has taken its last
 * record, so a slow consumer slows the crawl. There is one iteration; asking again gives the same one. After a crash the
 * records of the last batch come again, because nobody knows what the consumer did with them: at least once.
 */
export interface IterableSink extends Sink, AsyncIterableIterator<SinkRecord, undefined> {
  /** Makes the consumer's loop throw, after what it has taken. */
  fail(error: unknown): void
  return(): Promise<IteratorResult<SinkRecord, undefined>>
  [Symbol.asyncIterator](): IterableSink
}

interface Write {
  readonly batch: readonly SinkRecord[]
  next: number
  resolve(): void
  reject(error: unknown): void
}

interface Reader {
  resolve(result: IteratorResult<SinkRecord, undefined>): void
  reject(error: unknown): void
}

/** `onReturn` is called once when the consumer leaves early; waiting and later writes then reject with ABORTED. */
export function createIterableSink(onReturn?: () => void): IterableSink {
  const writes: Write[] = []
  const readers: Reader[] = []
  let end: 'open' | 'closed' | 'left' = 'open'
  let failure: { readonly error: unknown } | undefined

  function match(): void {
    for (let write = writes[0]; write && readers.length > 0; write = writes[0]) {
      readers.shift()!.resolve({ done: false, value: write.batch[write.next++]! })
      if (write.next === write.batch.length) writes.shift()!.resolve()
    }
    if (end === 'open' || writes.length > 0) return
    for (const reader of readers.splice(0)) {
      if (failure) {
        reader.reject(failure.error)
        failure = undefined
      } else reader.resolve({ done: true, value: undefined })
    }
  }

  function abort(): void {
    for (const write of writes.splice(0)) write.reject(left())
  }

  const sink: IterableSink = {
    name: 'the consumer',
    isOneByOne: true,
    async open() {},
    write(batch) {
      if (end !== 'open') return Promise.reject(left())
      if (batch.length === 0) return Promise.resolve()
      return new Promise((resolve, reject) => {
        writes.push({ batch, next: 0, resolve, reject })
        match()
      })
    },
    async close() {
      if (end === 'open') end = 'closed'
      match()
    },
    fail(error) {
      if (end !== 'open') return
      end = 'closed'
      failure = { error }
      abort()
      match()
    },
    next() {
      return new Promise((resolve, reject) => {
        readers.push({ resolve, reject })
        match()
      })
    },
    async return() {
      const isEarly = end === 'open' || writes.length > 0
      end = 'left'
      failure = undefined
      abort()
      match()
      if (isEarly) onReturn?.()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]: () => sink,
  }
  return sink
}

function left(): RegattaError {
  return new RegattaError('ABORTED', 'The consumer of the results has stopped reading, so the crawl ends.')
}
