import type { Frontier, Lease } from '../contracts/frontier.ts'
import type { TaskResult } from '../contracts/job.ts'
import type { Source } from '../contracts/source.ts'
import { headersFor } from '../options/host-settings.ts'
import { conditionsOf } from './visit.ts'
import type { CrawlWorld } from './world.ts'

/**
 * The requests of a crawl that are with the crew: one task each, from the lease to its result. They end together in two
 * ways. An abort ends them where they are. A drain lets attempts in flight finish, because somebody has been asked and
 * the answer counts; whatever only waits (for a permit, a proxy, robots.txt, the end of a backoff) goes back at once, or
 * one page that fails could hold a drain up for all its retries.
 */
export interface RacingParts {
  readonly world: CrawlWorld
  readonly crawl: string
  readonly source: Source
  readonly frontier: Frontier
  /** Draining or stopped: nothing more may be begun. */
  isEnding(): boolean
  /** The task's result: whatever it is, to be settled. */
  bring(lease: Lease, result: TaskResult): Promise<void>
  /** The request goes back as it came. */
  release(lease: Lease): Promise<void>
  failed(error: unknown): void
}

/** A task that must wait longer goes back to the frontier, with its host, and leaves its place to another. */
const longestPark = 5_000

export class Racing {
  readonly costs = { attempts: 0, hedges: 0 }
  /** Tasks on the network, and answers that are being taken in; the others wait for something. */
  active = 0
  isAborted = false
  readonly #parts: RacingParts
  readonly #tasks = new Set<string>()
  /** Gives up what is waited for. */
  readonly #waits = new Set<() => void>()

  constructor(parts: RacingParts) {
    this.#parts = parts
  }

  /** No attempt may be begun any more. */
  get isEnding(): boolean {
    return this.isAborted || this.#parts.isEnding()
  }

  /** Gives everything back. */
  abort(): void {
    this.isAborted = true
    this.#giveUpWaiting()
    for (const task of [...this.#tasks]) this.#parts.world.engine.crew.abandon(task, 'aborted')
  }

  /** Finishes the attempts in flight, and gives the rest back. */
  drain(): void {
    this.#giveUpWaiting()
    for (const task of [...this.#tasks]) this.#parts.world.engine.crew.drain(task)
  }

  /** Resolves when the request is settled, or has been given back. */
  async race(lease: Lease): Promise<void> {
    const { crew } = this.#parts.world.engine
    while (crew.isFull && !this.isEnding) {
      // Who has gone by then leaves the room to the next who waits.
      const room = crew.untilRoom().then(() => this.isEnding && crew.offerRoom())
      await this.unlessEnding(room)
    }
    if (this.isEnding) await this.#parts.release(lease)
    else await this.#start(lease)
  }

  /** The promise's value, or undefined as soon as the crawl is drained or aborted. */
  unlessEnding<T>(promise: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const give = () => resolve(undefined)
      if (this.isEnding) return give()
      this.#waits.add(give)
      promise.then(resolve, reject).finally(() => this.#waits.delete(give))
    })
  }

  #giveUpWaiting(): void {
    for (const give of this.#waits) give()
  }

  #start(lease: Lease): Promise<void> {
    const { world, crawl, source } = this.#parts
    const { request } = lease
    const task = `${crawl}-${lease.id}`
    // Not the one it was kept under: since then `hosts` may have come to say something else of it.
    const host = world.engine.hosts.keyOf(request.url)
    const settings = world.engine.hosts.settingsOf(host)
    const own = { ...conditionsOf(lease.memo), ...request.headers }
    const session = request.session === undefined ? {} : { session: `${crawl}/${request.session}` }
    return new Promise((resolve, reject) => {
      this.#tasks.add(task)
      world.engine.accept({
        id: task,
        request: { ...request, ...headersFor(settings, own), ...session },
        host,
        priority: request.priority,
        mayHedge: request.idempotent && request.session === undefined,
        ...(settings.deadlineMs !== undefined && { deadlineMs: settings.deadlineMs }),
        ...(source.classifier && { classifier: source.classifier }),
        parked: (until) => this.#yieldPlace(task, request.host, until),
        racing: (isRacing) => {
          this.active += isRacing ? 1 : -1
        },
        settle: (result) => {
          this.#tasks.delete(task)
          const finishing = this.#finish(lease, result)
          finishing.then(resolve, reject)
          // The task stays in `settling` until its outputs are safe; it must not reject.
          return finishing.catch(() => {})
        },
      })
      // Whoever heard that it was accepted may have ended the crawl.
      if (this.isAborted) world.engine.crew.abandon(task, 'aborted')
      else if (this.isEnding) world.engine.crew.drain(task)
    })
  }

  async #finish(lease: Lease, result: TaskResult): Promise<void> {
    this.costs.attempts += result.attempts
    this.costs.hedges += result.hedges
    this.active++
    try {
      await this.#parts.bring(lease, result)
    } finally {
      this.active--
    }
  }

  /** The host will not be asked for a while: its requests wait in the frontier instead of holding places here. */
  #yieldPlace(task: string, host: string, until: number | undefined): boolean {
    const { world, frontier } = this.#parts
    if (until === undefined || until - world.clock.now() < longestPark) return false
    frontier.setHost(host, { blockedUntil: until }).catch((error: unknown) => this.#parts.failed(error))
    world.engine.crew.abandon(task, 'yielded')
    return true
  }
}
