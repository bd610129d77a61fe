import { type Hub, openHub } from '../actors/adopt.ts'
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { Wheel } from '../base/wheel.ts'
import type { ProxyEndpoint } from '../contracts/endpoint.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { ParkReason } from '../contracts/events.ts'
import type { TaskJob, TaskResult } from '../contracts/job.ts'
import type { Exchange, HttpResponse, Outcome, Verdict } from '../contracts/outcome.ts'
import type { Transport } from '../contracts/transport.ts'
import type { Options } from '../options/options.ts'
import type { Blame } from '../reputation/blame.ts'
import type { FeedbackWorld } from '../reputation/feedback.ts'
import type { Pool } from '../router/pool.ts'
import type { Router } from '../router/router.ts'
import type { Sessions } from '../router/sessions.ts'
import type { Attempt } from './attempt.ts'
import { Race } from './race.ts'

/**
 * The tasks: at most `capacity` accepted and not yet answered, of which at most `concurrency` race at a time. Tasks that
 * wait hold no place among those that race, so a slow host never takes the room of the others.
 */
export interface CrewParts {
  readonly options: Options
  readonly clock: Clock
  readonly wheel: Wheel
  readonly random: Random
  readonly router: Router
  readonly sessions: Sessions
  readonly transport: Transport
  readonly feedback: FeedbackWorld
  readonly classifier: {
    classify(exchange: Exchange, pool: Pool, job: TaskJob, proxy: ProxyEndpoint): Verdict
  }
  readonly resolveChallenge: Options['resolveChallenge']
  observeNorm(pool: Pool, response: HttpResponse): void
  parked(task: string, host: string, reason: ParkReason, until: number | undefined): void
  attemptStarted(job: TaskJob, attempt: Attempt): void
  finished(job: TaskJob, attempt: Attempt, outcome: Outcome, blame: Blame, won: boolean): void
  accepted(job: TaskJob): void
  ended(job: TaskJob, result: TaskResult): void
}

/** What a race sees of its crew. */
export interface CrewWorld extends CrewParts {
  hasRoom(): boolean
  racing(change: number): void
  extraAttempts(change: number): void
  /** Whether one more attempt keeps extra attempts within `share` of all attempts in flight. */
  mayAddAttempt(share: number): boolean
  settled(job: TaskJob, result: TaskResult): Promise<void> | undefined
  recycle(race: Race): void
  arrived(attempt: Attempt): void
}

export class Crew {
  /** Accepted and not yet answered. */
  underWay = 0
  racing = 0
  readonly counts = { accepted: 0, succeeded: 0, failed: 0, attempts: 0, hedges: 0, bytes: 0 }
  readonly #parts: CrewParts
  readonly #world: CrewWorld
  readonly #hub: Hub
  readonly #idle: Race[] = []
  readonly #busy = new Map<string, Race>()
  #waiters: (() => void)[] = []
  #quiet: (() => void)[] = []
  #slots = 0
  #extraAttempts = 0
  /** Concurrency that this machine's sockets bear; recovers slowly after a shrink. */
  #ceiling: number
  #isClosed = false
  #arrivals: Attempt[] = []

  constructor(parts: CrewParts, root: Hub) {
    this.#parts = parts
    this.#ceiling = parts.options.concurrency
    this.#hub = openHub('tasks', root)
    const crew = this
    this.#world = {
      ...parts,
      hasRoom: () => crew.hasRoom(),
      racing(change) {
        crew.racing += change
      },
      extraAttempts(change) {
        crew.#extraAttempts += change
      },
      mayAddAttempt: (share) =>
        crew.#extraAttempts < Math.max(1, (crew.racing + crew.#extraAttempts) * share),
      settled: (job, result) => crew.#settle(job, result),
      recycle: (race) => crew.#recycle(race),
      arrived: (attempt) => crew.#arrived(attempt),
    }
  }

  hasRoom(): boolean {
    return this.racing < this.#ceiling
  }

  get isFull(): boolean {
    return this.underWay >= this.#parts.options.capacity
  }

  /** Starts a task now. Throws POOL_FULL at capacity and STOPPED after `close`. */
  accept(job: TaskJob): Race {
    if (this.#isClosed)
      throw new RegattaError('STOPPED', 'The crawler has stopped and takes no more requests.')
    if (this.isFull) {
      const { capacity } = this.#parts.options
      const advice = 'wait for some to end, use submit() instead of trySubmit(), or raise "capacity"'
      throw new RegattaError(
        'POOL_FULL',
        `${capacity} tasks are under way, which is the capacity; ${advice}.`,
      )
    }
    this.underWay++
    this.counts.accepted++
    const race = this.#idle.pop() ?? new Race(this.#world, this.#hub, this.#slots++)
    this.#busy.set(job.id, race)
    this.#parts.accepted(job)
    race.assign(job)
    return race
  }

  /** Resolves when there is room for one more. */
  async untilRoom(): Promise<void> {
    while (this.isFull && !this.#isClosed) await new Promise<void>((resolve) => this.#waiters.push(resolve))
  }

  /** Whoever waited for room and has no use for it any more leaves it to the next. */
  offerRoom(): void {
    if (!this.isFull) this.#waiters.shift()?.()
  }

  /** Resolves when nothing is under way. */
  untilQuiet(): Promise<void> {
    if (this.underWay === 0) return Promise.resolve()
    return new Promise((resolve) => this.#quiet.push(resolve))
  }

  /** It starts nothing more: what is in flight is finished and counts; what then, or now, only waits is `yielded`. */
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

  close(): void {
    this.#isClosed = true
    for (const race of [...this.#busy.values()]) race.abandonFor('stopped')
    for (const resolve of this.#waiters.splice(0)) resolve()
  }

  /** Judges what has arrived. */
  judgeArrivals(): void {
    const attempts = this.#arrivals
    this.#arrivals = []
    for (const attempt of attempts) attempt.finish()
  }

  /**
   * Answers are judged together, when all sockets that are ready have been read. One by one between two system calls the
   * same code was measured 1.4 times as slow: the caches are cold each time.
   */
  #arrived(attempt: Attempt): void {
    if (this.#arrivals.push(attempt) === 1) this.#parts.clock.soon(() => this.judgeArrivals())
  }

  #settle(job: TaskJob, result: TaskResult): Promise<void> | undefined {
    this.underWay--
    this.#busy.delete(job.id)
    if (result.ok) this.counts.succeeded++
    else this.counts.failed++
    const { concurrency } = this.#parts.options
    if (result.ok && this.#ceiling < concurrency) this.#ceiling = Math.min(concurrency, this.#ceiling + 0.1)
    this.#parts.ended(job, result)
    const settled = job.settle(result)
    this.#waiters.shift()?.()
    if (this.underWay === 0) for (const resolve of this.#quiet.splice(0)) resolve()
    return settled ?? undefined
  }

  #recycle(race: Race): void {
    this.#idle.push(race)
  }
}
