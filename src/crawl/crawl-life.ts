import { type CrawlEvent, type CrawlWork, crawlMachine } from '../../machines/crawl.ts'
import { type Adopted, adopt, tell, watchable } from '../actors/adopt.ts'
import type { CrawlStage } from '../contracts/crawl.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { CrawlWorld } from './crawl-world.ts'

/**
 * The chart of one crawl at work (machines/crawl.ts), and the questions that all parts of the crawl ask of it. What made
 * the crawl fail is kept here too: the first failure is the one that is told.
 */
const crawlLogic = watchable(crawlMachine)

/** What its user asks for; the rest it tells itself. */
const asked: ReadonlySet<CrawlEvent['type']> = new Set(['start', 'pause', 'resume', 'drain', 'stop'])

/** What is under way at a stop has so long to end, ms, and so has each step of the closing. */
export const stopPatience = 3_000

export class CrawlLife {
  readonly #crawl: string
  readonly #world: CrawlWorld
  #actor: Adopted<typeof crawlMachine> | undefined
  readonly #stopping = new AbortController()
  #failure: unknown

  constructor(world: CrawlWorld, crawl: string) {
    this.#crawl = crawl
    this.#world = world
  }

  /** From here on inspectors see the crawl, so all of it that they may look at must be there. */
  publish(work: CrawlWork): void {
    const [world, crawl] = [this.#world, this.#crawl]
    this.#actor = adopt(world.engine.root, crawlLogic, `crawl ${crawl}`, { work })
    let from = this.state
    this.#actor.subscribe(({ value: to }) => {
      if (to === from) return
      const event = { crawl, from, to }
      from = to
      world.emit('crawl.state', event)
    })
  }

  /** What asks for its requests. */
  get actor(): object | undefined {
    return this.#actor
  }

  get state(): CrawlStage {
    return this.#actor?.getSnapshot().value ?? 'idle'
  }

  /** Requests may be begun. */
  get isRunning(): boolean {
    return this.state === 'running'
  }

  /** No attempt may be begun any more, now or later. */
  get isEnding(): boolean {
    const { state } = this
    return state === 'draining' || state === 'stopping' || state === 'closing' || state === 'stopped'
  }

  /** What is under way is not wanted any more. */
  get isAborted(): boolean {
    return this.#stopping.signal.aborted
  }

  /** Aborts when the crawl does. */
  get signal(): AbortSignal {
    return this.#stopping.signal
  }

  /** What made it fail; undefined as long as nothing did. */
  get failure(): unknown {
    return this.#failure
  }

  /** A crawl that has ended hears nothing any more. */
  send(type: CrawlEvent['type']): void {
    if (this.#actor?.getSnapshot().status !== 'active') return
    tell(asked.has(type) ? this.#world.engine.root : this.#actor, this.#actor, { type })
  }

  /** The crawl cannot go on: what is under way goes back to the frontier, and `done` rejects with the first such error. */
  fail(error: unknown): void {
    if (this.remember(error)) this.send('failed')
  }

  /** Keeps the first failure. False for a later one, and for what is only the consequence of an abort. */
  remember(error: unknown): boolean {
    if (this.#failure !== undefined || this.#isOwnDoing(error)) return false
    this.#failure = error
    return true
  }

  /**
   * The promise's value; undefined when the crawl was aborted and `stopPatience` has passed since then, or since the call. So
   * a stop ends, whatever hangs.
   */
  bounded<T>(promise: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      let cancel: (() => void) | undefined
      const begin = () => {
        cancel = this.#world.clock.after(stopPatience, () => resolve(undefined))
      }
      const { signal } = this
      if (signal.aborted) begin()
      else signal.addEventListener('abort', begin, { once: true })
      const over = () => {
        cancel?.()
        signal.removeEventListener('abort', begin)
      }
      promise.then(resolve, reject).finally(over)
    })
  }

  /** Called by the chart's action. */
  abort(): void {
    this.#stopping.abort(new RegattaError('STOPPED', `Crawl ${this.#crawl} was stopped.`))
  }

  /** What was closed or left because the crawl was stopped says so; that is no failure. */
  #isOwnDoing(error: unknown): boolean {
    if (!this.isAborted || !(error instanceof RegattaError)) return false
    return error.code === 'ABORTED' || error.code === 'STOPPED'
  }
}
