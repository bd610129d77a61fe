import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Job, Result } from './host.ts'

/** A warm vitest in a process group of its own: whatever hangs, however hard, ends when its time is up. */
export class Runner {
  #host: ChildProcess | undefined
  readonly #startMs: number

  /** `startMs`: what a test file may take until its first test runs, on a machine that has other things to do. */
  constructor(startMs = 15_000) {
    this.#startMs = startMs
  }

  /** Undefined when the job took longer than `patience` ms; the next one gets a new process. */
  async run(job: Job, patience: number): Promise<Result | undefined> {
    const host = this.#host ?? (await this.#start())
    const ended = new AbortController()
    const timer = setTimeout(() => ended.abort(), this.#startMs + patience)
    try {
      host.send(job)
      const [result] = (await Promise.race([
        once(host, 'message', { signal: ended.signal }),
        once(host, 'exit', { signal: ended.signal }).then(([code]) => {
          throw new Error(`The process that runs the tests ended with ${code}, in ${job.file}.`)
        }),
      ])) as [Result]
      return result
    } catch (error) {
      this.stop()
      if (ended.signal.aborted) return undefined
      throw error
    } finally {
      clearTimeout(timer)
      ended.abort()
    }
  }

  stop(): void {
    const host = this.#host
    this.#host = undefined
    // Its workers, too; they are in its group.
    if (host?.pid && host.exitCode === null) process.kill(-host.pid, 'SIGKILL')
  }

  async #start(): Promise<ChildProcess> {
    const path = fileURLToPath(new URL('host.ts', import.meta.url))
    const host = fork(path, { detached: true, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    await once(host, 'message')
    this.#host = host
    return host
  }
}
