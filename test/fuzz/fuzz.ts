import { Buffer } from 'node:buffer'
import { Worker } from 'node:worker_threads'

/**
 * Everything that reads what strangers write (parsers.ts) is given broken specimens of it (mutate.ts), with a stopwatch, in a
 * thread of bounded memory (worker.ts). The same seed gives the same texts.
 */
export interface FuzzJob {
  readonly parser: string
  readonly runs: number
  readonly seed: number
}

export interface FuzzResult extends FuzzJob {
  /** Milliseconds of the slowest text. */
  readonly slowest: number
  readonly seconds: number
  /** What went wrong, and the smallest text that makes it go wrong. */
  readonly fault?: string
  readonly text?: string
}

export interface FuzzOptions {
  /** Characters of a text at most. Default 16,384. */
  readonly longest?: number
  /** Milliseconds that one text may take. Default 50. */
  readonly most?: number
  /** Megabytes that the parsers may have. Default 256. */
  readonly memory?: number
}

/** ms after which one text counts as one that never ends. */
const patience = 20_000

/** Takes one job after the other. */
export class Fuzzer {
  readonly #shared: SharedArrayBuffer
  /** Bytes of the text that is being read, and how many were read. */
  readonly #state: Int32Array
  readonly #options: Required<FuzzOptions>
  #worker: Worker | undefined

  constructor({ longest = 16_384, most = 50, memory = 256 }: FuzzOptions = {}) {
    this.#options = { longest, most, memory }
    this.#shared = new SharedArrayBuffer(8 + longest * 4)
    this.#state = new Int32Array(this.#shared, 0, 2)
  }

  /** What came of it; a text that hangs or takes all memory is a fault as others are. */
  async run(job: FuzzJob): Promise<FuzzResult> {
    this.#worker ??= this.#start()
    const worker = this.#worker
    const ended = Promise.withResolvers<FuzzResult>()
    const lost = (fault: string) => {
      this.#worker = undefined
      void worker.terminate()
      ended.resolve({ ...job, slowest: patience, seconds: 0, fault, text: this.#lastText() })
    }
    const fail = (error: unknown) => lost(String(error))
    let last: number | undefined
    const watch = setInterval(() => {
      const now = this.#state[1]!
      if (now === last) lost(`did not end within ${patience / 1_000} s`)
      last = now
    }, patience)
    worker.once('message', ended.resolve)
    worker.once('error', fail)
    worker.postMessage(job)
    try {
      return await ended.promise
    } finally {
      clearInterval(watch)
      worker.off('message', ended.resolve)
      worker.off('error', fail)
    }
  }

  async close(): Promise<void> {
    await this.#worker?.terminate()
  }

  #start(): Worker {
    const { longest, most, memory } = this.#options
    return new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: { shared: this.#shared, longest, most },
      resourceLimits: { maxOldGenerationSizeMb: memory },
    })
  }

  #lastText(): string {
    const length = this.#state[0]!
    return Buffer.from(this.#shared, 8, length).toString()
  }
}
