import { type Hub, openHub } from '../actors/adopt.ts'
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { Wheel } from '../base/wheel.ts'
import type { Jury } from '../classify/chain.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { TaskJob, TaskResult } from '../contracts/job.ts'
import type { Transport } from '../contracts/transport.ts'
import type { Options } from '../options/options.ts'
import type { Feedback } from '../reputation/feedback.ts'
import type { Router } from '../router/router.ts'
import type { Sessions } from '../router/sessions.ts'
import { StickyExits } from '../router/sticky-exits.ts'
import type { Spending } from '../spending/spending.ts'
import type { Trust } from '../trust/trust.ts'
import type { Attempt } from './attempt.ts'
import type { RaceListener } from './listener.ts'
import { Race } from './race.ts'
import { Solutions } from './solutions.ts'

/** What the tasks work with. */
export interface CrewParts {
  readonly options: Options
  readonly clock: Clock
  readonly wheel: Wheel
  readonly random: Random
  readonly router: Router
  readonly sessions: Sessions
  readonly transport: Transport
  readonly feedback: Feedback
  readonly jury: Jury
  readonly trust: Trust
  readonly spending: Spending
  readonly listener: RaceListener
}

/**
 * The tasks: at most `capacity` accepted and not yet answered, of which at most `concurrency` race at a time. Tasks that
 * wait hold no place among those that race, so a slow host never takes the room of the others.
 */
export class Crew implements CrewParts {
  readonly #options: Options
  readonly clock: Clock
  readonly wheel: Wheel
  readonly random: Random
  readonly router: Router
  readonly sessions: Sessions
  readonly transport: Transport
  readonly feedback: Feedback
  readonly jury: Jury
  readonly trust: Trust
  readonly spending: Spending
  readonly listener: RaceListener
  readonly solutions: Solutions
  readonly stickyExits: StickyExits
  /** The crawler's own actor: callers who have none speak through it. */
  readonly root: Hub
  /** The actor that the tasks hang under. */
  readonly hub: Hub
  /** Accepted and not yet answered. */
  underWay = 0
  /** Tasks that hold a place among those that race. */
  racing = 0
  /** Attempts in flight that were started beside another one of their task. */
  extraAttempts = 0
  readonly counts = { accepted: 0, succeeded: 0, failed: 0 }
  readonly #idle: Race[] = []
  readonly #busy = new Map<string, Race>()
  /** Those that wait for room, the first one first. */
  readonly #waiters = new Set<() => void>()
  #quiet: (() => void)[] = []
  #slots = 0
  /** Concurrency that this machine's sockets bear; recovers slowly after a shrink. */
  #ceiling: number
  #isClosed = false
  #arrivals: Attempt[] = []

  constructor(parts: CrewParts, root: Hub) {
    this.#options = parts.options
    this.clock = parts.clock
    this.wheel = parts.wheel
    this.random = parts.random
    this.router = parts.router
    this.sessions = parts.sessions
    this.transport = parts.transport
    this.feedback = parts.feedback
    this.jury = parts.jury
    this.trust = parts.trust
    this.spending = parts.spending
    this.listener = parts.listener
    this.stickyExits = new StickyExits(parts.clock)
    this.solutions = new Solutions(parts.options.resolveChallenge, parts.clock)
    this.#ceiling = parts.options.concurrency
    this.root = root
    this.hub = openHub('tasks', root)
  }

  /** No field, because headers stand in it: who prints this prints its fields. */
  get options(): Options {
    return this.#options
  }

  /** Whether one more task may race. */
  hasRoom(): boolean {
    return this.racing < this.#ceiling && this.spending.caps.hasRoom()
  }

  /** Tasks that may race at once: `concurrency`, or less while this machine runs out of sockets. */
  get ceiling(): number {
    return this.#ceiling
  }

  get isFull(): boolean {
    return !this.#isClosed && this.underWay >= this.#options.capacity
  }

  /** Whether one more attempt keeps extra attempts within `share` of all attempts in flight. */
  mayAddAttempt(share: number): boolean {
    return this.extraAttempts < Math.max(1, (this.racing + this.extraAttempts) * share)
  }

