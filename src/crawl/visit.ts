import type { Lease, Settlement } from '../contracts/frontier.ts'
import type { TaskResult } from '../contracts/job.ts'
import { headersFor } from '../options/host-settings.ts'
import type { OpenCrawl } from './open-crawl.ts'
import { type Answer, read } from './read.ts'
import { conditionsOf } from './revisit.ts'
import { dead, missed, released, settle } from './settle.ts'

/** A task that must wait longer goes back to the frontier, with its host, and leaves its place to another. */
const longestPark = 5_000
/** How often a session may lose its proxy before its request is given up: a whole list may be dead. */
const mostSessionsLost = 20
const sessionPause = 250

/**
 * One request of a crawl, from its lease to its settlement. It is admitted (gate.ts), raced (one task of the engine),
 * read (read.ts) and settled (settle.ts). Each step gives what the next one needs, or how the request ends.
 *
 * It may be ended from outside in two ways. An abort ends it where it is. A drain lets attempts in flight finish, because
 * somebody has been asked and the answer counts; what only waits (for a permit, a proxy, robots.txt, the end of a
 * backoff) goes back at once, or one page that fails could hold a drain up for all its retries.
 */
export class Visit {
  readonly lease: Lease
  /** It is on the network, or its answer is being taken in; otherwise it waits for something. */
  isActive = false
  readonly #crawl: OpenCrawl
  /** The engine's name for it while it races. */
  #task: string | undefined
  #giveUpWaiting: (() => void) | undefined
  #carried: Promise<void> = Promise.resolve()

  constructor(crawl: OpenCrawl, lease: Lease) {
    this.#crawl = crawl
    this.lease = lease
  }

  /** Resolves when the request is settled, or has been given back. Never rejects. */
  carry(): Promise<void> {
    this.#carried = this.#carry()
    return this.#carried
  }

  /** Gives it back. */
  abort(): void {
    this.#giveUpWaiting?.()
    if (this.#task !== undefined) this.#crawl.world.engine.crew.abandon(this.#task, 'aborted')
  }

  /** Finishes the attempts in flight, or gives it back when there are none. */
  drain(): void {
    this.#giveUpWaiting?.()
    if (this.#task !== undefined) this.#crawl.world.engine.crew.drain(this.#task)
  }

  /** The promise's value, or undefined as soon as the crawl is drained or aborted. */
  unlessEnding<T>(promise: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      if (this.#crawl.life.isEnding) return resolve(undefined)
      this.#giveUpWaiting = () => resolve(undefined)
      const over = () => {
        this.#giveUpWaiting = undefined
      }
      promise.then(resolve, reject).finally(over)
    })
  }

  async #carry(): Promise<void> {
    const crawl = this.#crawl
    try {
      await settle(crawl, await this.#visit())
    } catch (error) {
      // Not the page's doing: a sink that was given up, a frontier that broke. The request stays. A crawl that was
      // stopped has no use for the outputs anyway.
      await settle(crawl, released(this.lease)).catch(() => {})
      if (!crawl.life.isAborted) crawl.life.fail(error)
    }
  }

  /** How the request ends. */
  async #visit(): Promise<Settlement> {
    const { gate, options } = this.#crawl
    const refused = gate.refuse(this)
    if (refused) return refused
    const kept = await options.cache?.get(this.lease.request)
    if (kept) return this.#read({ response: kept, via: 'cache', attempts: 0, fetchedAt: kept.keptAt })
    const forbidden = await gate.askRobots(this)
    if (forbidden) return forbidden
    const result = await this.#race()
    if (result === undefined) return released(this.lease)
    return result.ok ? this.#take(result) : this.#lose(result)
  }

  /** Undefined when the crawl has ended before it could begin. */
  async #race(): Promise<TaskResult | undefined> {
    const { world, life, source, door, id: crawl } = this.#crawl
    const { crew } = world.engine
    while (crew.isFull && !life.isEnding) {
      // One that has given up waiting by then leaves the room to the next that waits.
      const room = crew.untilRoom().then(() => life.isEnding && crew.offerRoom())
      await this.unlessEnding(room)
    }
    if (life.isEnding) return undefined
    const { request } = this.lease
    const task = `${crawl}-${this.lease.id}`
    // Not the host that it was kept under: the option `hosts` may be another one in this run.
    const host = world.engine.hosts.keyOf(request.url)
    const settings = world.engine.hosts.settingsOf(host)
    const own = { ...conditionsOf(this.lease.memo), ...request.headers }
    const session = request.session === undefined ? {} : { session: `${crawl}/${request.session}` }
    const { promise, resolve } = Promise.withResolvers<TaskResult>()
    this.#task = task
    world.engine.accept({
      id: task,
      crawl,
      request: { ...request, ...headersFor(settings, own), ...session, allowPrivate: door.isReachOpen },
      host,
      priority: request.priority,
      mayHedge: request.idempotent && request.session === undefined,
      ...(settings.deadlineMs !== undefined && { deadlineMs: settings.deadlineMs }),
      ...(source.classifier && { classifier: source.classifier }),
      parked: (until) => this.#yieldPlace(task, until),
      racing: (isRacing) => {
        this.isActive = isRacing
      },
      settle: (result) => {
        this.#task = undefined
        this.isActive = true
        resolve(result)
        // The task stays in `settling` until its outputs are safe.
        return this.#carried
      },
    })
    // A listener that heard of its acceptance may have ended the crawl.
    if (life.isAborted) this.abort()
    else if (life.isEnding) this.drain()
    const result = await promise
    this.#crawl.counting.attempts += result.attempts
    this.#crawl.counting.hedges += result.hedges
    return result
  }

  /** The host will not be asked for a while: its requests wait in the frontier instead of holding places here. */
  #yieldPlace(task: string, until: number | undefined): boolean {
    const { world, frontier, life } = this.#crawl
    if (until === undefined || until - world.clock.now() < longestPark) return false
    const { host } = this.lease.request
    frontier.setHost(host, { blockedUntil: until }).catch((error: unknown) => life.fail(error))
    world.engine.crew.abandon(task, 'yielded')
    return true
  }

  async #take({ response, proxy: via, attempts, verdict, elapsedMs }: Won): Promise<Settlement> {
    const { counting, options, world } = this.#crawl
    counting.latency.record(elapsedMs)
    try {
      await options.cache?.put(this.lease.request, response)
      const { reason } = verdict
      return await this.#read({ response, via, attempts, reason, fetchedAt: world.clock.wall() })
    } finally {
      await response.file?.remove()
    }
  }

  #read(answer: Answer): Promise<Settlement> {
    return read(this.#crawl, this, answer)
  }

  #lose({ reason, detail, heads }: Lost): Settlement {
    const { lease } = this
    const { world, options } = this.#crawl
    const now = world.clock.now()
    if (reason === 'aborted' || reason === 'stopped' || reason === 'yielded') return released(lease)
    // Its proxy is gone: the next try binds the session to another one.
    if (reason === 'session-lost' && lease.attempts < mostSessionsLost) {
      return { lease, kind: 'retry', notBefore: now + sessionPause, targetFault: false }
    }
    if (!options.revisit || lease.memo === undefined) return dead(lease, { code: reason, detail }, { heads })
    this.#crawl.log(`not visited this time ${lease.request.url}: ${detail} (${reason})`)
    return missed(lease, { next: now + options.revisit.after, memo: lease.memo })
  }
}

type Won = Extract<TaskResult, { ok: true }>
type Lost = Extract<TaskResult, { ok: false }>
