import { isPersonal } from '../base/header-field.ts'
import { Timer } from '../base/wheel.ts'
import { isDoubtfulReason } from '../classify/overruled.ts'
import type { ParkReason } from '../contracts/events.ts'
import type { ProxyLease } from '../contracts/lease.ts'
import type { Fault } from '../contracts/outcome.ts'
import type { FetchRequest } from '../contracts/request.ts'
import type { AuditOrder, Trust } from '../contracts/trust.ts'
import { type Glance, glanceAt } from '../trust/glance.ts'
import { type Finding, Hearing } from '../trust/hearing.ts'
import { kinds } from '../trust/kind.ts'
import { type Profile, profileOf } from '../trust/profile.ts'
import type { Doubt, Waiter } from '../trust/trust.ts'
import type { Attempt } from './attempt.ts'
import { auditFindingOf, hearAudit } from './audit-finding.ts'
import { BeliefNews } from './belief-news.ts'
import type { Crew } from './crew.ts'
import type { Decision } from './decide.ts'
import { type JudgedAttempt, letGo } from './judge.ts'
import { endOf } from './led.ts'
import type { Race } from './race.ts'
import { answerOf } from './testimony.ts'
import { Witnesses } from './witnesses.ts'

/** Milliseconds that a page of a crawl is held for a second voice; a single fetch waits as long as it would for a hedge. */
const crawlPatience = 30_000
/** The same for two exits where a crawl has nothing else left to do, beyond what politeness asks for. */
const auditPatience = 5_000
/** Voices that are enough for one page, whether or not their exits are believed about others. */
const enoughVoices = 4
/** Voices that are enough to say that a page is not there. */
const enoughForEnd = 3
/** Exits of which one more than was asked for can be spared at once. */
const plenty = 16
/** Witnesses that may be lost before an answer is handed over as it is. */
const mostLost = 6

/**
 * How a race comes to believe its answer. Over plain HTTP a proxy can answer whatever it likes, so an answer of an exit that has not
 * been found honest is held, and others are asked the same by the same road (src/trust/ says whom, and what it means). While
 * another race hears the same exit, this one waits for that. Nothing is held for ever: when nobody else can be asked, or not
 * in time, the answer is handed over and says so.
 */
export class Belief implements Waiter {
  readonly #race: Race
  readonly #crew: Crew
  readonly #witnesses: Witnesses
  readonly #timer: Timer
  #hearing: Hearing<JudgedAttempt> | undefined
  /** It waits for what another race finds out about this exit. */
  #waitsFor: number | undefined
  /** The answer that it waits with. */
  #held: JudgedAttempt | undefined
  /** The exit that its own hearing is about. */
  #about: number | undefined
  #lost = 0
  /** What exits have brought that was taken for no page. */
  readonly #refusals = new Map<number, { readonly made: Profile; readonly glance: Glance }>()
  /** Undefined until there are any. */
  #lateNews: BeliefNews | undefined

  constructor(race: Race, crew: Crew) {
    this.#race = race
    this.#crew = crew
    this.#witnesses = new Witnesses(race, crew)
    this.#timer = new Timer(() => this.#hasWaited())
  }

  /** An answer is held. */
  get isHolding(): boolean {
    return this.#held !== undefined || this.#hearing !== undefined
  }

