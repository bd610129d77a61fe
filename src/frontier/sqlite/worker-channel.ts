import { Worker } from 'node:worker_threads'
import { fileBeside } from '../../base/own-files.ts'
import { messageOf, RegattaError } from '../../contracts/errors.ts'
import type { Answer, Message } from './calls.ts'
import type { Channel } from './channel.ts'
import { errorOf, type Failure, failureOf } from './state-failure.ts'
import type { StoreOptions } from './store.ts'
import type {
  CheckpointMode,
  FromCheckpoints,
  FromWorker,
  ToCheckpoints,
  ToWorker,
} from './worker-messages.ts'

/** In a worker, with another one for checkpoints as soon as the first is due. They keep the process alive only at work. */
export async function openInWorker(options: StoreOptions): Promise<Channel> {
  const worker = start('worker', options)
  const waiting = new Map<number, (answer: Answer) => void>()
  let checkpoints: Worker | undefined
  let lost: Failure | undefined
  const closed = Promise.withResolvers<void>()
  let checkpointsClosed = Promise.withResolvers<void>()
  const say = (message: ToWorker) => worker.postMessage(message)

  function checkpoint(mode: CheckpointMode): void {
    checkpoints ??= startCheckpoints()
    checkpoints.postMessage(mode satisfies ToCheckpoints)
  }

  function startCheckpoints(): Worker {
    const thread = start('checkpoint-worker', { path: options.path })
    checkpointsClosed = Promise.withResolvers()
    thread.on('message', (message: FromCheckpoints) => {
      if (message === 'closed') checkpointsClosed.resolve()
      else say({ say: 'checkpointed', state: message })
    })
    thread.on('error', () => {
      checkpoints = undefined // the next request starts another one
      checkpointsClosed.resolve()
      say({ say: 'checkpointed', state: { log: 0, done: 0 } })
    })
    thread.unref()
    return thread
  }

  /** The thread ended: nobody waits for it any more. */
  function lose(why: string): void {
    lost ??= {
      code: 'STATE_FAILED',
      message: `The thread that keeps the state ${options.path} ended: ${why}. Resume to go on.`,
      value: { path: options.path, errno: undefined },
      mayPass: false,
    }
    for (const [id, resolve] of waiting) resolve({ id, results: [], failure: lost })
    waiting.clear()
    closed.resolve()
  }

  const channel: Channel = {
    async send(message: Message) {
      if (lost) return { id: message.id, results: [], failure: lost }
      say({ say: 'perform', message }) // throws for what cannot be cloned
      if (waiting.size === 0) worker.ref()
      return new Promise((resolve) => waiting.set(message.id, resolve))
    },
    async close() {
      worker.ref()
      if (checkpoints) {
        checkpoints.ref()
        checkpoints.postMessage('close' satisfies ToCheckpoints)
        await checkpointsClosed.promise
      }
      if (!lost) say({ say: 'close' })
      await closed.promise
      await worker.terminate()
      await checkpoints?.terminate()
    },
  }

  const opened = Promise.withResolvers<Channel>()
  worker.on('message', (message: FromWorker) => {
    switch (message.say) {
      case 'opened':
        worker.unref()
        opened.resolve(channel)
        return
      case 'failed':
        opened.reject(errorOf(message.failure))
        void worker.terminate()
        return
      case 'answer': {
        const { answer } = message
        waiting.get(answer.id)?.(answer)
        waiting.delete(answer.id)
        if (waiting.size === 0) worker.unref()
        return
      }
      case 'checkpoint':
        checkpoint(message.mode)
        return
      case 'closed':
        closed.resolve()
    }
  })
  worker.on('error', (error) => {
    lose(messageOf(error))
    opened.reject(errorOf(failureOf(error, options.path)))
  })
  worker.on('exit', () => lose('it was stopped'))
  return opened.promise
}

function start(name: string, options: Pick<StoreOptions, 'path'>): Worker {
  const url = urlOf(name, options.path)
  // Node 22 warns that SQLite is new there; Deno knows no such flag.
  const execArgv = 'Deno' in globalThis ? [] : ['--disable-warning=ExperimentalWarning']
  return new Worker(url, {
    workerData: options,
    execArgv,
    resourceLimits: { maxYoungGenerationSizeMb: 12, maxOldGenerationSizeMb: 1_500 },
  })
}

function urlOf(name: string, path: string): URL {
  try {
    return fileBeside(import.meta.url, name)
  } catch (error) {
    throw new RegattaError('STATE_FAILED', messageOf(error), {
      value: { path, errno: undefined },
      cause: error,
    })
  }
}
