import { type Next, type TaskWork, taskMachine } from '../../machines/task.ts'
import { type Adopted, adopt, compile, tell } from '../actors/adopt.ts'
import { Timer } from '../base/wheel.ts'
import type { ParkReason } from '../contracts/events.ts'
import type { TaskJob } from '../contracts/job.ts'
import type { Applicant, ProxyLease, Refusal } from '../contracts/lease.ts'
import type { HttpResponse } from '../contracts/outcome.ts'
import { waitWords } from '../contracts/wait-words.ts'
import type { Pool } from '../router/pool.ts'
import type { Attempt } from './attempt.ts'
import { Attempts } from './attempts.ts'
import { Belief } from './belief.ts'
import { BoundExit } from './bound-exit.ts'
import type { Crew } from './crew.ts'
import { type Decision, decide, nextAfter, triesAgain, whyHopeless } from './decide.ts'
import { Hedging } from './hedging.ts'
import { type JudgedAttempt, judgeAttempt, letGo } from './judge.ts'
import { Reckoning } from './reckoning.ts'
import { RaceRecord } from './record.ts'
import type { Chain } from './redirect-chain.ts'
import { Redirects } from './redirects.ts'
import { RaceTally } from './tally.ts'
import { testimonyOf } from './testimony.ts'

/**
 * One task at work: it asks its host's pool for proxies, starts attempts, hears every finish, and ends with exactly one
 * result. The chart in machines/task.ts says what follows what; this is what its actions do, and nothing here acts before
 * the chart has said so. Races are recycled with their actors: a slot that is free again carries the next request.
 */
export class Race implements TaskWork, Applicant {
  waitingIn: unknown
  priority = 4
  /** It holds one of the places of those that race. */
  isRacing = false
  pool!: Pool
  readonly actor: Adopted<typeof taskMachine>
  readonly attempts: Attempts
  readonly bound: BoundExit
  tally = new RaceTally()
  readonly record: RaceRecord
  readonly #crew: Crew
  readonly hedging: Hedging
  readonly redirects: Redirects
  readonly belief: Belief
  readonly reckoning: Reckoning
  readonly #deadlineTimer: Timer
  readonly #wakeTimer: Timer
  /** What it asks for now: as it was given, or what a redirect has made of it. */
  #job: TaskJob | undefined
  /** It is to start nothing more. */
  isDrained = false
  /** Granted, and not started yet. */
  #granted: ProxyLease | undefined
  #decision: Decision | undefined
  /** The attempt that the decision is about. */
  #judged: JudgedAttempt | undefined
  #isDelivered = false
  /** It asks for a lease while it holds its place: its last attempt was lost a moment ago. */
  #hasPlace = false
  #parkedFor: ParkReason | undefined

  constructor(crew: Crew, slot: number) {
    this.#crew = crew
    this.record = new RaceRecord(crew.clock)
    this.attempts = new Attempts(this, crew)
    this.bound = new BoundExit(this, crew)
    this.hedging = new Hedging(this, crew)
    this.redirects = new Redirects(this, crew)
    this.belief = new Belief(this, crew)
    this.reckoning = new Reckoning(this, crew)
    this.#deadlineTimer = new Timer(() => this.abandonFor('deadline'))
    this.#wakeTimer = new Timer(() => tell(this.actor, this.actor, wakeDue))
    this.actor = adopt(crew.hub, taskLogic, `task ${slot}`, { work: this })
  }

