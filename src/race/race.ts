import { type TaskWork, taskMachine } from '../../machines/task.ts'
import { type Adopted, adopt, type Hub } from '../adopt.ts'
import type { RegattaErrorCode } from '../errors.ts'
import type { LegReason, ParkReason } from '../events.ts'
import type { Exchange, HttpResponse, Verdict, VerdictKind } from '../outcome.ts'
import { applyOutcome, forgiveRefusals } from '../reputation/feedback.ts'
import type { ProxyLease, Refusal } from '../router/lease.ts'
import type { Applicant, Pool } from '../router/pool.ts'
import { Timer } from '../wheel.ts'
import type { CrewWorld } from './crew.ts'
import { hedgeDelay } from './hedge-delay.ts'
import type { TaskJob, TaskResult } from './job.ts'
import { Leg } from './leg.ts'
import { RaceTally } from './tally.ts'

/**
 * One task at work: it asks its host's pool for proxies, starts legs, hears every finish, and ends with exactly one
 * result. The chart in machines/task.ts decides what may follow what; this is what its actions do. Races are recycled
 * with their actors: a slot that is free again carries the next request.
 */
export class Race implements TaskWork, Applicant {
  readonly wish: { why: LegReason; busy: number[]; failed: number[]; only?: number } = { why: 'first', busy: [], failed: [] }
  waitingIn: unknown
  priority = 4
  readonly #world: CrewWorld
  readonly #actor: Adopted<typeof taskMachine>
  readonly #legs: Leg[] = []
  readonly #hedgeTimer: Timer
  readonly #deadlineTimer: Timer
  readonly #wakeTimer: Timer
  readonly #tally = new RaceTally()
  #job: TaskJob | undefined
  #pool!: Pool
  #granted: ProxyLease | undefined
  #result: TaskResult | undefined
  #isDelivered = false
  #isRacing = false
  #running = 0
  #started = 0
  #hedges = 0
  #acceptedAt = 0
  #lastStart = 0
  /** When the race is next looked at for a hedge, clock ms. */
  #hedgeAt = Number.POSITIVE_INFINITY
  #parkedFor: ParkReason | undefined
  #extraHeaders: Record<string, string> | undefined

  constructor(world: CrewWorld, hub: Hub, slot: number) {
    this.#world = world
    this.#hedgeTimer = new Timer(() => this.#hedgeLook())
    this.#deadlineTimer = new Timer(() => this.abandonFor('deadline'))
    this.#wakeTimer = new Timer(() => this.#queue())
    this.#actor = adopt(hub, taskMachine, `task ${slot}`, { work: this })
  }

