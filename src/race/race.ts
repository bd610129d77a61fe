import { type TaskWork, taskMachine } from '../../machines/task.ts'
import { type Adopted, adopt, type Hub } from '../actors/adopt.ts'
import { compile } from '../actors/compile.ts'
import { Timer } from '../base/wheel.ts'
import type { ParkReason } from '../contracts/events.ts'
import type { TaskJob } from '../contracts/job.ts'
import type { ProxyLease, Refusal } from '../contracts/lease.ts'
import type { Exchange, HttpResponse, Verdict } from '../contracts/outcome.ts'
import { forgiveRefusals } from '../reputation/feedback.ts'
import type { Applicant, Pool } from '../router/pool.ts'
import { Attempt } from './attempt.ts'
import { Attempts } from './attempts.ts'
import type { CrewWorld } from './crew.ts'
import { decide, whyLost } from './decide.ts'
import { Hedging } from './hedging.ts'
import { type JudgedAttempt, judgeAttempt } from './judge.ts'
import { RaceRecord } from './record.ts'
import { scoutFor } from './scout.ts'
import { RaceTally } from './tally.ts'
import { RaceWish } from './wish.ts'

/**
 * One task at work: it asks its host's pool for proxies, starts attempts, hears every finish, and ends with exactly one
 * result. The chart in machines/task.ts decides what may follow what; this is what its actions do. Races are recycled
 * with their actors: a slot that is free again carries the next request.
 */
export class Race implements TaskWork, Applicant {
  readonly wish = new RaceWish()
  waitingIn: unknown
  priority = 4
  readonly #world: CrewWorld
  readonly #actor: Adopted<typeof taskMachine>
  readonly #attempts: Attempts
  readonly #hedging: Hedging
  readonly #deadlineTimer: Timer
  readonly #wakeTimer: Timer
  readonly #tally = new RaceTally()
  readonly #record: RaceRecord
  #job: TaskJob | undefined
  #pool!: Pool
  #granted: ProxyLease | undefined
  #isDelivered = false
  #isRacing = false
  /** It is drained: the attempts under way are its last. */
  #isLast = false
  #parkedFor: ParkReason | undefined
  #extraHeaders: Record<string, string> | undefined

  constructor(world: CrewWorld, hub: Hub, slot: number) {
    this.#world = world
    this.#record = new RaceRecord(world.clock)
    this.#attempts = new Attempts(() => this.#makeAttempt())
    this.#hedging = new Hedging(world, this.#attempts, () => this.#actor.send({ type: 'hedge.due' }))
    this.#deadlineTimer = new Timer(() => this.abandonFor('deadline'))
    this.#wakeTimer = new Timer(() => this.#queue())
    this.#actor = adopt(hub, taskLogic, `task ${slot}`, { work: this })
  }

