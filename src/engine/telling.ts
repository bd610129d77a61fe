import type { Clock } from '../base/clock.ts'
import type { Audience } from '../contracts/audience.ts'
import type { Alert, HostState, ParkReason, ProxyState } from '../contracts/events.ts'
import type { TaskJob, TaskResult } from '../contracts/job.ts'
import type { Outcome, Verdict, VerdictKind } from '../contracts/outcome.ts'
import type { HeldFor, Judgement } from '../contracts/trust.ts'
import type { Explanations } from '../observe/explain.ts'
import type { Attempt } from '../race/attempt.ts'
import type { RaceListener } from '../race/listener.ts'
import type { Blame } from '../reputation/blame.ts'
import { LatencyHistogram } from '../reputation/latency.ts'

/**
 * What the engine tells others: events to those who listen, steps to the explanations, and counts. The race says what
 * happened; everything that is said about it stands here, in the order of a request's way.
 */
export class Telling implements RaceListener {
  readonly verdicts = new Map<VerdictKind, number>()
  /** Of tasks that were answered, without their waits. */
  readonly latency = new LatencyHistogram()
  readonly counts = { attempts: 0, hedges: 0, bytes: 0 }
  /** Grows whenever something was learned that a snapshot would hold. */
  lessons = 0
  readonly explanations: Explanations
  readonly #audience: Audience
  readonly #clock: Clock

  constructor(audience: Audience, explanations: Explanations, clock: Clock) {
    this.#audience = audience
    this.explanations = explanations
    this.#clock = clock
  }

  accepted(job: TaskJob): void {
    this.explanations.accepted(job, this.#clock.now())
    if (!this.#audience.isHeard('task.accepted')) return
    this.#audience.announce('task.accepted', { ...subjectOf(job), url: job.request.url })
  }

  parked(job: TaskJob, reason: ParkReason, until: number | undefined): void {
    this.explanations.parked(job.id, reason, until, this.#clock.now())
    if (!this.#audience.isHeard('task.parked')) return
    this.#audience.announce('task.parked', { ...subjectOf(job), reason, until })
  }

  attemptStarted(job: TaskJob, attempt: Attempt): void {
    this.explanations.attemptStarted(job, attempt, this.#clock.now())
    if (!this.#audience.isHeard('attempt.started')) return
    const { endpoint, why } = attempt.lease!
    this.#audience.announce('attempt.started', {
      ...subjectOf(job),
      attempt: attempt.number,
      proxy: endpoint.id,
      why,
    })
  }

  attemptFinished(job: TaskJob, attempt: Attempt, outcome: Outcome, blame: Blame, won: boolean): void {
    const { exchange, verdict } = outcome
    this.lessons++
    this.counts.attempts++
    if (attempt.isExtra) this.counts.hedges++
    this.counts.bytes += exchange.bytes
    this.verdicts.set(verdict.kind, (this.verdicts.get(verdict.kind) ?? 0) + 1)
    this.explanations.finished(job, attempt, outcome, won, this.#clock.now())
    if (!this.#audience.isHeard('outcome')) return
    this.#audience.announce('outcome', {
      ...subjectOf(job),
      url: attempt.request.url,
      attempt: attempt.number,
      proxy: attempt.lease!.endpoint.id,
      verdict: verdict.kind,
      reason: verdict.reason,
      ...termsOf(verdict),
      ...(exchange.kind === 'fault' && { fault: { phase: exchange.phase, cause: exchange.cause } }),
      status: exchange.kind === 'response' ? exchange.status : undefined,
      firstByteMs: exchange.firstByteMs,
      elapsedMs: outcome.endedAt - outcome.startedAt,
      bytes: exchange.bytes,
      blame: { proxy: Math.min(1, blame.fleetFailure), host: Math.min(1, blame.host) },
      won,
    })
  }

  held(job: TaskJob, proxy: string, reason: HeldFor): void {
    this.explanations.held(job.id, proxy, reason, this.#clock.now())
  }

  judged(job: TaskJob, judgement: Judgement): void {
    this.explanations.judged(job.id, judgement, this.#clock.now())
    if (!this.#audience.isHeard('trust.judged')) return
    this.#audience.announce('trust.judged', { ...subjectOf(job), url: job.request.url, ...judgement })
  }

  redirected(job: TaskJob, to: string): void {
    this.explanations.redirected(job.id, to, this.#clock.now())
  }

  ended(job: TaskJob, result: TaskResult): void {
    if (result.ok) this.latency.record(result.busyMs)
    this.explanations.ended(job, result, this.#clock.now())
    if (!this.#audience.isHeard('task.settled')) return
    this.#audience.announce('task.settled', {
      ...subjectOf(job),
      url: job.request.url,
      ok: result.ok,
      verdict: result.ok ? result.verdict.kind : (result.verdict ?? 'neutral'),
      reason: result.ok ? result.verdict.reason : result.reason,
      attempts: result.attempts,
      answeredBy: result.ok ? result.answeredBy : undefined,
      hedges: result.hedges,
      elapsedMs: result.elapsedMs,
    })
  }

  blackout(isOut: boolean): void {
    const back = 'A dial has succeeded again: this machine is back on the network.'
    const out =
      'Dials to proxy after proxy fail at once: this machine seems to be off the network. Nobody is blamed.'
    this.alert({ code: 'BLACKOUT', message: isOut ? out : back })
  }

  hostChanged(state: HostState): void {
    this.#audience.announce('host.state', state)
  }

  proxyChanged(state: ProxyState): void {
    this.#audience.announce('proxy.state', state)
  }

  alert(alert: Alert): void {
    this.#audience.announce('alert', alert)
  }
}

/** What every event of a task begins with. */
function subjectOf({ id, host, crawl }: TaskJob): { task: string; host: string; crawl: string | undefined } {
  return { task: id, host, crawl }
}

function termsOf({ kind: _kind, reason: _reason, ...terms }: Verdict): { terms?: typeof terms } {
  for (const _term in terms) return { terms }
  return {}
}
