import { fdatasyncSync, openSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { openForCheckpoints } from './connections.ts'
import type { CheckpointState, FromCheckpoints, ToCheckpoints } from './worker-messages.ts'

/**
 * Moves pages from the write-ahead log into the file on a connection of its own: SQLite lets that go on beside a writer,
 * and the flushes to the disk take their time here. What fails, as on a full disk, is tried again with the next request.
 */
const port = parentPort!
const say = (message: FromCheckpoints) => port.postMessage(message)
const { path } = workerData as { readonly path: string }
const database = openForCheckpoints(path)
// SQLite flushes the file only when the whole log is in it, while the writer waits: so most is flushed here, before.
// This descriptor is closed with the thread, when nobody has the file open: closing it would drop this process's locks.
const file = openSync(path, 'r')

port.on('message', (mode: ToCheckpoints) => {
  if (mode === 'close') {
    database.close()
    say('closed')
    return
  }
  let state: CheckpointState = { log: 0, done: 0 }
  try {
    const row = database.prepare(`PRAGMA wal_checkpoint(${mode})`).get() as {
      log: number
      checkpointed: number
    }
    state = { log: row.log, done: row.checkpointed }
    if (mode === 'PASSIVE') fdatasyncSync(file)
  } catch {
    // the log keeps what is in it
  }
  say(state)
})