  /** Takes a job. The slot must be idle. */
  assign(job: TaskJob): void {
    const { router, wheel, sessions } = this.#world
    this.#job = job
    this.priority = job.priority
    this.#pool = router.pool(job.host)
    this.#record.begin()
    this.#tally.reset()
    this.#isDelivered = false
    this.#isLast = false
    this.#parkedFor = undefined
    this.#extraHeaders = undefined
    const { proxy, session } = job.request
    this.wish.reset(proxy ? router.fleet.numberOf(proxy) : sessions.proxyOf(session))
    if (job.deadlineMs !== undefined) wheel.arm(this.#deadlineTimer, this.#record.acceptedAt + job.deadlineMs)
    const isFree = this.#pool.waiting.size === 0 && this.#world.hasRoom()
    this.#granted = isFree ? this.#pool.lease(this.wish) : undefined
    if (this.#granted) this.#setRacing(true)
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

  /** Starts nothing more, and ends as soon as nothing is in flight. */
  drain(): void {
    this.#actor.send({ type: 'drained' })
  }

  /** What an inspector sees of the work: no request bodies, no secrets. */
  toJSON(): object {
    return {
      task: this.id,
      host: this.#job?.host,
      attempts: this.#record.started,
      running: this.#attempts.running,
    }
  }

  // Applicant: what the pool tells a waiting task.

  granted(lease: ProxyLease): void {
    this.#granted = lease
    this.#setRacing(true)
    this.#actor.send({ type: 'lease.granted' })
  }

  refused(refusal: Refusal): void {
    const { reason } = refusal
    if (reason === 'no-proxy' && this.wish.only !== undefined) {
      this.#loseSession('its proxy is not available')
      this.#actor.send({ type: 'abandoned', reason: 'session-lost' })
      return
    }
    const lost = reason === 'host-down' ? whyLost(this.#pool) : undefined
    if (lost) {
      this.#record.fail('TASK_FAILED', lost.reason, lost.detail)
      this.#actor.send({ type: 'abandoned', reason: lost.reason })
      return
    }
    const { until } = refusal
    if (this.#job!.parked?.(until)) return
    if (reason === this.#parkedFor) return
    this.#parkedFor = reason
    this.#world.parked(this.id, this.#pool.host, reason, until)
    this.#actor.send({ type: 'lease.refused' })
  }

  // TaskWork: guards and actions.

  isLeased(): boolean {
    return this.#granted !== undefined
  }

  isOver(): boolean {
    return this.#record.result !== undefined
  }

  mustWait(): boolean {
    if (this.#attempts.running > 0 || this.#granted) return false
    const reason = this.#parkedFor
    return (
      this.#wakeTimer.armed || (reason !== undefined && reason !== 'host-limit' && reason !== 'proxy-limit')
    )
  }

  mustQueue(): boolean {
    return this.#attempts.running === 0 && !this.#granted && !this.#wakeTimer.armed
  }

  endsAtOnce(): boolean {
    return this.#attempts.running === 0 && this.#job!.isDirect
  }

  hasNoAttempt(): boolean {
    return this.#attempts.running === 0
  }

  isSettled(): boolean {
    return this.#isDelivered && this.#attempts.running === 0
  }

  startAttempts(): void {
    const lease = this.#granted
    this.#granted = undefined
    this.#parkedFor = undefined
    if (!lease) return
    this.#launch(lease)
    if (this.#mayHedge()) {
      const probe = this.#pool.leaseProbe(this.wish.busy)
      if (probe) this.#launchExtra(probe)
      this.#hedging.watch(this.#pool)
    }
  }

  hedge(): void {
    if (this.#record.result !== undefined || !this.#mayHedge()) return
    const lease = this.#hedging.lease(this.#pool, this.wish)
    if (!lease) return
    this.#attempts.markOverdue(this.#pool)
    this.#launchExtra(lease)
    this.#hedging.watch(this.#pool)
  }

  abandon(reason: string): void {
    if (this.#record.result !== undefined) return
    this.#record.abandon(reason, this.#pool.host, this.#parkedFor)
  }

  startNoMore(): void {
    this.#isLast = true
    this.#wantNoMore()
  }

  giveBack(): void {
    this.abandon('yielded')
  }

  deliver(): void {
    this.#wantNoMore()
    this.#world.wheel.disarm(this.#deadlineTimer)
    this.#setRacing(false)
    this.#attempts.cancel({ probesToo: !this.#record.result!.ok })
    const result = this.#record.result!
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
    this.#record.result = undefined
    this.#world.recycle(this)
  }

  // The race itself.

  /** An attempt has ended: judge it, then let the chart decide. */
  #finish(attempt: Attempt): void {
    if (!attempt.exchange || !attempt.lease) return
    this.#attempts.running--
    attempt.end()
    this.wish.ended(attempt.lease.proxy)
    const isOpen = this.#record.result === undefined
    const judged = judgeAttempt(attempt, {
      world: this.#world,
      pool: this.#pool,
      job: this.#job!,
      tally: this.#tally,
      isOpen,
    })
    const { exchange, verdict, lease, isFinal } = judged
    if (isFinal && exchange.kind === 'response') this.#record.win(exchange, verdict, lease.endpoint.id)
    else if (this.#record.result === undefined) {
      if (!attempt.isScout) this.#record.lost(exchange, verdict, lease.endpoint.id)
      // Too large, or redirected without end: the page's own doing, on every proxy, and nothing to hand over.
      if (isFinal && exchange.kind === 'fault') {
        const detail = `${this.#pool.host}: ${exchange.detail}`
        this.#record.fail('TASK_FAILED', verdict.reason, detail, verdict, exchange)
      } else if (attempt.isScout) {
        this.#tally.heard(verdict)
        if (this.#attempts.running === 0 && !this.#isLast) this.#next()
      } else this.#lose(attempt, judged)
    }
    this.#record.letGo(exchange)
    attempt.clear()
    this.#actor.send(attemptFinished)
    this.#world.router.pump()
  }

  #setRacing(isRacing: boolean): void {
    if (this.#isRacing === isRacing) return
    this.#isRacing = isRacing
    this.#world.racing(isRacing ? 1 : -1)
    this.#job!.racing?.(isRacing)
  }

  /** Leaves the queue and gives back what it was granted; nobody wakes it any more. */
  #wantNoMore(): void {
    this.#hedging.off()
    this.#world.wheel.disarm(this.#wakeTimer)
    this.#pool.waiting.remove(this)
    if (this.#granted) this.#pool.release(this.#granted)
    this.#granted = undefined
  }

  #launch(lease: ProxyLease): Attempt {
    const attempt = this.#attempts.free()
    const job = this.#job!
    const { sessions, clock } = this.#world
    this.#attempts.running++
    this.#record.started++
    this.wish.started(lease.proxy)
    if (job.request.session !== undefined) {
      sessions.bind(job.request.session, lease.proxy)
      this.wish.only = lease.proxy
    }
    const extra = this.#extraHeaders
    const own = extra ? { ...job.request, headers: { ...job.request.headers, ...extra } } : job.request
    const scout = scoutFor(job.request, lease, this.#pool, this.#tally)
    attempt.limits = this.#pool.settings.limits
    attempt.begin(scout ?? own, lease, this.#record.started, clock.now())
    attempt.isScout = scout !== undefined
    this.#world.attemptStarted(job, attempt)
    return attempt
  }

  #launchExtra(lease: ProxyLease): void {
    const attempt = this.#launch(lease)
    attempt.isExtra = true
    this.#record.hedges++
    this.#pool.counts.hedges++
    this.#world.extraAttempts(1)
  }

  #makeAttempt(): Attempt {
    const { transport, extraAttempts, arrived } = this.#world
    const finished = (attempt: Attempt) => this.#finish(attempt)
    const sent = (attempt: Attempt) => this.#pool.sent(attempt.lease!)
    return new Attempt({
      task: this.#actor,
      transport,
      sent,
      arrived,
      finished,
      extraEnded: () => extraAttempts(-1),
    })
  }

  #mayHedge(): boolean {
    return this.#job!.mayHedge && this.wish.only === undefined && this.#pool.hedges !== undefined
  }

  #lose(attempt: Attempt, { exchange, verdict, lease, isSolvable }: JudgedAttempt): void {
    const isOurs = verdict.kind === 'neutral' && exchange.kind === 'fault' && exchange.phase === 'local'
    if (!isOurs && !isSolvable) this.wish.avoid(lease.proxy)
    const { clock, wheel, feedback } = this.#world
    const { running } = this.#attempts
    const common = { job: this.#job!, tally: this.#tally, pool: this.#pool, world: this.#world }
    const decision = decide({
      ...common,
      attempt,
      exchange,
      verdict,
      isSolvable,
      running,
      isLast: this.#isLast,
    })
    switch (decision.next) {
      case 'accept':
        return this.#record.win(decision.response, decision.verdict, lease.endpoint.id)
      case 'fail':
        if (decision.reason === 'blocked-everywhere') {
          forgiveRefusals(feedback, this.#pool, this.#tally.penalties, this.#record.acceptedAt)
        }
        return this.#record.fail('TASK_FAILED', decision.reason, decision.detail, verdict, exchange)
      case 'solve challenge':
        return this.#solve(exchange as HttpResponse, lease)
      case 'end session':
        return this.#loseSession(verdict.reason, verdict, exchange)
      case 'carry on':
        return
      case 'wait':
        this.#setRacing(false)
        return wheel.arm(this.#wakeTimer, clock.now() + decision.ms)
      case 'next attempt':
        return this.#next()
    }
  }

  /** The next attempt at once, if the pool lets it; else the task waits for its turn. */
  #next(): void {
    this.wish.why = 'failover'
    const lease = this.#pool.waiting.size === 0 ? this.#pool.lease(this.wish) : undefined
    this.wish.why = 'first'
    if (lease) {
      this.#launch(lease)
      if (this.#mayHedge()) this.#hedging.watch(this.#pool)
    } else this.#queue()
  }

  #queue(): void {
    this.#setRacing(false)
    this.wish.why = this.#record.started > 0 ? 'failover' : 'first'
    this.#parkedFor = undefined
    this.#pool.waiting.push(this)
    this.#world.router.wake(this.#pool)
  }

  #solve(response: HttpResponse, lease: ProxyLease): void {
    this.#tally.hasSolved = true
    const job = this.#job!
    this.#setRacing(false)
    this.#parkedFor = 'paused'
    const { clock, wheel } = this.#world
    // The resolver gets as long as an attempt; after that the task goes on without it.
    wheel.arm(this.#wakeTimer, clock.now() + this.#pool.settings.limits.timeouts.total)
    const goOn = (headers: Record<string, string> | undefined) => {
      if (this.#job !== job || !this.#wakeTimer.armed) return
      wheel.disarm(this.#wakeTimer)
      if (headers) {
        this.#extraHeaders = headers
        this.wish.only = lease.proxy
      }
      this.#queue()
    }
    this.#world.resolveChallenge!(response, job.request).then(goOn, () => goOn(undefined))
  }

  #loseSession(reason: string, verdict?: Verdict, exchange?: Exchange): void {
    const { request } = this.#job!
    this.#world.sessions.end(request.session)
    this.#record.loseSession(request, reason, verdict, exchange)
  }
}

const taskLogic = compile(taskMachine)
const attemptFinished = { type: 'attempt.finished' } as const
