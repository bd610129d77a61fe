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
import type { Fault, Outcome, Verdict, VerdictKind } from '../contracts/outcome.ts'
import type { Attempt } from '../race/attempt.ts'
import { phaseOrder } from '../race/attempt.ts'
import type { Blame } from '../reputation/blame.ts'
import type { HostRecord } from '../reputation/host-record.ts'
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

/** One attempt. NaN and -1 stand for what is not known yet. */
class AttemptNote {
  number = 0
  startOrder = 0
  endOrder = 0
  proxyNumber = -1
  isForgiven = false
  #proxy = ''
  #why: AttemptReason = 'first'
  #startedAt = 0.5
  #endedAt = Number.NaN
  #expected = 0.5
  #candidates = 0
  #by: ChosenBy = 'strategy'
  #strategy = ''
  #alpha = Number.NaN
  #beta = Number.NaN
  #drawn = Number.NaN
  #cost = Number.NaN
  #others = 0
  readonly #otherLabels: string[] = []
  readonly #otherDraws = new Float64Array(3)
  readonly #otherCosts = new Float64Array(3)
  #gates: Gates | undefined
  #hedge: HedgeTiming | undefined
  #verdict: Verdict | undefined
  #fault: Fault | undefined
  #status = 0
  #elapsedMs = 0.5
  readonly #phases = new Float64Array(phaseOrder.length)
  #bytes = 0
  #reused = false
  #blameProxy = 0.5
  #blamePair = 0.5
  #blameHost = 0.5
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
    const { endpoint, proxy, why, expected, candidates, choice } = attempt.lease!
    const { pool, race } = attempt
    this.number = attempt.number
    this.proxyNumber = proxy
    this.isForgiven = false
    this.#proxy = endpoint.id
    this.#why = why
    this.#startedAt = now
    this.#endedAt = Number.NaN
    this.#expected = expected
    this.#candidates = candidates
    this.#record = pool.record
    this.#others = 0
    if (choice) {
      this.#by = choice.by
      this.#strategy = choice.strategy
      this.#alpha = choice.alpha
      this.#beta = choice.beta
      this.#drawn = choice.drawn
      this.#cost = choice.cost
      this.#others = choice.others
      for (let at = 0; at < choice.others; at++) {
        this.#otherLabels[at] = pool.nameOf(choice.proxies[at]!)
        this.#otherDraws[at] = choice.draws[at]!
        this.#otherCosts[at] = choice.costs[at]!
      }
    }
    if (isWhole && this.number <= mostWithGates) this.#gates = pool.selection.gates(race.attempts, now)
    if (why === 'hedge') this.#hedge = race.hedging.timing
  }

  finish(
    attempt: Attempt,
    { exchange, verdict, startedAt, endedAt }: Outcome,
    blame: Blame,
    won: boolean,
    now: number,
  ): void {
    this.#endedAt = now
    this.#verdict = verdict
    this.#fault = exchange.kind === 'fault' ? exchange : undefined
    this.#status = exchange.kind === 'response' ? exchange.status : (exchange.code ?? 0)
    this.#elapsedMs = endedAt - startedAt
    this.#phases.set(attempt.phaseMs)
    this.#bytes = exchange.bytes
    this.#reused = exchange.reused
    this.#blameProxy = blame.fleetFailure
    this.#blamePair = blame.pairFailure
    this.#blameHost = blame.host
    this.#won = won
  }

  toStart(): ExplanationStep {
    return {
      at: this.#startedAt,
      step: 'attempt',
      attempt: this.number,
      proxy: this.#proxy,
      why: this.#why,
      expected: rounded(this.#expected, 4),
      candidates: this.#candidates,
      chosen: this.#choice(),
      ...(this.#gates && { gates: this.#gates }),
      ...(this.#hedge && { hedge: this.#hedge }),
    }
  }

  /** Undefined while it is under way. */
  toEnd(): ExplanationStep | undefined {
    if (this.#verdict === undefined) return undefined
    const { kind: verdict, reason } = this.#verdict
    const fault = this.#fault
    return {
      at: this.#endedAt,
      step: 'outcome',
      attempt: this.number,
      proxy: this.#proxy,
      verdict,
      reason,
      rule: ruleOf(reason, fault),
      ...(fault && { fault: { phase: fault.phase, cause: fault.cause }, detail: shown(fault.detail) }),
      ...(this.#status > 0 && { status: this.#status }),
      elapsedMs: this.#elapsedMs,
      phases: this.#phaseTimes(),
      bytes: this.#bytes,
      reused: this.#reused,
      blame: {
        proxy: rounded(Math.min(1, this.#blameProxy), 3),
        pair: rounded(Math.min(1, this.#blamePair), 3),
        host: rounded(Math.min(1, this.#blameHost), 3),
      },
      isRefunded: this.isForgiven || this.#record?.hasRefunded(this.#endedAt) === true,
      won: this.#won,
    }
  }

  #choice(): Choice {
    return {
      by: this.#by,
      strategy: this.#strategy,
      ...(this.#alpha >= 0 && { alpha: rounded(this.#alpha, 3), beta: rounded(this.#beta, 3) }),
      ...(this.#cost >= 0 && { drawn: rounded(this.#drawn, 4), cost: rounded(this.#cost, 1) }),
      others: Array.from({ length: this.#others }, (_, at) => ({
        proxy: this.#otherLabels[at]!,
        drawn: rounded(this.#otherDraws[at]!, 4),
        cost: rounded(this.#otherCosts[at]!, 1),
      })),
    }
  }

  #phaseTimes(): PhaseTimes {
    const times: Record<string, number> = {}
    for (const [at, phase] of phaseOrder.entries()) {
      // The moment before a kept connection was found is no dial.
      if (this.#phases[at]! > 0.005 && !(this.#reused && phase === 'dial'))
        times[phase] = rounded(this.#phases[at]!, 2)
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
