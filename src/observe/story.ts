import { redact } from '../base/redact.ts'
import type { AttemptReason } from '../contracts/events.ts'
import type {
  Choice,
  ChosenBy,
  ExplanationStep,
  Gates,
  HedgeTiming,
  KeptFor,
  LifeEnd,
  LivesAgain,
  PhaseTimes,
  RequestLife,
} from '../contracts/explanation.ts'
import { type Fault, type Outcome, phases, type Verdict, type VerdictKind } from '../contracts/outcome.ts'
import type { Attempt } from '../race/attempt.ts'
import type { Blame } from '../reputation/blame.ts'
import type { HostRecord } from '../reputation/host-record.ts'
import { mostOthers } from '../router/candidates.ts'
import { ruleOf } from './rule-of.ts'

/**
 * What is noted of one life of a request while it happens: numbers, and references to words that exist anyway. A story and
 * its notes are used again for other requests, so noting allocates next to nothing; words and objects for people are made
 * when somebody asks, or when the life is kept.
 */

/** Steps of one life; the first ones tell most, and a request that waits for hours must not grow without end. */
const mostSteps = 200

/** Everything but attempts: rare, so each is an object of its own. */
type Step = Exclude<ExplanationStep, { step: 'attempt' | 'outcome' }>

export class Story {
  task = ''
  crawl: string | undefined
  request: string | undefined
  url = ''
  host = ''
  depth: number | undefined
  foundOn: string | undefined
  again: LivesAgain | undefined
  begunAt = 0
  acceptedAt = 0
  settledAt: number | undefined
  verdict: VerdictKind | undefined
  reason: string | undefined
  detail: string | undefined
  answeredBy: number | undefined
  end: LifeEnd = 'running'
  kept: KeptFor = 'running'
  /** It belongs to a visit of a crawl, which says when it is over. */
  isVisit = false
  /** One of those that are kept whatever becomes of them. */
  isSampled = false
  /** Its outputs are on their way to the sinks. */
  isStoring = false
  /** Milliseconds in which it had an attempt under way. */
  busyMs = 0
  steps: Step[] = []
  /** As it was written down last, and how much was noted by then: one that waits does not change. */
  #written = ''
  #writtenAt = -1
  /** Where each step stands among all that was noted. */
  readonly #orders: number[] = []
  #next = 0
  readonly #attempts: AttemptNote[] = []
  #count = 0

