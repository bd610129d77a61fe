import { type AttemptPort, attemptLogic } from '../../machines/attempt.ts'
import { type Adopted, adopt, tell } from '../actors/adopt.ts'
import type { Cookies } from '../contracts/cookies.ts'
import type { ProxyEndpoint } from '../contracts/endpoint.ts'
import type { TaskJob } from '../contracts/job.ts'
import type { ProxyLease } from '../contracts/lease.ts'
import { type Exchange, type Phase, phases } from '../contracts/outcome.ts'
import type { FetchRequest } from '../contracts/request.ts'
import type { TransportCall, TransportHandle, TransportLimits } from '../contracts/transport.ts'
import type { Pool } from '../router/pool.ts'
import type { Crew } from './crew.ts'
import { dressed } from './dress.ts'
import type { Race } from './race.ts'
import { scoutFor } from './scout.ts'
import type { Solution } from './solutions.ts'

/** One attempt of a race: a lease, an actor and what came of it. Kept with its race and used again. */
export class Attempt implements AttemptPort, TransportCall {
  readonly race: Race
  lease: ProxyLease | undefined
  /** Where it was leased: the race may have gone on to another host when it comes home. */
  pool!: Pool
  #job: TaskJob | undefined
  #exchange: Exchange | undefined
  #asked!: FetchRequest
  #request!: FetchRequest
  #solution: Solution | undefined
  /** Counting from 1 within the task. */
  number = 0
  startedAt = 0
  isRunning = false
  /** Its race has gone on to another URL without it. */
  isLeft = false
  /** Started while another attempt of its task was running. */
  isExtra = false
  /** It has outlived its hedge time. */
  isOverdue = false
  /** It asks for another page, to find out whether the host is ill or the page. */
  isScout = false
  /** How far it is. */
  phase: Phase = 'dial'
  /** Milliseconds in each phase that is over, by `phases`; a phase that is entered again adds to its own. */
  phaseMs = new Float64Array(phases.length)
  #phaseSince = 0
  readonly actor: Adopted<typeof attemptLogic>
  readonly #crew: Crew
  /** Its request has left for the host. */
  #hasLeft = false
  #handle: TransportHandle | undefined
  /** Bytes of a body that have come so far. */
  #flowed = 0

  /** `index` tells it from its neighbours in the slot, from 1. */
  constructor(race: Race, crew: Crew, index: number) {
    this.race = race
    this.#crew = crew
    this.actor = adopt(race.actor, attemptLogic, `attempt ${index}`, { port: this })
  }

  /** What its race asks for. */
  get asked(): FetchRequest {
    return this.#asked
  }

  /** What its exit was given for a challenge, and is sent along. */
  get solution(): Solution | undefined {
    return this.#solution
  }

  /**
   * What is sent: the same with what session and exit add. Requests and what came of them have no field of their own: who prints an
   * attempt, as an inspector may, prints its fields.
   */
  get request(): FetchRequest {
    return this.#request
  }

  /** It runs, and asks for what its race asks for now. */
  get isOfNow(): boolean {
    return this.isRunning && !this.isLeft
  }

  get job(): TaskJob {
    return this.#job!
  }

  get exchange(): Exchange | undefined {
    return this.#exchange
  }

  /** Sends what its race asks for now, over this lease. */
  begin(lease: ProxyLease, number: number): void {
    const { job, pool, tally } = this.race
    const scout = scoutFor(job.request, lease, pool, tally)
    const asked = scout ?? job.request
    this.#asked = asked
    this.#solution = this.#crew.solutions.of(lease.endpoint, asked.url)
    this.#request = scout ?? this.#dressed(job, lease.endpoint)
    this.lease = lease
    this.#job = job
    this.pool = pool
    this.number = number
    this.startedAt = this.#crew.clock.now()
    this.#exchange = undefined
    this.isRunning = true
    this.isLeft = false
    this.isExtra = false
    this.isOverdue = false
    this.isScout = scout !== undefined
    this.phase = 'dial'
    this.phaseMs.fill(0)
    this.#phaseSince = this.startedAt
    this.#hasLeft = false
    this.#flowed = 0
    this.#crew.spending.begins(lease.endpoint)
    tell(this.race.actor, this.actor, { type: 'start' })
  }