  /** Takes a job. The slot must be idle. */
  assign(job: TaskJob): void {
    const { router, wheel } = this.#crew
    this.#job = job
    this.priority = job.priority
    this.pool = router.pool(job.host, this.actor)
    this.record.begin(job.begunAt)
    this.tally.reset()
    this.redirects.reset()
    this.isDrained = false
    this.#isDelivered = false
    this.#parkedFor = undefined
    this.bound.begin(job)
    this.attempts.reset()
    if (job.deadlineMs !== undefined) wheel.arm(this.#deadlineTimer, this.record.begunAt + job.deadlineMs)
    if (job.audit) this.belief.audit(job.audit)
    tell(this.sender, this.actor, assigned)
  }

  get id(): string {
    return this.#job?.id ?? ''
  }

  /** The actor that asks for what it does: a crawl, or the crawler's root for its user. */
  get sender(): object {
    return this.#job?.sender ?? this.#crew.root
  }

  get job(): TaskJob {
    return this.#job!
  }

  /** The redirects that it has followed; undefined before the first. */
  get chain(): Chain | undefined {
    return this.redirects.chain
  }

  /** Ends the task from outside. */
  abandonFor(reason: 'deadline' | 'aborted' | 'stopped' | 'yielded' | 'spent'): void {
    // An answer that nobody else has confirmed is better than none.
    if (reason === 'deadline' && this.belief.handOver(false)) return
    const source = reason === 'deadline' ? this.actor : this.sender
    tell(source, this.actor, { type: 'abandoned', reason })
  }

  /** Starts nothing more, and ends as soon as nothing is in flight. */
  drain(): void {
    if (this.#mustStay) return
    this.isDrained = true
    tell(this.sender, this.actor, { type: 'drained' })
  }

  /** What an inspector sees of the work: no request bodies, no secrets. */
  toJSON(): object {
    const { record, attempts } = this
    return { task: this.id, host: this.#job?.host, attempts: record.started, running: attempts.running }
  }

  /** An attempt has come home: it is judged, and the chart decides what follows. */
  finish(attempt: Attempt): void {
    if (!attempt.exchange || !attempt.lease) return
    const isOpen = this.record.result === undefined && !attempt.isLeft
    this.attempts.ended(attempt)
    const judged = judgeAttempt(this, attempt, isOpen, this.#crew)
    const isLost = isOpen && !judged.isAnswer && judged.next === undefined
    if (isLost) this.bound.forgetSolution()
    if (isLost && attempt.solution && judged.verdict.kind === 'challenge')
      this.#crew.solutions.forget(judged.lease.endpoint, attempt.asked.url, attempt.solution)
    const { exchange, verdict, lease, blame } = judged
    if (isLost) {
      if (!attempt.isScout) this.belief.refused(judged)
      if (!attempt.isScout) this.record.lost(exchange, verdict, lease.endpoint.id)
      if (!judged.isOurs && !judged.isSolvable && !attempt.isScout) this.attempts.avoid(lease.proxy)
    }
    this.bound.heard(judged, attempt, isOpen)
    const decision = isOpen ? decide(this, attempt, judged, this.#crew) : carryOn
    const won = decision.kind === 'answer' && decision.judged === judged
    const { outcome } =
      decision.kind === 'fail' && decision.judged?.number === judged.number ? decision.judged : judged
    this.#crew.listener.attemptFinished(attempt.job, attempt, outcome, blame, won)
    this.belief.tell()
    if (isLost && !attempt.isScout) this.redirects.lost(judged)
    if (isLost && triesAgain(decision)) this.pool.record.counts.requeues++
    this.#decision = decision
    this.#judged = judged
    tell(attempt.actor, this.actor, { type: 'attempt.finished', next: this.#nextAfter(decision) })
    this.#decision = undefined
    this.#judged = undefined
    if (!won && !this.belief.holds(judged)) letGo(judged)
    attempt.clear()
    this.#crew.router.pump()
  }

  /** What becomes of the answer that it holds, though no attempt has just come home. */
  believed(decision: Decision): void {
    // Heard at the end of what the chart is doing now: the decision stands until then.
    this.#decision = decision
    tell(this.#crew.hub, this.actor, { type: 'held.judged', next: this.#nextAfter(decision) })
    this.#crew.router.pump()
  }

  /** A redirect would start something more. Only what was answered and must not be sent twice goes on to its end. */
  #nextAfter({ kind }: Decision): Next {
    return kind === 'redirect' && this.isDrained && !this.#mustStay ? 'carry on' : nextAfter[kind]
  }

  // Applicant: what the pool tells a task.

  get wish(): Attempts {
    return this.attempts
  }

  /** No proxy at once: it waits in the queue from now on, and holds no place among those that race. */
  queued(): void {
    this.#hasPlace = false
    this.#setRacing(false)
  }

  granted(lease: ProxyLease): void {
    if (!this.bound.takes(lease)) {
      this.pool.release(lease)
      return this.refused(noExit)
    }
    this.#granted = lease
    this.#setRacing(true)
    tell(this.#poolActor, this.actor, { type: 'lease.granted', lease })
  }

  refused({ reason, until }: Refusal): void {
    if (this.redirects.changesExit(reason, until) || this.belief.isRefused(reason)) return
    if (reason === 'no-proxy' && this.bound.leavesSticky()) return
    const isHopeless = whyHopeless(this, reason, this.#crew) !== undefined
    const mustPark = reason !== 'host-limit' && reason !== 'proxy-limit'
    // Each reason is told once. Only the job hears of every new moment, so that it can yield its place.
    if (!isHopeless && reason === this.#parkedFor) {
      if (mustPark) this.#yields(until)
      return
    }
    const refusal = { reason, until }
    tell(this.#poolActor, this.actor, { type: 'lease.refused', refusal, isHopeless, mustPark })
  }

  // TaskWork: guards and actions.

  isQuiet(): boolean {
    return this.attempts.running === 0
  }

  isSettled(): boolean {
    return this.#isDelivered && this.attempts.running + this.attempts.left === 0
  }

  askForLease(): void {
    if (this.chain?.isLost) this.redirects.beginAgain()
    this.ask(this.record.started > 0 ? 'failover' : 'first')
  }

  /** Asks the pool of what it asks for now. */
  ask(why: 'first' | 'failover'): void {
    const { isHolding } = this.belief
    this.attempts.why = isHolding ? 'witness' : why
    // Others may wait for what it finds out.
    this.priority = isHolding ? 0 : this.#job!.priority
    this.#parkedFor = undefined
    // What would go over a cap gives its place up, and waits for those that are under way.
    if (this.isRacing && !this.#crew.spending.caps.hasRoom()) this.#setRacing(false)
    this.#hasPlace = this.isRacing
    if (this.bound.life?.loss === undefined) this.pool.ask(this)
    else this.refused(noExit)
  }

  startAttempt(lease: ProxyLease): void {
    if (lease !== this.#granted) return
    this.#granted = undefined
    this.#parkedFor = undefined
    this.#launch(lease)
    const witness = this.belief.leaseWitness(lease)
    if (witness) this.#launch(witness)
    if (!this.hedging.isAllowed) return
    // No probe rides beside a task that is late already.
    const probe = this.#hasPlace ? undefined : this.pool.leaseProbe(this.attempts, this.actor)
    if (probe) this.#launchExtra(probe)
    this.hedging.watch()
  }

  hedge(): void {
    if (!this.hedging.isAllowed) return
    const lease = this.hedging.lease()
    if (!lease) return
    this.attempts.markOverdue(this.pool)
    this.#launchExtra(lease)
    this.hedging.watch()
  }

  park({ reason, until }: Refusal): void {
    this.#parkedFor = reason
    // Told before it may yield: then it is the last thing that is known of this task.
    this.#crew.listener.parked(this.#job!, reason, until, this)
    this.#yields(until)
  }

  standInLine({ reason, until }: Refusal): void {
    this.#parkedFor = reason
    this.#crew.listener.parked(this.#job!, reason, until, this)
  }

  giveUp({ reason }: Refusal): void {
    const why = whyHopeless(this, reason, this.#crew)!
    if (why === 'stopped') this.abandon(why)
    else if (why === 'session') this.#loseSession(this.bound.life?.loss ?? 'its proxy is not available')
    else this.record.fail('TASK_FAILED', why.reason, why.detail)
  }

  pause(): void {
    if (this.#decision?.kind !== 'wait') return
    this.#setRacing(false)
    const { wheel, clock } = this.#crew
    const until = clock.now() + this.#decision.ms
    wheel.arm(this.#wakeTimer, until)
    this.#crew.listener.rests(this.#job!, 'backoff', until)
  }

  solve(): void {
    const { exchange, lease, solution: sent } = this.#judged!
    const { clock, wheel, solutions } = this.#crew
    const job = this.#job!
    this.tally.hasSolved = true
    this.#setRacing(false)
    this.#parkedFor = 'paused'
    // The resolver gets as long as an attempt; after that the task goes on without it.
    const until = clock.now() + this.pool.settings.limits.timeouts.total
    wheel.arm(this.#wakeTimer, until)
    this.#crew.listener.rests(job, 'challenge', until)
    const goOn = (isSolved: boolean) => {
      if (this.#job !== job || !this.#wakeTimer.armed) return
      wheel.disarm(this.#wakeTimer)
      if (isSolved) this.bound.hasSolved(lease.proxy)
      tell(this.actor, this.actor, wakeDue)
    }
    const response = exchange as HttpResponse
    void solutions.solve({ response, request: job.request, proxy: lease.endpoint, sent }).then(goOn)
  }

  follow(): void {
    if (this.#decision?.kind !== 'redirect') return
    const { judged, trust } = this.#decision
    if (trust === 'proven' || trust === 'unproven') this.record.ledBy(judged.lease.endpoint.id)
    this.reckoning.pageCame(judged.verdict, trust)
    this.tally.settle()
    this.hedging.off()
    this.pool.leave(this)
    this.#returnGranted()
    this.attempts.leave()
    const isAnswered = this.redirects.follow(this.#decision.request)
    // Others may race while those are asked who may forbid it.
    if (!isAnswered) this.#setRacing(false)
  }

  hold(): void {
    // Others may race meanwhile, and one of them is to find out.
    this.#setRacing(false)
  }

  goOn(): void {
    this.redirects.goOn()
  }

  turnAway(): void {
    this.redirects.turnAway()
  }

  conclude(): void {
    const decision = this.#decision!
    if (decision.kind === 'answer') {
      const { judged, response, verdict, trust } = decision
      this.reckoning.pageCame(verdict, trust)
      if (verdict.kind === 'success' && verdict.reason !== 'accepted') this.#learn(response)
      const testimony = testimonyOf(judged, this.#job!, trust)
      this.record.win(response, verdict, judged, trust, testimony)
      return
    }
    const { exchange, verdict } =
      decision.kind === 'fail' ? (decision.judged ?? this.#judged!) : this.#judged!
    if (decision.kind === 'lose session') this.#loseSession(verdict.reason, this.#judged)
    else if (decision.kind === 'fail') {
      if (decision.reason === 'blocked-everywhere' || verdict.kind === 'dead') this.reckoning.forgive()
      this.record.fail('TASK_FAILED', decision.reason, decision.detail, verdict, exchange)
      const { judged, trust } = decision
      if (judged && trust) this.record.onTheWordOf(judged.lease.endpoint.id, this.#job!.request, trust)
    }
  }

  abandon(reason: string): void {
    this.record.abandon(reason, this.pool.host, this.#waitsFor())
  }

  giveBack(): void {
    this.abandon('yielded')
  }

  /** A lease may be granted in the very step in which its race turns elsewhere: it is not started any more. */
  #returnGranted(): void {
    if (this.#granted) this.pool.release(this.#granted)
    this.#granted = undefined
  }

  deliver(): void {
    const result = this.record.result!
    this.belief.reset(this.#decision?.kind === 'answer' ? this.#decision.judged : undefined)
    // Nothing wakes it any more, it leaves the queue, and what it was granted goes back.
    this.redirects.stop()
    this.hedging.off()
    this.#crew.wheel.disarm(this.#wakeTimer)
    this.#crew.wheel.disarm(this.#deadlineTimer)
    this.pool.leave(this)
    this.#returnGranted()
    this.#setRacing(false)
    this.attempts.cancel({ probesToo: !result.ok })
    if (result.ok) this.pool.record.counts.succeeded++
    else this.pool.record.counts.failed++
    const taken = () => {
      this.#isDelivered = true
      tell(this.sender, this.actor, delivered)
    }
    const settled = this.#crew.settle(this.chain?.first ?? this.#job!, result)
    if (settled) settled.then(taken)
    else taken()
  }

  recycle(): void {
    this.#job = undefined
    this.#decision = undefined
    this.redirects.reset()
    this.record.clear()
    this.#crew.recycle(this)
  }

  // The race itself.

  /** From now on it asks for this, of the pool of its host. */
  turnTo(job: TaskJob): void {
    const before = this.#job!.request.url
    this.#job = job
    this.pool = this.#crew.router.pool(job.host, this.actor)
    this.tally = this.chain!.tallyOf(job.request)
    this.#parkedFor = undefined
    this.bound.turnsFrom(before)
  }

  /** It leaves its place to others while it waits. What must not be sent twice stays when it was sent. */
  #yields(until: number | undefined): boolean {
    if (this.#mustStay) return false
    return this.#job!.parked?.(until, this.pool.host) ?? false
  }

  /** Who grants and refuses it leases; the router speaks for a pool that sleeps. */
  get #poolActor(): object {
    return this.pool.actor ?? this.#crew.router.actor
  }

  get #mustStay(): boolean {
    return this.chain?.isCommitted ?? false
  }

  #setRacing(isRacing: boolean): void {
    if (this.isRacing === isRacing) return
    this.isRacing = isRacing
    this.#crew.racing += isRacing ? 1 : -1
    this.#job!.racing?.(isRacing)
  }

  #launch(lease: ProxyLease): Attempt {
    const { spent } = this.#job!
    const attempt = this.attempts.take(lease)
    this.record.started++
    if (spent) spent.attempts++
    this.#crew.feedback.started(lease)
    attempt.begin(lease, this.record.started)
    this.#crew.listener.attemptStarted(this.#job!, attempt)
    return attempt
  }

  #launchExtra(lease: ProxyLease): void {
    this.#launch(lease).countAsExtra()
    this.record.hedges++
    const { spent } = this.#job!
    if (spent) spent.hedges++
    this.pool.record.counts.hedges++
  }

  /** What a good page looks like here, and one that a canary may ask for. */
  #learn(response: HttpResponse): void {
    const { record } = this.pool
    const { request, credentials } = this.#job!
    record.page.observe(response)
    // Who asks for it again, on behalf of another page, has neither session nor key.
    if (request.method === 'GET' && request.session === undefined && !credentials)
      record.goodUrl = request.url
  }

  #waitsFor(): string | undefined {
    const running = this.attempts.waitsFor()
    if (running !== undefined) return running
    if (this.redirects.isAsking) return 'for leave to ask where it was redirected to'
    if (this.#parkedFor === 'paused' && this.#wakeTimer.armed) return 'for the resolver of a challenge'
    if (this.#parkedFor) return waitWords[this.#parkedFor]
    return this.#wakeTimer.armed ? 'for the end of the pause after its last attempt' : undefined
  }

  #loseSession(reason: string, judged?: JudgedAttempt): void {
    const { request } = this.#job!
    this.bound.loseSession(reason)
    this.record.loseSession(request, reason, judged?.verdict, judged?.exchange)
  }
}

const taskLogic = compile(taskMachine)
/** The session is lost, so no proxy will do. */
const noExit: Refusal = { reason: 'no-proxy', until: undefined }
const assigned = { type: 'assigned' } as const
const wakeDue = { type: 'wake.due' } as const
const delivered = { type: 'delivered' } as const
const carryOn: Decision = { kind: 'carry on' }
