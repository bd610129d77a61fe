import type { Database } from '../../sqlite/database.ts'
import type { Answer, Message } from './calls.ts'
import { openStore, type StoreOptions } from './store.ts'

/** The way to the owner of the file: a worker, or this thread. */
export interface Channel {
  send(message: Message): Promise<Answer>
  close(): Promise<void>
}

/** Rows after which the log is moved into the file: some 16,000 pages. */
export const checkpointEvery = 16_000

/** On this thread, for tests and virtual time: it answers with no timer and no thread. `wrap`: see openStore. */
export function openInline(options: StoreOptions, wrap?: (database: Database) => Database): Channel {
  const store = openStore(options, wrap)
  let checkpointed = 0
  return {
    async send(message) {
      if (message.isRead) return store.read(message)
      const work = store.write(message)
      for (;;) {
        const step = work.next()
        if (!step.done) continue
        if (store.written - checkpointed >= checkpointEvery) {
          checkpointed = store.written
          store.checkpoint()
        }
        return step.value
      }
    },
    async close() {
      store.close()
    },
  }
}
