import type { TaskJob } from '../contracts/job.ts'
import type { ProxyLease } from '../contracts/lease.ts'
import type { SessionLife } from '../router/session-life.ts'
import type { Attempt } from './attempt.ts'
import type { Crew } from './crew.ts'
import { breaksSession } from './decide.ts'
import type { JudgedAttempt } from './judge.ts'
import type { Race } from './race.ts'

/**
 * The one exit that a task asks for, where it does: that which its caller has named, or which has solved a challenge for it; that of
 * its session; that which is to say once more what it has said; that which has brought its redirect; that which its site stays
 * with. For the first two no other will do. The rest are let go when they cannot be had.
 */
export class BoundExit {
  /** The proxy that the caller has named. */
  named: number | undefined
  /** The proxy that brought the redirect to this URL: it asks on while it can. */
  kept: number | undefined
  /** The proxy that is to say once more what it has said. */
  askAgain: number | undefined
  /** That of its session. */
  life: SessionLife | undefined
  readonly #race: Race
  readonly #crew: Crew
  /** It has solved a challenge for the task, which asks on over that one. */
  #hasSolution = false

  constructor(race: Race, crew: Crew) {
    this.#race = race
    this.#crew = crew
  }

  /** For the next task of the slot. */
  begin({ request: { proxy, session }, host }: TaskJob): void {
    const { router, sessions } = this.#crew
    this.named = proxy ? router.fleet.numberOf(proxy) : undefined
    this.kept = undefined
    this.askAgain = undefined
    this.life = session === undefined ? undefined : sessions.enter(session)
    this.life?.visits(host)
    this.#hasSolution = false
  }

  /** Only this proxy is asked for. Asked at each turn: another request may have bound the session meanwhile. */
  get only(): number | undefined {
    return this.pinned ?? this.askAgain ?? this.kept ?? this.sticky
  }

  /** Only this proxy will do. */
  get pinned(): number | undefined {
    return this.named ?? this.life?.proxy
  }

  /** Its user has named it, or it is that of its session. */
  get isGiven(): boolean {
    return this.#race.job.request.proxy !== undefined || this.life?.proxy !== undefined
  }

  /** The exit that requests to this site stay with; another one is asked for what it says. */
  get sticky(): number | undefined {
    const { pool, attempts } = this.#race
    const { sticky } = pool.settings
    if (!sticky || attempts.why === 'witness' || this.life) return undefined
    const proxy = this.#crew.stickyExits.of(pool.host, sticky)
    // Others stay with it; this request may not.
    return proxy !== undefined && attempts.among?.has(proxy) === false ? undefined : proxy
  }

  /** A proxy is granted. False where the session has come to its end meanwhile, and can use none. */
  takes({ proxy }: ProxyLease): boolean {
    const { life } = this
    life?.bind(proxy)
    if (life && this.#crew.clock.now() >= life.expiresAt) life.loss ??= 'it is too old'
    if (life?.loss !== undefined) return false
    const { host, settings } = this.#race.pool
    if (settings.sticky && !life) this.#crew.stickyExits.bind(host, settings.sticky, proxy)
    return true
  }

  /** The exit that its site stays with cannot be had: another one is chosen. False where that is not the matter. */
  leavesSticky(): boolean {
    const { sticky: proxy } = this
    const { host, settings } = this.#race.pool
    const isOther = (this.pinned ?? this.askAgain ?? this.kept) !== undefined
    if (!settings.sticky || proxy === undefined || isOther) return false
    this.#crew.stickyExits.lose(host, settings.sticky, proxy)
    this.#crew.router.wake(this.#race.pool)
    return true
  }

  /** What an attempt means for its session and its site, before it is decided what follows. `isOpen`: it is this task's still. */
  heard(judged: JudgedAttempt, attempt: Attempt, isOpen: boolean): void {
    if (isOpen) this.#tellSession(judged, attempt)
    const { host, settings } = attempt.pool
    const { lease, verdict, isOurs, isSolvable } = judged
    if (settings.sticky && !isOurs && !isSolvable && breaksSession(verdict)) {
      this.#crew.stickyExits.lose(host, settings.sticky, lease.proxy)
    }
  }

  #tellSession({ isAnswer, verdict, lease }: JudgedAttempt, attempt: Attempt): void {
    const { life } = this
    if (!life) return
    life.usedAt = this.#crew.clock.now()
    if (isAnswer) life.hasAnswered = true
    else if (breaksSession(verdict) && !life.hasLeft && !attempt.wasSent(attempt.exchange!)) {
      life.fails(lease.proxy, verdict.reason)
    }
  }

  /** The session cannot go on. */
  loseSession(reason: string): void {
    if (!this.life) return
    this.life.loss ??= reason
    this.life.isTold = true
  }

  /** It has solved a challenge. */
  hasSolved(proxy: number): void {
    this.#hasSolution = true
    this.named = proxy
  }

  /** What solved a challenge holds for one proxy; it has not helped, so any proxy will do again. */
  forgetSolution(): void {
    if (!this.#hasSolution) return
    this.#hasSolution = false
    if (this.#race.job.request.proxy === undefined) this.named = undefined
  }

  /** The task goes on from this URL to that of its job. What has solved a challenge holds for one site. */
  turnsFrom(before: string): void {
    const { host, request } = this.#race.job
    this.life?.visits(host)
    if (this.#hasSolution && new URL(before).origin !== new URL(request.url).origin) this.forgetSolution()
  }
}