  /** Whether it needs what this attempt has brought. */
  holds(judged: JudgedAttempt): boolean {
    if (this.#held === judged) return true
    if (this.#hearing) for (const said of this.#hearing.brought()) if (said === judged) return true
    return false
  }

  /** The task is over, or goes on to another URL. What is held is let go, but for `kept`. */
  reset(kept?: JudgedAttempt): void {
    if (this.#refusals.size > 0) this.#refusals.clear()
    if (!this.isHolding) return
    this.#crew.wheel.disarm(this.#timer)
    const { trust } = this.#crew
    if (this.#waitsFor !== undefined) trust.leave(this)
    this.#waitsFor = undefined
    this.#race.bound.askAgain = undefined
    for (const judged of this.#all()) if (judged !== kept) letGo(judged)
    const about = this.#about
    this.#hearing = undefined
    this.#held = undefined
    this.#about = undefined
    this.#lost = 0
    this.#witnesses.reset()
    if (about === undefined) return
    trust.end(about)
    this.#crew.router.released(this.#race.pool, true)
  }

  /**
   * A lease for a witness that starts together with the first attempt, because what that will bring is to be compared in any case:
   * nobody waits for one after the other. Undefined where nothing is to be compared, or nobody is free.
   */
  leaseWitness({ proxy, endpoint }: ProxyLease): ProxyLease | undefined {
    const { pool, attempts, job } = this.#race
    if (this.isHolding || attempts.running !== 1 || endpoint.protocol === 'direct') return undefined
    // Where others wait for an exit, or have few to choose from, it would cost them what it saves here.
    if (pool.exits < plenty || pool.waiting.size > 0) return undefined
    if (!this.#isOpenToLies(job.request) || this.#crew.trust.isProven(proxy, this.#exits)) return undefined
    return this.#witnesses.lease(endpoint)
  }

  /** What follows an answer, a redirect or an ending; undefined when it may be taken as it is. */
  consider(attempt: Attempt, judged: JudgedAttempt): Decision {
    const { pool } = this.#race
    const { exchange, lease, verdict } = judged
    if (!this.isHolding) {
      if (exchange.verified) return this.#takenAs(judged, 'verified')
      if (lease.endpoint.protocol === 'direct') return this.#takenAs(judged, 'direct')
      if (!this.#isOpenToLies(attempt.request)) return this.#takenAs(judged, 'unchecked')
      pool.record.trust.isOpenToLies = true
      if (verdict.kind === 'success') this.#crew.trust.brought(lease.proxy, pool.record.trust)
      if (pool.exits < 2) return this.#takenAs(judged, 'unproven')
      const why = this.#whyDoubted(judged)
      if (why) return this.#hold(judged, why)
      return this.#take(judged, pool.record.trust.isContested ? 'contested' : 'proven')
    }
    const { counts } = this.#crew.trust
    if (verdict.kind === 'success') this.#crew.trust.brought(lease.proxy, pool.record.trust)
    counts.comparisons++
    counts.bytes += exchange.bytes
    this.#add(judged)
    return this.#conclude(this.#witnesses.areLeft)
  }

  /** An answer came that a rule takes for no page: when the page comes from somebody else, this exit has made it up. */
  refused({ exchange, verdict, lease }: JudgedAttempt): void {
    if (exchange.kind === 'fault' || exchange.verified || exchange.status >= 400) return
    const isMadeUp = verdict.kind === 'dead' && !verdict.credential
    if (!isMadeUp && !isDoubtfulReason(verdict.reason)) return
    if (this.#refusals.size < mostLost && exchange.file === undefined)
      this.#refusals.set(lease.proxy, { made: profileOf(exchange), glance: glanceAt(exchange) })
  }

  /** An attempt that should have brought a second voice has brought nothing. */
  lostWitness(judged: JudgedAttempt): Decision {
    const { attempts, bound } = this.#race
    if (bound.askAgain === judged.lease.proxy) {
      bound.askAgain = undefined
      this.#hearing?.isGone(judged.lease.proxy)
    }
    // It would bring nothing the next time either.
    if (this.#hearing && !judged.isOurs) attempts.exclude(judged.lease.proxy)
    if (!judged.isOurs) this.#lost++
    if (attempts.running > 0) return { kind: 'carry on' }
    if (this.#held) return { kind: 'hold' }
    const hasOther = this.#lost < mostLost && this.#witnesses.areLeft
    return this.#conclude(hasOther)
  }

  /** Nobody is there to be asked: for this moment, or at all. True when the race goes on without. */
  isRefused(reason: ParkReason): boolean {
    if (this.#hearing === undefined || reason === 'stopped') return false
    const { bound } = this.#race
    if (bound.askAgain !== undefined) {
      if (reason === 'interval' || reason === 'host-limit' || reason === 'proxy-limit') return false
      this.#hearing.isGone(bound.askAgain)
      bound.askAgain = undefined
      const decision = this.#conclude(true)
      // It stands in the queue already, and asks for somebody else from now on.
      if (decision.kind === 'next attempt') this.#crew.router.wake(this.#race.pool)
      else this.#send(decision)
      return true
    }
    if (reason !== 'no-proxy' && reason !== 'no-proxy-passes' && reason !== 'blackout') return false
    const decision = this.#conclude(false)
    // One is to be asked again: it stands in the queue already.
    if (decision.kind === 'next attempt') this.#crew.router.wake(this.#race.pool)
    else this.#send(decision)
    return true
  }

  get #news(): BeliefNews {
    this.#lateNews ??= new BeliefNews(this.#race, this.#crew.listener)
    return this.#lateNews
  }

  /** Tells why an answer is held and what came of it, behind the attempt that has brought it. */
  tell(): void {
    this.#lateNews?.tell()
  }

  /**
   * Its time is up: what is held is handed over as it is, of several what most say. False when nothing is, or when it leads on
   * and the time of the whole task is up.
   */
  handOver(mayLeadOn: boolean): boolean {
    const judged = this.#held ?? this.#hearing?.favourite.said
    if (!judged || (judged.next && !mayLeadOn)) return false
    if (this.#hearing) this.#news.found(this.#hearing, { kind: 'open' }, judged, 'unproven')
    else this.#news.judged(judged, 'unproven', 'unproven')
    this.#send(this.#take(judged, 'unproven'))
    return true
  }

  /** What an exit has brought earlier is compared with what others bring now: where it is gone, the exit is asked first. */
  audit({ testimony }: AuditOrder): void {
    const { clock, router, trust, wheel } = this.#crew
    const { fleet } = router
    const judged = answerOf(testimony)
    trust.counts.audits++
    const { job, pool, bound } = this.#race
    const pairs = Math.max(1, (job.quorum ?? 0) / 2)
    wheel.arm(this.#timer, clock.now() + pairs * (auditPatience + 2 * pool.pace.interval))
    if (!judged || !fleet.isOf(judged.lease.proxy, judged.lease.endpoint)) {
      bound.kept = fleet.numberOf(testimony.proxy)
      return
    }
    // It is no answer to this task.
    this.#begin({ ...judged, number: 0 }, trust.begin(judged.lease.proxy, this))
    trust.leave(this)
  }

  // Waiter: another race has heard the exit.

  judged(): void {
    const held = this.#held
    this.#waitsFor = undefined
    // Later: the race that has heard it is in the middle of its own end.
    this.#crew.clock.soon(() => {
      if (held && this.#held === held) this.#resume(held)
    })
  }

  #resume(held: JudgedAttempt): void {
    const { trust } = this.#crew
    const { proxy } = held.lease
    if (trust.isProven(proxy, this.#exits)) {
      this.#news.judged(held, 'proven', 'proven')
      return this.#send(this.#take(held, 'proven'))
    }
    if (trust.honesty.isConvicted(proxy)) {
      this.#news.judged(held, 'lies')
      this.#crew.wheel.disarm(this.#timer)
      this.#held = undefined
      letGo(held)
      this.#race.attempts.avoid(proxy)
      return this.#send(this.#askOn())
    }
    if (!trust.begin(proxy, this)) {
      this.#waitsFor = proxy
      return
    }
    this.#begin(held)
    this.#send(this.#conclude(true))
  }

  /** Answers that a proxy can have made up, and that may be asked for twice. */
  #isOpenToLies(request: FetchRequest): boolean {
    const { chain, bound } = this.#race
    if (!request.url.startsWith('http:') || this.#level === 'blind') return false
    if (!request.idempotent || request.session !== undefined || bound.pinned !== undefined) return false
    return chain?.isTied !== true && chain?.isCommitted !== true && !isPersonal(request.headers)
  }

  #whyDoubted({ exchange, lease: { proxy } }: JudgedAttempt): Doubt | 'caller' | undefined {
    const { pool, job } = this.#race
    const { trust } = this.#crew
    const response = exchange.kind === 'response' ? exchange : undefined
    const claimed = { proxy, host: pool.record.trust, url: job.request.url, response, exits: pool.exits }
    const why = trust.doubts(claimed)
    return job.quorum !== undefined || this.#level === 'verify' ? 'caller' : why
  }

  /** The first answer: its exit is heard now, or by another race already. */
  #hold(judged: JudgedAttempt, why: Doubt | 'caller'): Decision {
    const { pool, job, attempts } = this.#race
    const { trust, clock, wheel } = this.#crew
    const { proxy } = judged.lease
    const isFirst = trust.begin(proxy, this)
    this.#news.held(judged, why)
    const { hedge } = pool.settings
    const patience =
      job.isPatient || job.quorum !== undefined ? crawlPatience : hedge ? hedge.coldDelay : 1_000
    wheel.arm(this.#timer, clock.now() + patience)
    // Those that run are witnesses already, and the chart holds nothing while attempts are in flight.
    if (!isFirst && why !== 'caller' && attempts.running === 0) {
      this.#held = judged
      this.#waitsFor = proxy
      return { kind: 'hold' }
    }
    if (!isFirst) trust.leave(this)
    this.#begin(judged, isFirst)
    return this.#conclude(this.#witnesses.areLeft)
  }

  /** Its own hearing, with what it holds as the first voice. */
  #begin(judged: JudgedAttempt, isItsOwn = true): void {
    const { job, pool } = this.#race
    this.#hearing = new Hearing(job.request.url, pool.record.trust, job.quorum ?? 0)
    this.#about = isItsOwn ? judged.lease.proxy : undefined
    this.#held = undefined
    this.#add(judged)
    if (job.audit) this.#witnesses.excludeVouchers(judged.lease)
  }

  #add(judged: JudgedAttempt): void {
    const { attempts, bound, job } = this.#race
    const { url } = job.request
    const { proxy } = judged.lease
    const profile = profileOf(judged.exchange, judged.next?.url)
    const response = judged.exchange.kind === 'response' ? judged.exchange : undefined
    const hearing = this.#hearing!
    const asked = { host: hearing.host, url, response }
    const voice = this.#crew.trust.voiceOf(proxy, this.#exits, { profile, said: judged }, asked)
    // Its word is what the audit is about.
    const isAudited = job.audit !== undefined && proxy === (hearing.voices[0]?.proxy ?? proxy)
    hearing.add(isAudited ? { ...voice, isProven: false } : voice)
    if (bound.askAgain === proxy) bound.askAgain = undefined
    attempts.why = 'witness'
    attempts.prefers = this.#witnesses.preferenceIn(hearing)
    attempts.exclude(proxy)
    this.#witnesses.spareCompanions(proxy)
  }

  /** `mayAsk`: somebody else can be asked. */
  #conclude(mayAsk: boolean): Decision {
    const { bound, job, pool } = this.#race
    const { trust } = this.#crew
    const hearing = this.#hearing!
    const isWider = hearing.isSplit && this.#witnesses.askCompanions()
    const hasOther = isWider ? this.#lost < mostLost && this.#witnesses.areLeft : mayAsk
    const finding = hearing.find(!hasOther)
    if (finding.kind === 'ask again') {
      bound.askAgain = finding.proxy
      return this.#askOn()
    }
    if (finding.kind === 'ask') return this.#askOn()
    const { proxy, kind } = finding.voice
    const agreed = finding.kind === 'agreed' ? finding.camp.length : Number.POSITIVE_INFINITY
    // It costs a page, or a whole site.
    const { glance } = finding.voice
    const isNews = kind === kinds.end && !(glance && hearing.host.oddities.isKnown(glance))
    if (isNews && agreed < enoughForEnd && hasOther) return this.#askOn()
    const asked = { host: pool.host, exits: this.#exits, isAll: !hasOther }
    const { audit } = job
    const audited = audit
      ? hearAudit(hearing, finding, audit, (it) =>
          trust.accuse(it, hearing.question, hearing.host, pool.host),
        )
      : finding
    trust.learn(hearing, audited, asked)
    const isSure = agreed >= enoughVoices || trust.honesty.isAnchored(proxy, this.#exits)
    // Two that agree may be two liars: until a group is found whose members vouch for each other, more are asked.
    if (!isSure && hasOther && (!trust.honesty.isFounded || kind === kinds.robots)) {
      this.#witnesses.spareCompanions(proxy)
      return this.#askOn()
    }
    if (audit) audit.found(auditFindingOf(hearing, finding))
    const trusted = this.#trustOf(finding, isSure)
    this.#news.found(hearing, finding, finding.voice.said, trusted)
    return this.#take(finding.voice.said, trusted)
  }

  /** `isSure`: not only by two exits of whom nobody knows anything. Where they are, their word may be taken back. */
  #trustOf(finding: Finding<JudgedAttempt>, isSure: boolean): Trust {
    if (this.#hearing!.host.isContested || finding.kind === 'contested') return 'contested'
    if (finding.kind === 'agreed' && !isSure) return 'proven'
    return finding.kind === 'agreed' || finding.kind === 'decided' ? 'agreed' : 'unproven'
  }

  /** Those that run may bring what is needed. */
  #askOn(): Decision {
    return this.#race.attempts.running > 0 ? { kind: 'carry on' } : { kind: 'next attempt' }
  }

  /** The answer that the race ends or goes on with. */
  #take(judged: JudgedAttempt, trust: Trust): Decision {
    this.#refute(judged, trust)
    const decision = judged.number > 0 ? this.#takenAs(judged, trust) : this.#answerAudit(judged, trust)
    // Nobody reads the body of a redirect.
    this.reset(decision.kind === 'answer' ? decision.judged : undefined)
    return decision
  }

  /** What others say has been told; the task itself ends with what one of them has brought, if there is one. */
  #answerAudit(judged: JudgedAttempt, trust: Trust): Decision {
    const witness = this.#hearing?.voices.find(({ said }) => said.number > 0)?.said
    if (witness) return this.#takenAs(witness, trust)
    return {
      kind: 'fail',
      reason: 'no-witness',
      detail: `${this.#race.pool.host}: nobody else can be asked`,
      judged,
    }
  }

  /** What the race makes of an answer that is believed, or believed enough. */
  #takenAs(judged: JudgedAttempt, trust: Trust): Decision {
    const { exchange, verdict, next, lease } = judged
    const race = this.#race
    // Too large, or redirected to nowhere: the page's own doing, on every proxy, and nothing to hand over.
    if (exchange.kind === 'fault') return endsWith(race, exchange, judged, trust)
    if (!next) return { kind: 'answer', response: exchange, verdict, judged, trust }
    const circle = race.redirects.passed(exchange, lease.proxy, next)
    if (circle === undefined) return { kind: 'redirect', request: next, judged, trust }
    const end = endOf(exchange, 'redirect-limit', circle)
    const said = this.#crew.jury.verdictOf(end, race.job, lease.endpoint, race.pool.record.page)
    race.record.lost(end, said, lease.endpoint.id)
    const outcome = { ...judged.outcome, exchange: end, verdict: said }
    return endsWith(race, end, { ...judged, exchange: end, verdict: said, outcome }, trust)
  }

  #refute({ exchange, verdict }: JudgedAttempt, trusted: Trust): void {
    if (this.#refusals.size === 0 || exchange.kind === 'fault' || verdict.reason === 'accepted') return
    if (verdict.kind !== 'success' || (trusted !== 'agreed' && trusted !== 'proven')) return
    const { pool, job } = this.#race
    const page = profileOf(exchange)
    const of = { host: pool.record.trust, url: job.request.url, name: pool.host }
    for (const [proxy, { made, glance }] of this.#refusals)
      this.#crew.trust.refute(proxy, [made, page, glance], of)
  }

  #send(decision: Decision): void {
    this.tell()
    this.#race.believed(decision)
  }

  #hasWaited(): void {
    this.handOver(!this.#race.isDrained)
  }

  get #level(): string {
    return this.#race.job.trust ?? this.#race.pool.settings.trust
  }

  get #exits(): number {
    return this.#race.pool.exits
  }

  *#all(): Generator<JudgedAttempt> {
    if (this.#held) yield this.#held
    if (this.#hearing) yield* this.#hearing.brought()
  }
}

function endsWith({ pool }: Race, { detail }: Fault, judged: JudgedAttempt, trust: Trust): Decision {
  return { kind: 'fail', reason: judged.verdict.reason, detail: `${pool.host}: ${detail}`, judged, trust }
}