  /** As it is sent: with what its source, its session and its exit add. */
  #dressed({ request, credentials }: TaskJob, proxy: ProxyEndpoint): FetchRequest {
    const { chain, bound } = this.race
    const solution = this.#solution
    const pass = bound.life?.pass
    const { prepareRequest: prepare } = this.#crew.options
    if (!pass && !credentials && !solution && !prepare) return request
    const first = chain && chain.urls.length > 0 ? chain.first.request.url : undefined
    return dressed(request, { credentials, pass, solution, prepare, proxy, first })
  }

  cancel(): void {
    tell(this.race.actor, this.actor, { type: 'cancel' })
  }

  /** It runs beside another one. */
  countAsExtra(): void {
    this.isExtra = true
    this.#crew.extraAttempts++
  }

  /** It has finished. */
  end(): void {
    this.isRunning = false
    if (this.isExtra) this.#crew.extraAttempts--
  }

  clear(): void {
    this.lease = undefined
    this.#job = undefined
    this.#exchange = undefined
    this.#handle = undefined
    this.#solution = undefined
  }

  /** Whether the host may have seen the request. */
  wasSent(exchange: Exchange): boolean {
    return exchange.kind === 'response' || this.#hasLeft
  }

  /**
   * Whether the host was bothered at all: that is what a hedge costs. When an HTTP proxy should forward a plain
   * request and nothing comes back, it is the proxy that is silent far more often than the host.
   */
  reachedHost(exchange: Exchange): boolean {
    if (exchange.kind === 'fault' && this.#isForwarded && exchange.firstByteMs === undefined) return false
    return this.#hasLeft || exchange.kind === 'response' || exchange.verified
  }

  get #isForwarded(): boolean {
    const { protocol } = this.proxy
    return (protocol === 'http' || protocol === 'https') && this.#request.url.startsWith('http:')
  }

  /** The times of its phases, for keeps; it writes those of its next run into `spare`. */
  takePhases(spare: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
    const mine = this.phaseMs
    this.phaseMs = spare
    return mine
  }

  /** What an inspector sees of it. */
  toJSON(): object {
    return { attempt: this.number, proxy: this.lease?.endpoint.id, isRunning: this.isRunning }
  }

  // AttemptPort: what the actor is told.

  start(): void {
    this.#handle = this.#crew.transport.send(this)
  }

  stop(): void {
    this.#handle?.cancel()
  }

  // TransportCall: what the transport asks and tells.

  get limits(): TransportLimits {
    return this.pool.settings.limits
  }

  get proxy(): ProxyLease['endpoint'] {
    return this.lease!.endpoint
  }

  get session(): string | undefined {
    return this.#request.session
  }

  get cookies(): Cookies | undefined {
    const { bound, chain } = this.race
    if (bound.life) return bound.life.cookies
    const shown = this.isScout ? undefined : chain?.cookies
    const kept = this.#solution?.cookies
    // Those of the solution stand in the header already; what the site sets now belongs to it.
    return kept
      ? { headerFor: (url) => shown?.headerFor(url), take: (url, lines) => kept.take(url, lines) }
      : shown
  }

  onPhase(phase: Phase, at = this.#crew.clock.now()): void {
    this.phaseMs[phases.indexOf(this.phase)]! += at - this.#phaseSince
    this.#phaseSince = at
    this.phase = phase
    if (phase !== 'headers') return
    const { life } = this.race.bound
    // The last moment: while this attempt dialled, its session may have moved or been lost.
    if (life && !this.#hasLeft && !life.leaves(this.lease!.proxy)) return this.cancel()
    this.#hasLeft = true
    this.pool.sent(this.lease!)
  }

  onBytes(count: number): void {
    this.#flowed += count
    this.#crew.spending.flows(this.proxy, count)
  }

  deliver(exchange: Exchange): void {
    this.#crew.spending.ends(this.proxy, this.#flowed)
    const end = this.startedAt + exchange.totalMs
    this.phaseMs[phases.indexOf(this.phase)]! += Math.max(0, end - this.#phaseSince)
    this.#exchange = this.#asItWasAsked(exchange)
    this.#crew.arrived(this)
  }

  /** Under the URL that was asked for: what a session adds to it is no part of the page's address. */
  #asItWasAsked(exchange: Exchange): Exchange {
    const { url } = this.#asked
    if (exchange.kind !== 'response' || this.#request.url === url) return exchange
    return { ...exchange, url: url.replace(/#.*$/s, '') }
  }
}
