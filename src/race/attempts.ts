import type { AttemptReason } from '../contracts/events.ts'
import type { Eligible, LeaseWish, ProxyLease } from '../contracts/lease.ts'
import type { Phase } from '../contracts/outcome.ts'
import type { Pool } from '../router/pool.ts'
import { Attempt } from './attempt.ts'
import type { Crew } from './crew.ts'
import type { Race } from './race.ts'

/** Proxies that failed a task are avoided, the latest of them: when all proxies of a pool have, it starts over. */
const mostAvoided = 16

const phaseWords: Readonly<Record<Phase, string>> = {
  dial: 'connection',
  handshake: "proxy's handshake",
  tls: 'TLS handshake',
  headers: 'response head',
  body: 'rest of the body',
  decode: 'decoding of the body',
  redirect: 'end of a redirect',
  local: 'disk of this machine',
}

/**
 * The attempts of one race, kept for the next: at most three run at once, and a fourth may be a probe. What they have
 * shown so far is what the race asks its pool for: which proxies are busy for it, and which have failed it.
 */
export class Attempts implements LeaseWish {
  running = 0
  /** Those of a URL that has sent the race on, and that have not come home yet. */
  left = 0
  why: AttemptReason = 'first'
  readonly busy: number[] = []
  readonly failed: number[] = []
  /** Whom a witness is looked for among, first. */
  prefers: ((proxy: number) => boolean) | undefined
  readonly #race: Race
  readonly #crew: Crew
  readonly #attempts: Attempt[] = []

  constructor(race: Race, crew: Crew) {
    this.#race = race
    this.#crew = crew
  }

  /** For the next task of the slot. */
  reset(): void {
    const { life } = this.#race.bound
    this.why = 'first'
    this.busy.length = 0
    this.failed.length = 0
    this.prefers = life && life.proxy === undefined ? this.#crew.sessions.isFree : undefined
    if (life?.avoided !== undefined) this.failed.push(life.avoided)
  }

  /** The proxies that pass what the request asks for; undefined where it asks for nothing. */
  get among(): Eligible | undefined {
    const { use } = this.#race.job.request
    return use === undefined ? undefined : this.#race.pool.among(use)
  }

  /** Whether one that is not shut out is left besides those, for this request. */
  hasOther(isAsked: (proxy: number) => boolean): boolean {
    return this.#race.pool.hasOther(isAsked, this.among)
  }

  /** Only this proxy is asked for. */
  get only(): number | undefined {
    return this.#race.bound.only
  }

  /** One that carries nothing; it runs over this lease from now on. */
  take(lease: ProxyLease): Attempt {
    if (this.running++ === 0) this.#race.record.busy(true)
    this.busy.push(lease.proxy)
    for (const attempt of this.#attempts) if (!attempt.lease) return attempt
    const attempt = new Attempt(this.#race, this.#crew, this.#attempts.length + 1)
    this.#attempts.push(attempt)
    return attempt
  }

  /** What it has to say is known: from now on others are asked. */
  exclude(proxy: number): void {
    this.#race.bound.kept = undefined
    if (!this.busy.includes(proxy)) this.busy.push(proxy)
  }

  /** It may be asked after all. */
  include(proxy: number): void {
    const index = this.busy.indexOf(proxy)
    if (index >= 0) this.busy.splice(index, 1)
  }

  /** It has come home. */
  ended(attempt: Attempt): void {
    attempt.end()
    if (attempt.isLeft) {
      this.left--
      return
    }
    if (--this.running === 0) this.#race.record.busy(false)
    this.include(attempt.lease!.proxy)
  }

  /** The proxy has failed this task: another one first. */
  avoid(proxy: number): void {
    this.failed.push(proxy)
    if (this.failed.length > mostAvoided) this.failed.shift()
  }

  /**
   * Cancels all that run. Without `probesToo` the probe of a half-open proxy may finish, though its task has its answer:
   * otherwise a proxy that is slower than the others would never get out of its probation.
   */
  cancel({ probesToo }: { probesToo: boolean }): void {
    for (const attempt of this.#attempts) {
      if (attempt.isRunning && (probesToo || attempt.lease?.why !== 'probe')) attempt.cancel()
    }
  }

  /** The race goes on to another URL: those that run are cancelled, and come home when they can. */
  leave(): void {
    this.cancel({ probesToo: false })
    for (const attempt of this.#attempts) {
      if (!attempt.isOfNow) continue
      attempt.isLeft = true
      this.left++
    }
    if (this.running > 0) this.#race.record.busy(false)
    this.running = 0
    this.busy.length = 0
    this.#race.bound.askAgain = undefined
    this.prefers = undefined
    this.why = 'first'
  }

  /** When the oldest that runs was started, clock ms. */
  oldestStart(): number {
    let oldest = Number.POSITIVE_INFINITY
    for (const attempt of this.#attempts) if (attempt.isOfNow) oldest = Math.min(oldest, attempt.startedAt)
    return oldest
  }

  /** What the oldest that runs waits for, in words; undefined when none runs. */
  waitsFor(): string | undefined {
    const running = this.#attempts.filter((attempt) => attempt.isOfNow)
    if (running.length === 0) return undefined
    const { phase, proxy } = running.reduce((one, other) => (other.startedAt < one.startedAt ? other : one))
    return `for the ${phaseWords[phase]} over ${proxy.id}`
  }

  /** Mean posterior of success of those that run. */
  meanExpected(): number {
    let expected = 0
    for (const attempt of this.#attempts)
      if (attempt.isOfNow) expected += attempt.lease!.expected / this.running
    return expected
  }

  /** An answer is here and only waits to be judged. */
  hasArrival(): boolean {
    return this.#attempts.some((attempt) => attempt.isOfNow && attempt.exchange !== undefined)
  }

  /** Those that run have outlived their hedge time: while they hang they count half a failure each. */
  markOverdue(pool: Pool): void {
    for (const attempt of this.#attempts) {
      if (!attempt.isOfNow || attempt.isOverdue) continue
      attempt.isOverdue = true
      pool.record.pairs.overdue[attempt.lease!.pair]!++
    }
  }
}
