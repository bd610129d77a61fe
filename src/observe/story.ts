import { redact } from '../base/redact.ts'
import type {
  ExplanationStep,
  Gates,
  HedgeTiming,
  KeptFor,
  LifeEnd,
  LivesAgain,
  PhaseTimes,
  RequestLife,
} from '../contracts/explanation.ts'
import type { LeaseChoice, ProxyLease } from '../contracts/lease.ts'
import { type Fault, type Outcome, phases, type Verdict, type VerdictKind } from '../contracts/outcome.ts'
import type { Attempt } from '../race/attempt.ts'
import type { Blame } from '../reputation/blame.ts'
import type { HostRecord } from '../reputation/host-record.ts'
import { choiceOf, rounded } from './choice.ts'
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

  /** Label of the proxy that brought the answer; undefined where there is none. */
  get via(): string | undefined {
    for (let at = 0; at < this.#count; at++) {
      if (this.#attempts[at]!.number === this.answeredBy) return this.#attempts[at]!.label
    }
    return undefined
  }

  /** Whether an attempt of it went out over the proxy of this label. */
  hasAsked(proxy: string): boolean {
    for (let at = 0; at < this.#count; at++) if (this.#attempts[at]!.label === proxy) return true
    return false
  }

  started(attempt: Attempt): void {
    if (this.#count >= mostSteps) return
    const note = this.#attempts[this.#count] ?? new AttemptNote()
    this.#attempts[this.#count++] = note
    note.start(attempt, this.isSampled || this.#count > 1)
    note.startOrder = this.#next++
  }

  finished(attempt: Attempt, outcome: Outcome, blame: Blame, won: boolean): void {
    for (let at = this.#count - 1; at >= 0; at--) {
      const note = this.#attempts[at]!
      if (note.number !== attempt.number) continue
      note.endOrder = this.#next++
      return note.finish(attempt, outcome, blame, won)
    }
  }

  /** What these refusals were blamed for has been given back. */
  forgiven(proxies: readonly { readonly proxy: number }[]): void {
    for (let at = 0; at < this.#count; at++) {
      const note = this.#attempts[at]!
      if (proxies.some(({ proxy }) => proxy === note.proxy)) note.isForgiven = true
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

/** One attempt. What exists anyway is referred to, and turned into words when somebody asks. */
class AttemptNote {
  startOrder = 0
  endOrder = 0
  isForgiven = false
  #number = 0
  #lease!: ProxyLease
  #record!: HostRecord
  #choice: LeaseChoice | undefined
  #startedAt = Number.NaN
  #gates: Gates | undefined
  #hedge: HedgeTiming | undefined
  /** Of its end. */
  #verdict: Verdict | undefined
  #fault: Fault | undefined
  #status = 0
  #reused = false
  #won = false
  #endedAt = Number.NaN
  #elapsedMs = Number.NaN
  #bytes = 0
  #blameOfProxy = Number.NaN
  #blameOfPair = Number.NaN
  #blameOfHost = Number.NaN
  #phaseMs = new Float64Array(phases.length)

  get number(): number {
    return this.#number
  }

  get proxy(): number {
    return this.#lease.proxy
  }

  /** The lease, its pick and the words stay until the next attempt has others: they are small, and exist anyway. */
  clear(): void {
    this.#gates = undefined
    this.#hedge = undefined
    this.#verdict = undefined
    this.#fault = undefined
  }

  start(attempt: Attempt, isWhole: boolean): void {
    const lease = attempt.lease!
    const { pool, race } = attempt
    this.#number = attempt.number
    this.isForgiven = false
    this.#lease = lease
    this.#record = pool.record
    this.#startedAt = attempt.startedAt
    this.#choice = lease.choice?.keep(this.#choice)
    if (isWhole && this.#number <= mostWithGates) {
      this.#gates = pool.selection.gates(race.attempts, attempt.startedAt)
    }
    if (lease.why === 'hedge') this.#hedge = race.hedging.timing
  }

  finish(attempt: Attempt, outcome: Outcome, blame: Blame, won: boolean): void {
    const { exchange, verdict } = outcome
    this.#verdict = verdict
    this.#reused = exchange.reused
    this.#bytes = exchange.bytes
    if (exchange.kind === 'fault') {
      this.#fault = exchange
      this.#status = exchange.code ?? 0
    } else this.#status = exchange.status
    this.#won = won
    this.#endedAt = outcome.endedAt
    this.#elapsedMs = outcome.endedAt - outcome.startedAt
    this.#blameOfProxy = blame.fleetFailure
    this.#blameOfPair = blame.pairFailure
    this.#blameOfHost = blame.host
    this.#phaseMs = attempt.takePhases(this.#phaseMs)
  }

  get label(): string {
    return this.#lease.endpoint.id
  }

  toStart(): ExplanationStep {
    const { endpoint, why, expected, candidates } = this.#lease
    return {
      at: this.#startedAt,
      step: 'attempt',
      attempt: this.#number,
      proxy: endpoint.id,
      why,
      expected: rounded(expected, 4),
      candidates,
      chosen: choiceOf(this.#choice),
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
      attempt: this.#number,
      proxy: this.#lease.endpoint.id,
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
        proxy: rounded(Math.min(1, this.#blameOfProxy), 3),
        pair: rounded(Math.min(1, this.#blameOfPair), 3),
        host: rounded(Math.min(1, this.#blameOfHost), 3),
      },
      isRefunded: this.isForgiven || this.#record.hasRefunded(this.#endedAt),
      won: this.#won,
    }
  }

  #phaseTimes(): PhaseTimes {
    const times: Record<string, number> = {}
    for (const [at, phase] of phases.entries()) {
      const ms = this.#phaseMs[at]!
      // The moment before a kept connection was found is no dial.
      if (ms > 0.005 && !(this.#reused && phase === 'dial')) times[phase] = rounded(ms, 2)
    }
    return times
  }
}

/** Attempts of one task for which it is told what kept other proxies away. */
const mostWithGates = 8
