import { type ChildProcess, fork } from 'node:child_process'
import { fileBeside } from '../base/own-files.ts'
import type { RegattaErrorCode } from '../contracts/error-values.ts'
import { RegattaError, revive } from '../contracts/errors.ts'
import type { Books } from './books.ts'
import type { Lab, LabControl, LabOrigin, LabProxyAddress } from './contract.ts'
import { parseScenario, type Scenario } from './scenario.ts'

/**
 * The same lab in a process of its own, so that a benchmark measures its client and nothing else. Asked over the IPC
 * channel; if either side ends, so does the other.
 */
export type Question = {
  readonly id: number
  readonly method: string
  readonly arguments: readonly unknown[]
}

export type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: { readonly code: string; readonly message: string } }

/** What of a lab is plain data. */
export interface LabFacts {
  readonly name: string
  readonly seed: number
  readonly origins: { readonly [name: string]: LabOrigin }
  readonly proxies: readonly LabProxyAddress[]
  readonly ca: string
}

/** Like startLab. Node only; resolves when every port is open. */
export async function startLabProcess(
  scenario: Scenario,
  options: { readonly seed?: number } = {},
): Promise<Lab> {
  parseScenario(scenario)
  const entry = fileBeside(import.meta.url, 'process')
  const child = fork(entry, { serialization: 'advanced', execArgv: [] })
  const line = new Line(child)
  const facts = (await line.ask('start', scenario, options)) as LabFacts
  const names = new Map(facts.proxies.map((proxy) => [proxy.name, proxy]))
  const ask = async (method: keyof LabControl, ...values: unknown[]) =>
    void (await line.ask(method, ...values))
  const close = () => line.close()
  return {
    name: facts.name,
    seed: facts.seed,
    origins: facts.origins,
    proxies: facts.proxies.map((proxy) => proxy.url),
    ca: facts.ca,
    control: {
      kill: (name) => ask('kill', name),
      revive: (name) => ask('revive', name),
      set: (name, patch) => ask('set', name, patch),
      takeDown: (name, how) => ask('takeDown', name, how),
      bringUp: (name) => ask('bringUp', name),
      clearBooks: () => ask('clearBooks'),
    },
    proxy(name) {
      const proxy = names.get(name)
      if (!proxy) throw new RegattaError('SCENARIO_INVALID', `The lab has no proxy "${name}".`)
      return proxy
    },
    proxyNames: () => [...names.keys()],
    books: async () => (await line.ask('books')) as Books,
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Questions and answers over one channel. */
class Line {
  #child: ChildProcess
  #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>()
  #next = 1
  #ended: Promise<void>
  #hasEnded = false

  constructor(child: ChildProcess) {
    this.#child = child
    child.on('message', (answer: Answer) => {
      const waiting = this.#waiting.get(answer.id)
      this.#waiting.delete(answer.id)
      if ('value' in answer) waiting?.resolve(answer.value)
      else waiting?.reject(revive({ ...answer.error, code: answer.error.code as RegattaErrorCode }))
    })
    this.#ended = new Promise((resolve) => {
      const end = () => {
        this.#hasEnded = true
        const stopped = new RegattaError('STOPPED', 'The process of the lab has ended.')
        for (const { reject } of this.#waiting.values()) reject(stopped)
        this.#waiting.clear()
        resolve()
      }
      child.once('exit', end)
      child.once('error', end)
    })
  }

  ask(method: string, ...values: unknown[]): Promise<unknown> {
    if (this.#hasEnded)
      return Promise.reject(new RegattaError('STOPPED', 'The process of the lab has ended.'))
    const id = this.#next++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#child.send({ id, method, arguments: values } satisfies Question)
    })
  }

  /** The child closes its lab when the channel does. */
  close(): Promise<void> {
    if (!this.#hasEnded && this.#child.connected) this.#child.disconnect()
    return this.#ended
  }
}