  /** Takes a job. The slot must be idle. */
  assign(job: TaskJob): void {
    const { router, clock, wheel, sessions } = this.#world
    this.#job = job
    this.priority = job.priority
    this.#pool = router.pool(job.host)
    this.#acceptedAt = clock.now()
    this.#tally.reset()
    this.#result = undefined
    this.#isDelivered = false
    this.#started = 0
    this.#hedges = 0
    this.#parkedFor = undefined
    this.#extraHeaders = undefined
    this.wish.why = 'first'
    this.wish.busy.length = 0
    this.wish.failed.length = 0
    delete this.wish.only
    const pinned = job.request.proxy ? router.fleet.numberOf(job.request.proxy) : sessions.proxyOf(job.request.session)
    if (pinned !== undefined) this.wish.only = pinned
    if (job.deadlineMs !== undefined) wheel.arm(this.#deadlineTimer, this.#acceptedAt + job.deadlineMs)
    const isFree = this.#pool.waiting.size === 0 && this.#world.hasRoom()
    this.#granted = isFree ? this.#pool.lease(this.wish) : undefined
    if (this.#granted) this.#begin()
    this.#actor.send({ type: 'assigned' })
    if (!this.#granted && !this.#isRacing) {
      this.#pool.waiting.push(this)
      router.wake(this.#pool)
    }
  }

  get id(): string {
    return this.#job?.id ?? ''
  }

  /** Ends the task from outside. */
  abandonFor(reason: 'deadline' | 'aborted' | 'stopped' | 'yielded'): void {
    this.#actor.send({ type: 'abandoned', reason })
  }

  /** What an inspector sees of the work: no request bodies, no secrets. */
  toJSON(): object {
    return { task: this.id, host: this.#job?.host, legs: this.#started, running: this.#running }
  }

  // Applicant: what the pool tells a waiting task.

  granted(lease: ProxyLease): void {
    this.#granted = lease
    this.#begin()
    this.#actor.send({ type: 'lease.granted' })
  }

  refused(refusal: Refusal): void {
    const { reason } = refusal
    if (reason === 'no-proxy' && this.wish.only !== undefined) {
      this.#loseSession('its proxy is not available')
      this.#actor.send({ type: 'abandoned', reason: 'session-lost' })
      return
    }
    if (reason === 'host-down' && this.#pool.health.isHopeless()) {
      const why = `no exit reaches ${this.#pool.host} (${this.#pool.reason})`
      this.#fail('TASK_FAILED', 'host-unreachable', why, undefined)
      this.#actor.send({ type: 'abandoned', reason: 'host-unreachable' })
      return
    }
    const { until } = refusal
    if (until !== undefined && this.#job!.parked?.(until)) return
    if (reason === this.#parkedFor) return
    this.#parkedFor = reason
    this.#world.parked(this.id, this.#pool.host, reason, until)
    this.#actor.send({ type: 'lease.refused' })
  }

  // TaskWork: guards.

  isLeased(): boolean {
    return this.#granted !== undefined
  }

  isOver(): boolean {
    return this.#result !== undefined
  }

  mustWait(): boolean {
    if (this.#running > 0 || this.#granted) return false
    const reason = this.#parkedFor
    return this.#wakeTimer.armed || (reason !== undefined && reason !== 'host-limit' && reason !== 'proxy-limit')
  }

  mustQueue(): boolean {
    return this.#running === 0 && !this.#granted && !this.#wakeTimer.armed
  }

  endsAtOnce(): boolean {
    return this.#running === 0 && this.#job!.isDirect
  }

  isSettled(): boolean {
    return this.#isDelivered && this.#running === 0
  }

  // TaskWork: actions.

  startLegs(): void {
    const lease = this.#granted
    this.#granted = undefined
    this.#parkedFor = undefined
    if (!lease) return
    this.#launch(lease)
    if (this.#mayHedge()) {
      const probe = this.#pool.leaseProbe(this.wish.busy)
      if (probe) this.#launchExtra(probe)
      this.#armHedge()
    }
  }

  hedge(): void {
    if (this.#result !== undefined || this.#running === 0) return
    const options = this.#pool.settings.hedge
    if (!options || !this.#mayHedge() || this.#running >= options.max) return
    const due = this.#hedgeDue(options)
    const now = this.#world.clock.now()
    if (due > now) return this.#armHedge()
    const lease = this.#pool.hedges!.allows() && this.#world.mayAddLeg(options.share) ? this.#leaseHedge() : undefined
    if (!lease) {
      this.#lookAt(now + options.minDelay)
      return
    }
    for (const leg of this.#legs) {
      if (!leg.isRunning || leg.isOverdue || !leg.lease) continue
      leg.isOverdue = true
      this.#pool.pairs.overdue[leg.lease.pair]!++
    }
    this.#launchExtra(lease)
    if (this.#running < options.max) this.#armHedge()
  }

  abandon(reason: string): void {
    if (this.#result !== undefined) return
    const { host } = this.#pool
    if (reason === 'deadline') {
      const waited = this.#parkedFor ? `; it was waiting (${this.#parkedFor})` : ''
      const ms = Math.round(this.#world.clock.now() - this.#acceptedAt)
      this.#fail('DEADLINE', reason, `no answer from ${host} within the deadline (${ms} ms)${waited}`, undefined)
    } else this.#fail(reason === 'stopped' ? 'STOPPED' : 'ABORTED', reason, `the task was ${reason}`, undefined)
  }

  deliver(): void {
    const { wheel } = this.#world
    this.#hedgeAt = Number.POSITIVE_INFINITY
    wheel.disarm(this.#deadlineTimer)
    wheel.disarm(this.#wakeTimer)
    this.#pool.waiting.remove(this)
    if (this.#granted) {
      this.#pool.release(this.#granted)
      this.#granted = undefined
    }
    this.#end()
    // A probe of a half-open proxy may finish, though its task has its answer: else one that is slower than the others
    // would never get out of its probation.
    const isWon = this.#result!.ok
    for (const leg of this.#legs) if (leg.isRunning && !(isWon && leg.lease!.why === 'probe')) leg.cancel()
    const result = this.#result!
    if (result.ok) this.#pool.counts.succeeded++
    else this.#pool.counts.failed++
    const settled = this.#world.settled(this.#job!, result)
    const taken = () => {
      this.#isDelivered = true
      if (!this.endsAtOnce()) this.#actor.send({ type: 'delivered' })
    }
    if (settled) settled.then(taken)
    else taken()
  }

  recycle(): void {
    this.#job = undefined
    this.#result = undefined
    this.#world.recycle(this)
  }

  // The race itself.

  /** A leg has ended: judge it, then let the chart decide. */
  #finish(leg: Leg): void {
    const { exchange, lease } = leg
    if (!exchange || !lease) return
    const job = this.#job!
    const { clock, classifier } = this.#world
    this.#running--
    leg.end()
    removeFrom(this.wish.busy, lease.proxy)
    const verdict = classifier.classify(exchange, this.#pool, job, lease.endpoint)
    const isSolvable = verdict.kind === 'challenge' && this.#world.resolveChallenge && !this.#tally.hasSolved
    const outcome = { exchange, verdict, startedAt: leg.startedAt, endedAt: clock.now() }
    const judged = isSolvable
      ? { ...outcome, verdict: { kind: 'neutral', reason: verdict.reason } as const }
      : { ...outcome, verdict: this.#tally.discount(verdict, lease.proxy, lease.pair) }
    const blame = applyOutcome(this.#world.feedback, this.#pool, lease, judged)
    if (leg.isOverdue) this.#pool.pairs.overdue[lease.pair]!--
    if (leg.isExtra && reachedHost(exchange)) this.#pool.hedges?.spent()
    const wins = this.#result === undefined && (verdict.kind === 'success' || verdict.kind === 'page')
    this.#world.finished(job, leg, outcome, blame, wins)
    if (wins) this.#win(exchange as HttpResponse, verdict, lease)
    else if (this.#result === undefined) this.#lose(leg, exchange, verdict, lease, isSolvable === true)
    leg.clear()
    this.#actor.send(attemptFinished)
    this.#world.router.pump()
  }

  #begin(): void {
    if (this.#isRacing) return
    this.#isRacing = true
    this.#world.racing(1)
  }

  #end(): void {
    if (!this.#isRacing) return
    this.#isRacing = false
    this.#world.racing(-1)
  }

  #launch(lease: ProxyLease): Leg {
    const leg = this.#legs.find((each) => !each.lease) ?? this.#addLeg()
    const job = this.#job!
    const { sessions, clock } = this.#world
    this.#running++
    this.#started++
    this.#lastStart = clock.now()
    this.wish.busy.push(lease.proxy)
    if (job.request.session !== undefined) {
      sessions.bind(job.request.session, lease.proxy)
      this.wish.only = lease.proxy
    }
    const extra = this.#extraHeaders
    const request = extra ? { ...job.request, headers: { ...job.request.headers, ...extra } } : job.request
    leg.begin(request, lease, this.#started, this.#lastStart)
    this.#world.legStarted(job, leg)
    return leg
  }

  #launchExtra(lease: ProxyLease): void {
    const leg = this.#launch(lease)
    leg.isExtra = true
    this.#hedges++
    this.#pool.counts.hedges++
    this.#world.extraLegs(1)
  }

  #addLeg(): Leg {
    const { transport, extraLegs, arrived } = this.#world
    const finished = (each: Leg) => this.#finish(each)
    const leg = new Leg({ task: this.#actor, transport, arrived, finished, extraEnded: () => extraLegs(-1) })
    this.#legs.push(leg)
    return leg
  }

  #mayHedge(): boolean {
    return this.#job!.mayHedge && this.wish.only === undefined && this.#pool.hedges !== undefined
  }

  #leaseHedge(): ProxyLease | undefined {
    this.wish.why = 'hedge'
    const lease = this.#pool.lease(this.wish)
    this.wish.why = 'first'
    return lease
  }

  #armHedge(): void {
    const options = this.#pool.settings.hedge
    if (!options || options.max < 2) return
    // At the latest after `minDelay` it looks again: by then the neighbours may have taught what is usual here.
    const now = this.#world.clock.now()
    this.#lookAt(Math.min(this.#hedgeDue(options), now + options.minDelay))
  }

  /**
   * Most races are over long before, so the timer is neither disarmed then nor moved for the next race of the slot: it
   * fires at its old time, sees that it is early, and goes on.
   */
  #lookAt(at: number): void {
    this.#hedgeAt = at
    if (!this.#hedgeTimer.armed || this.#hedgeTimer.due > at) this.#world.wheel.arm(this.#hedgeTimer, at)
  }

  #hedgeLook(): void {
    if (this.#hedgeAt === Number.POSITIVE_INFINITY) return
    if (this.#world.clock.now() < this.#hedgeAt) this.#world.wheel.arm(this.#hedgeTimer, this.#hedgeAt)
    else this.#actor.send({ type: 'hedge.due' })
  }

  #hedgeDue(options: Exclude<Pool['settings']['hedge'], false>): number {
    const { timeouts } = this.#world.options
    let first = Number.POSITIVE_INFINITY
    let expected = 0
    for (const leg of this.#legs) {
      if (!leg.isRunning) continue
      first = Math.min(first, leg.startedAt)
      expected += leg.lease!.expected / this.#running
    }
    return first + hedgeDelay(options, this.#pool.latency, expected, this.#running, timeouts.firstByte / 3)
  }

  #win(response: HttpResponse, verdict: Verdict, lease: ProxyLease): void {
    this.#result = { ok: true, response, verdict, proxy: lease.endpoint.id, ...this.#report() }
    if (verdict.kind === 'success') this.#world.observeNorm(this.#pool, response)
  }

  #lose(leg: Leg, exchange: Exchange, verdict: Verdict, lease: ProxyLease, isSolvable: boolean): void {
    const job = this.#job!
    const isOurs = verdict.kind === 'neutral' && exchange.kind === 'fault' && exchange.phase === 'local'
    if (!isOurs && !isSolvable) {
      this.wish.failed.push(lease.proxy)
      if (this.wish.failed.length > 16) this.wish.failed.shift()
    }
    if (!job.request.idempotent && leg.wasSent(exchange)) {
      if (exchange.kind === 'response') return this.#win(exchange, { kind: 'page', reason: verdict.reason }, lease)
      return this.#fail('TASK_FAILED', 'not-repeatable', `${job.request.method} may have arrived: ${exchange.detail}`, verdict, exchange)
    }
    if (isSolvable) return this.#solve(exchange as HttpResponse, lease)
    if (job.request.session !== undefined && breaksSession(verdict.kind)) return this.#loseSession(verdict.reason, verdict, exchange)
    const gaveUp = this.#tally.count(verdict, lease.proxy, this.#pool, this.#world.fleetSize(), this.#world.options.budgets)
    if (gaveUp) {
      if (gaveUp === 'blocked-everywhere') forgiveRefusals(this.#world.feedback, this.#pool, this.#tally.penalties, this.#acceptedAt)
      const said = exchange.kind === 'fault' ? exchange.detail : `status ${exchange.status}`
      return this.#fail('TASK_FAILED', gaveUp, `${this.#pool.host}: ${verdict.reason} (${said})`, verdict, exchange)
    }
    if (this.#running > 0) return
    const wait = this.#tally.waitBefore(verdict, this.#world.random())
    if (wait > 0) {
      this.#end()
      this.#world.wheel.arm(this.#wakeTimer, this.#world.clock.now() + wait)
      return
    }
    this.#next()
  }

  /** The next leg at once, if the pool lets it; else the task waits for its turn. */
  #next(): void {
    this.wish.why = 'failover'
    const lease = this.#pool.waiting.size === 0 ? this.#pool.lease(this.wish) : undefined
    this.wish.why = 'first'
    if (lease) {
      this.#launch(lease)
      if (this.#mayHedge()) this.#armHedge()
    } else this.#queue()
  }

  #queue(): void {
    this.#end()
    this.wish.why = this.#started > 0 ? 'failover' : 'first'
    this.#parkedFor = undefined
    this.#pool.waiting.push(this)
    this.#world.router.wake(this.#pool)
  }

  #solve(response: HttpResponse, lease: ProxyLease): void {
    this.#tally.hasSolved = true
    const job = this.#job!
    this.#end()
    this.#parkedFor = 'paused'
    const { clock, wheel, options } = this.#world
    // The resolver gets as long as an attempt; after that the task goes on without it.
    wheel.arm(this.#wakeTimer, clock.now() + options.timeouts.total)
    this.#world.resolveChallenge!(response, job.request).then(
      (headers) => {
        if (this.#job !== job || !this.#wakeTimer.armed) return
        wheel.disarm(this.#wakeTimer)
        if (headers) {
          this.#extraHeaders = headers
          this.wish.only = lease.proxy
        }
        this.#queue()
      },
      () => {
        if (this.#job !== job || !this.#wakeTimer.armed) return
        wheel.disarm(this.#wakeTimer)
        this.#queue()
      },
    )
  }

  #loseSession(reason: string, verdict?: Verdict, exchange?: Exchange): void {
    const { session, proxy } = this.#job!.request
    this.#world.sessions.end(session)
    const what = session !== undefined ? `session "${session}" lost its proxy` : `proxy ${proxy} cannot be used`
    this.#fail('SESSION_LOST', 'session-lost', `${what}: ${reason}; start again from its first request`, verdict, exchange)
  }

  #fail(code: RegattaErrorCode, reason: string, detail: string, verdict: Verdict | undefined, exchange?: Exchange): void {
    const kind: VerdictKind | undefined = verdict?.kind
    const status = exchange?.kind === 'response' ? exchange.status : undefined
    this.#result = { ok: false, code, reason, detail, verdict: kind, status, ...this.#report() }
  }

  #report(): { attempts: number; hedges: number; elapsedMs: number } {
    const elapsedMs = this.#world.clock.now() - this.#acceptedAt
    return { attempts: this.#started, hedges: this.#hedges, elapsedMs }
  }
}

const attemptFinished = { type: 'attempt.finished' } as const

function removeFrom(list: number[], value: number): void {
  const index = list.indexOf(value)
  if (index >= 0) list.splice(index, 1)
}

function reachedHost(exchange: Exchange): boolean {
  return exchange.kind === 'response' || exchange.phase === 'headers' || exchange.phase === 'body' || exchange.verified
}

function breaksSession(kind: VerdictKind): boolean {
  return kind === 'dead' || kind === 'blocked' || kind === 'challenge' || kind === 'transient'
}
