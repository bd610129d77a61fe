import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../../base/clock.ts'
import type { Message } from './calls.ts'
import { checkpointEvery } from './channel.ts'
import { failureOf } from './state-failure.ts'
import { openStore, type Store, type StoreOptions } from './store.ts'
import type { CheckpointMode, CheckpointState, FromWorker, ToWorker } from './worker-messages.ts'

/**
 * The thread that owns the file. What only reads is served between the steps of what writes. Pages leave
 * the log on a second thread while this one goes on; only when the log has grown long do writes hold still, so that it
 * can begin again, and takes are served meanwhile.
 */
const longLog = 32_768
/** Rows whose pages can be moved while writes hold still: some 50 ms. */
const littleLeft = 4_000
const port = parentPort!
const say = (message: FromWorker) => port.postMessage(message)

function serve(store: Store): void {
  const writes: Message[] = []
  let isWriting = false
  let isHeld = false
  let isCheckpointing = false
  let checkpointed = 0

  async function write(): Promise<void> {
    if (isWriting) return
    isWriting = true
    for (let message = next(); message; message = next()) {
      const work = store.write(message)
      for (let step = work.next(); ; step = work.next()) {
        if (step.done) {
          say({ say: 'answer', answer: step.value })
          break
        }
        await new Promise<void>((resolve) => systemClock.soon(resolve))
      }
      checkpointInTime()
    }
    isWriting = false
  }

  function next(): Message | undefined {
    return isHeld ? undefined : writes.shift()
  }

  function checkpointInTime(): void {
    if (!isCheckpointing && store.written - checkpointed >= checkpointEvery) checkpoint('PASSIVE')
  }

  function checkpoint(mode: CheckpointMode): void {
    isCheckpointing = true
    isHeld = mode === 'RESTART'
    checkpointed = store.written
    say({ say: 'checkpoint', mode })
  }

  function checkpointEnded({ log, done }: CheckpointState): void {
    const isLong = !isHeld && done > 0 && log >= longLog
    isCheckpointing = false
    isHeld = false
    // What was written meanwhile is less each time, as moving pages is faster than making them; mostly.
    const mayWait = store.written - checkpointed > littleLeft && log < 2 * longLog
    if (isLong) checkpoint(mayWait ? 'PASSIVE' : 'RESTART')
    void write()
  }

  port.on('message', (message: ToWorker) => {
    switch (message.say) {
      case 'perform':
        if (message.message.isRead) say({ say: 'answer', answer: store.read(message.message) })
        else {
          writes.push(message.message)
          void write()
        }
        return
      case 'checkpointed':
        checkpointEnded(message.state)
        return
      case 'close':
        store.close()
        say({ say: 'closed' })
    }
  })
}

const options = workerData as StoreOptions
try {
  serve(openStore(options))
  say({ say: 'opened' })
} catch (error) {
  say({ say: 'failed', failure: failureOf(error, options.path) })
}