  /** Starts a task now. Throws POOL_FULL at capacity and STOPPED after `close`. */
  accept(job: TaskJob): Race {
    if (this.#isClosed)
      throw new RegattaError('STOPPED', 'The crawler has stopped and takes no more requests.')
    if (this.isFull) {
      const { capacity } = this.#options
      const advice = 'wait for some to end, use submit() instead of trySubmit(), or raise "capacity"'
      throw new RegattaError(
        'POOL_FULL',
        `${capacity} tasks are under way, which is the capacity; ${advice}.`,
        { value: { capacity } },
      )
    }
    if (this.router.fleet.size === 0) this.feedback.nobodyToAsk()
    this.underWay++
    // What audits ask was asked before, and nobody waits for it.
    if (!job.audit) this.counts.accepted++
    const race = this.#idle.pop() ?? new Race(this, this.#slots++)
    this.#busy.set(job.id, race)
    this.listener.accepted(job)
    race.assign(job)
    return race
  }

  /**
   * Waits for room. The trap: when `room` has resolved, others may have taken it again, so look at `isFull` before
   * `accept`, and wait anew. `leave` ends the wait, and leaves the room to the next.
   */
  awaitRoom(): { readonly room: Promise<void>; leave(): void } {
    if (!this.isFull) return { room: Promise.resolve(), leave: () => {} }
    const { promise: room, resolve } = Promise.withResolvers<void>()
    this.#waiters.add(resolve)
    const leave = () => {
      if (!this.#waiters.delete(resolve)) this.#offerRoom()
      resolve()
    }
    return { room, leave }
  }

  #offerRoom(): void {
    if (this.isFull) return
    for (const wake of this.#waiters) {
      this.#waiters.delete(wake)
      wake()
      return
    }
  }

  /** Resolves when nothing is under way. */
  untilQuiet(): Promise<void> {
    if (this.underWay === 0) return Promise.resolve()
    return new Promise((resolve) => this.#quiet.push(resolve))
  }

  /** The task starts nothing more. What is in flight is finished and counts; as soon as it only waits, it is `yielded`. */
  drain(task: string): void {
    this.#busy.get(task)?.drain()
  }

  abandon(task: string, reason: 'aborted' | 'stopped' | 'yielded'): void {
    this.#busy.get(task)?.abandonFor(reason)
  }

  /** Fewer at a time: this machine is short of sockets. */
  shrink(): void {
    this.#ceiling = Math.max(1, Math.min(this.#ceiling, this.racing) * 0.8)
  }

  abandonAll(reason: 'stopped' | 'spent'): void {
    for (const race of [...this.#busy.values()]) race.abandonFor(reason)
  }

  close(): void {
    this.#isClosed = true
    this.abandonAll('stopped')
    for (const wake of this.#waiters) wake()
    this.#waiters.clear()
  }

  /**
   * An attempt has its exchange. Answers are judged together, when all sockets that are ready have been read. One by one
   * between two system calls the same code was measured 1.4 times as slow: the caches are cold each time.
   */
  arrived(attempt: Attempt): void {
    if (this.#arrivals.push(attempt) === 1) this.clock.soon(() => this.judgeArrivals())
  }

  /** Judges what has arrived. */
  judgeArrivals(): void {
    const attempts = this.#arrivals
    this.#arrivals = []
    for (const attempt of attempts) attempt.race.finish(attempt)
  }

  /** Hands a result over; gives a promise where taking it takes time. */
  settle(job: TaskJob, result: TaskResult): Promise<void> | undefined {
    this.underWay--
    this.#busy.delete(job.id)
    if (result.ok && result.verdict.kind === 'success' && !job.audit && !isRobots(job.request.url))
      this.spending.pageCame(result.proxy, job.host)
    if (!job.audit) this.counts[result.ok ? 'succeeded' : 'failed']++
    const { concurrency } = this.#options
    if (result.ok && this.#ceiling < concurrency) this.#ceiling = Math.min(concurrency, this.#ceiling + 0.1)
    this.listener.ended(job, result)
    const settled = job.settle(result)
    this.#offerRoom()
    if (this.underWay === 0) for (const resolve of this.#quiet.splice(0)) resolve()
    return settled ?? undefined
  }

  /** A slot that carries nothing any more. */
  recycle(race: Race): void {
    this.#idle.push(race)
  }
}

/** What crawls ask before they ask for pages. */
function isRobots(url: string): boolean {
  return url.endsWith('/robots.txt')
}