  /** Forgets everything: it is another request's from now on. */
  clear(): void {
    for (let at = 0; at < this.#count; at++) this.#attempts[at]!.clear()
    this.#count = 0
    if (this.steps.length > 0) this.steps = []
    this.#orders.length = 0
    this.#next = 0
    this.#written = ''
    this.#writtenAt = -1
    this.crawl = this.request = this.foundOn = this.again = this.depth = undefined
    this.settledAt = this.verdict = this.reason = this.detail = this.answeredBy = undefined
    this.end = 'running'
    this.kept = 'running'
    this.isVisit = this.isSampled = this.isStoring = false
    this.busyMs = 0
  }

  add(step: Step): void {
    if (this.steps.length < mostSteps || isEnd(step)) this.#orders[this.steps.push(step) - 1] = this.#next++
  }

  get attempts(): number {
    return this.#count
  }

  started(attempt: Attempt, now: number): void {
    if (this.#count >= mostSteps) return
    const note = this.#attempts[this.#count] ?? new AttemptNote()
    this.#attempts[this.#count++] = note
    note.start(attempt, now, this.isSampled || this.#count > 1)
    note.startOrder = this.#next++
  }

  finished(attempt: Attempt, outcome: Outcome, blame: Blame, won: boolean, now: number): void {
    for (let at = this.#count - 1; at >= 0; at--) {
      const note = this.#attempts[at]!
      if (note.number !== attempt.number) continue
      note.endOrder = this.#next++
      return note.finish(attempt, outcome, blame, won, now)
    }
  }

  /** What these refusals were blamed for has been given back. */
  forgiven(proxies: readonly { readonly proxy: number }[]): void {
    for (let at = 0; at < this.#count; at++) {
      const note = this.#attempts[at]!
      if (proxies.some(({ proxy }) => proxy === note.proxyNumber)) note.isForgiven = true
    }
  }

  /** As people see it, as JSON. */
  toText(): string {
    if (this.#writtenAt !== this.#next) this.#written = JSON.stringify(this.toLife())
    this.#writtenAt = this.#next
    return this.#written
  }

  /** As people see it. */
  toLife(): RequestLife {
    const { task, crawl, request, host, depth, foundOn, again, begunAt, acceptedAt, settledAt } = this
    const { verdict, reason, detail, answeredBy, end, kept } = this
    return {
      task,
      ...(crawl !== undefined && { crawl }),
      ...(request !== undefined && { request }),
      url: redact(this.url),
      host,
      ...(depth !== undefined && { depth }),
      ...(foundOn !== undefined && { foundOn: redact(foundOn) }),
      ...(again !== undefined && { again }),
      begunAt,
      acceptedAt,
      settledAt,
      verdict,
      reason,
      ...(detail !== undefined && { detail: shown(detail) }),
      answeredBy,
      end,
      kept,
      timeline: this.#timeline(),
    }
  }

  #timeline(): ExplanationStep[] {
    const steps: ExplanationStep[] = []
    for (const [at, step] of this.steps.entries()) steps[this.#orders[at]!] = step
    for (let at = 0; at < this.#count; at++) {
      const note = this.#attempts[at]!
      steps[note.startOrder] = note.toStart()
      const end = note.toEnd()
      if (end) steps[note.endOrder] = end
    }
    return steps.filter((step, at) => !isMoment(step, steps[at + 1]))
  }
}

function isEnd({ step }: Step): boolean {
  return step === 'read' || step === 'settled' || step === 'stored'
}

/** A wait that was over as soon as it began is none. */
function isMoment(step: ExplanationStep, next: ExplanationStep | undefined): boolean {
  return (step.step === 'waits' || step.step === 'lined') && next !== undefined && next.at - step.at < 1
}

const longestDetail = 2_000

function shown(text: string): string {
  return redact(text).slice(0, longestDetail)
}

/** What is known of an attempt in numbers, by place. They stand side by side: a note is filled for every attempt, and read for few. */
const startedAt = 0
const endedAt = 1
const expected = 2
const candidates = 3
const alpha = 4
const beta = 5
const drawn = 6
const cost = 7
const status = 8
const elapsed = 9
const bytes = 10
const blameOfProxy = 11
const blameOfPair = 12
const blameOfHost = 13
const firstPhase = 14
const firstDraw = firstPhase + phases.length
const firstCost = firstDraw + mostOthers
const numbers = firstCost + mostOthers

/** One attempt. NaN, -1 and 0 stand for what is not known yet. */
class AttemptNote {
  number = 0
  startOrder = 0
  endOrder = 0
  proxyNumber = -1
  isForgiven = false
  #proxy = ''
  #why: AttemptReason = 'first'
  #by: ChosenBy = 'strategy'
  #strategy = ''
  #others = 0
  readonly #otherLabels: string[] = []
  readonly #numbers = new Float64Array(numbers)
  #gates: Gates | undefined
  #hedge: HedgeTiming | undefined
  #verdict: Verdict | undefined
  #fault: Fault | undefined
  #reused = false
  #won = false
  #record: HostRecord | undefined

  clear(): void {
    this.#gates = undefined
    this.#hedge = undefined
    this.#verdict = undefined
    this.#fault = undefined
    this.#record = undefined
  }

  start(attempt: Attempt, now: number, isWhole: boolean): void {
    const lease = attempt.lease!
    const { endpoint, proxy, why, choice } = lease
    const { pool, race } = attempt
    const all = this.#numbers
    this.number = attempt.number
    this.proxyNumber = proxy
    this.isForgiven = false
    this.#proxy = endpoint.id
    this.#why = why
    this.#record = pool.record
    this.#others = 0
    all[startedAt] = now
    all[expected] = lease.expected
    all[candidates] = lease.candidates
    if (choice) {
      this.#by = choice.by
      this.#strategy = choice.strategy
      this.#others = choice.others
      all[alpha] = choice.alpha
      all[beta] = choice.beta
      all[drawn] = choice.drawn
      all[cost] = choice.cost
      for (let at = 0; at < choice.others; at++) {
        this.#otherLabels[at] = pool.nameOf(choice.proxies[at]!)
        all[firstDraw + at] = choice.draws[at]!
        all[firstCost + at] = choice.costs[at]!
      }
    }
    if (isWhole && this.number <= mostWithGates) this.#gates = pool.selection.gates(race.attempts, now)
    if (why === 'hedge') this.#hedge = race.hedging.timing
  }

  finish(attempt: Attempt, outcome: Outcome, blame: Blame, won: boolean, now: number): void {
    const { exchange, verdict } = outcome
    const { phaseMs } = attempt
    const all = this.#numbers
    this.#verdict = verdict
    this.#fault = exchange.kind === 'fault' ? exchange : undefined
    this.#reused = exchange.reused
    this.#won = won
    all[endedAt] = now
    all[status] = exchange.kind === 'response' ? exchange.status : (exchange.code ?? 0)
    all[elapsed] = outcome.endedAt - outcome.startedAt
    all[bytes] = exchange.bytes
    all[blameOfProxy] = blame.fleetFailure
    all[blameOfPair] = blame.pairFailure
    all[blameOfHost] = blame.host
    for (let at = 0; at < phases.length; at++) all[firstPhase + at] = phaseMs[at]!
  }

  toStart(): ExplanationStep {
    const all = this.#numbers
    return {
      at: all[startedAt]!,
      step: 'attempt',
      attempt: this.number,
      proxy: this.#proxy,
      why: this.#why,
      expected: rounded(all[expected]!, 4),
      candidates: all[candidates]!,
      chosen: this.#choice(),
      ...(this.#gates && { gates: this.#gates }),
      ...(this.#hedge && { hedge: this.#hedge }),
    }
  }

  /** Undefined while it is under way. */
  toEnd(): ExplanationStep | undefined {
    if (this.#verdict === undefined) return undefined
    const { kind: verdict, reason } = this.#verdict
    const all = this.#numbers
    const fault = this.#fault
    return {
      at: all[endedAt]!,
      step: 'outcome',
      attempt: this.number,
      proxy: this.#proxy,
      verdict,
      reason,
      rule: ruleOf(reason, fault),
      ...(fault && { fault: { phase: fault.phase, cause: fault.cause }, detail: shown(fault.detail) }),
      ...(all[status]! > 0 && { status: all[status]! }),
      elapsedMs: all[elapsed]!,
      phases: this.#phaseTimes(),
      bytes: all[bytes]!,
      reused: this.#reused,
      blame: {
        proxy: rounded(Math.min(1, all[blameOfProxy]!), 3),
        pair: rounded(Math.min(1, all[blameOfPair]!), 3),
        host: rounded(Math.min(1, all[blameOfHost]!), 3),
      },
      isRefunded: this.isForgiven || this.#record?.hasRefunded(all[endedAt]!) === true,
      won: this.#won,
    }
  }

  #choice(): Choice {
    const all = this.#numbers
    return {
      by: this.#by,
      strategy: this.#strategy,
      ...(all[alpha]! >= 0 && { alpha: rounded(all[alpha]!, 3), beta: rounded(all[beta]!, 3) }),
      ...(all[cost]! >= 0 && { drawn: rounded(all[drawn]!, 4), cost: rounded(all[cost]!, 1) }),
      others: Array.from({ length: this.#others }, (_, at) => ({
        proxy: this.#otherLabels[at]!,
        drawn: rounded(all[firstDraw + at]!, 4),
        cost: rounded(all[firstCost + at]!, 1),
      })),
    }
  }

  #phaseTimes(): PhaseTimes {
    const times: Record<string, number> = {}
    for (const [at, phase] of phases.entries()) {
      const ms = this.#numbers[firstPhase + at]!
      // The moment before a kept connection was found is no dial.
      if (ms > 0.005 && !(this.#reused && phase === 'dial')) times[phase] = rounded(ms, 2)
    }
    return times
  }
}

/** Attempts of one task for which it is told what kept other proxies away. */
const mostWithGates = 8

function rounded(value: number, digits: number): number {
  const unit = 10 ** digits
  return Math.round(value * unit) / unit
}
