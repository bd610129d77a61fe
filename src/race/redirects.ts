import { tell } from '../actors/adopt.ts'
import type { ParkReason } from '../contracts/events.ts'
import type { HopRefusal } from '../contracts/job.ts'
import type { HttpResponse } from '../contracts/outcome.ts'
import type { FetchRequest } from '../contracts/request.ts'
import type { Crew } from './crew.ts'
import { breaksSession } from './decide.ts'
import type { JudgedAttempt } from './judge.ts'
import type { Race } from './race.ts'
import { Chain } from './redirect-chain.ts'

/** Milliseconds that a task waits for the exit that brought a redirect, where others are free. */
const keptFor = 1_000

/**
 * How a race goes on when its answer is a redirect: it asks whether it may, turns to the pool of the new host, and asks that
 * for a lease like any request. The exit that brought the redirect asks on while it can be had soon: over another one, a
 * site that sends each country to its own pages would send it round and round.
 */
export class Redirects {
  readonly #race: Race
  readonly #crew: Crew
  #chain: Chain | undefined
  /** Where a redirect leads, until the race has turned there. */
  #next: FetchRequest | undefined
  #refusal: HopRefusal | undefined

  constructor(race: Race, crew: Crew) {
    this.#race = race
    this.#crew = crew
  }

  /** Those that were followed; undefined before the first. */
  get chain(): Chain | undefined {
    return this.#chain
  }

  /** Those who may forbid the next one have not said anything yet. */
  get isAsking(): boolean {
    return this.#next !== undefined
  }

  /** For the next task of the slot. */
  reset(): void {
    this.#chain = undefined
    this.#next = undefined
  }

  /** The task is over: nobody listens any more to what is said about the next one. */
  stop(): void {
    this.#next = undefined
  }

  /** An answer leads on. Returns why that would go round, or on and on. */
  passed(response: HttpResponse, exit: number, next: FetchRequest): string | undefined {
    const { clock } = this.#crew
    const { job, tally, bound, pool } = this.#race
    this.#chain ??= new Chain(job, tally, bound.life?.cookies, () => clock.wall())
    const isNews = this.#chain.passed(job.request, response, exit, next)
    const most = pool.settings.maxRedirects
    if (this.#chain.urls.length > most) return `More than ${most} redirects.`
    return isNews ? undefined : 'The redirects lead back to where they began.'
  }

  /** Asks those who may forbid it. True when they have answered. */
  follow(request: FetchRequest): boolean {
    const { job } = this.#race
    this.#next = request
    this.#crew.listener.redirected(job, request.url)
    const said = job.hop?.(request, { hasCookies: this.#chain!.isMarked })
    if (said instanceof Promise) void said.then((refusal) => this.#hear(request, refusal))
    else this.#hear(request, said)
    return !(said instanceof Promise)
  }

  /** They have nothing against it. */
  goOn(): void {
    const request = this.#next!
    const { first, exit } = this.#chain!
    this.#next = undefined
    this.#race.turnTo({ ...first, request, host: this.#crew.router.hosts.keyOf(request.url) })
    this.#race.bound.kept = exit
    this.#race.ask('first')
  }

  /** They forbid it. */
  turnAway(): void {
    const { exit } = this.#chain!
    const endpoint = exit === undefined ? undefined : this.#crew.router.fleet.endpoints[exit]
    this.#race.record.turnAway(this.#refusal!, endpoint?.id, this.#race.job.request)
  }

  /** The exit is gone that the cookies were for: all of it once more, over another. */
  beginAgain(): void {
    const chain = this.#chain!
    this.#race.pool.leave(this.#race)
    chain.rewind()
    this.#race.bound.kept = undefined
    this.#race.turnTo(chain.first)
  }

  /** An attempt was lost. Where its exit is that of the redirects, another one asks, if that may be. */
  lost({ verdict, lease, isOurs }: JudgedAttempt): void {
    const { attempts, bound } = this.#race
    const chain = this.#chain
    if (!chain || isOurs || bound.kept !== lease.proxy || !breaksSession(verdict)) return
    if (!chain.isTied) bound.kept = undefined
    else if (!chain.isCommitted && attempts.hasOther((proxy) => proxy === lease.proxy)) chain.isLost = true
  }

  /** Whether the race asks anew, because the exit of the redirects cannot be had, or not soon. */
  changesExit(reason: ParkReason, until: number | undefined): boolean {
    const { attempts, bound, pool } = this.#race
    const chain = this.#chain
    const { kept } = bound
    if (kept === undefined || chain === undefined || bound.pinned !== undefined) return false
    const patience = Math.max(keptFor, pool.pace.interval)
    const isLate = until !== undefined && until - this.#crew.clock.now() > patience
    if (chain.isTied) {
      if (reason !== 'no-proxy' || chain.isCommitted || !attempts.hasOther((proxy) => proxy === kept))
        return false
      attempts.avoid(kept)
      this.beginAgain()
      this.#race.ask('failover')
      return true
    }
    if (reason !== 'no-proxy' && reason !== 'proxy-limit' && !isLate) return false
    bound.kept = undefined
    this.#crew.router.wake(pool)
    return true
  }

  #hear(request: FetchRequest, refusal: HopRefusal | undefined): void {
    if (this.#next !== request) return
    this.#refusal = refusal
    tell(this.#race.sender, this.#race.actor, refusal ? refused : admitted)
  }
}

const admitted = { type: 'hop.admitted' } as const
const refused = { type: 'hop.refused' } as const
