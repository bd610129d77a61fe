import { redact } from '../base/redact.ts'
import type { ParkReason } from '../contracts/events.ts'
import type { TaskJob, TaskResult } from '../contracts/job.ts'
import type { Outcome, VerdictKind } from '../contracts/outcome.ts'
import type { Explanation, ExplanationStep } from '../contracts/stats.ts'
import type { HeldFor, Judgement } from '../contracts/trust.ts'
import type { Attempt } from '../race/attempt.ts'

/**
 * Why did this request go the way it did? The timelines of the tasks under way and of the last thousand that ended, as
 * plain steps, so that the question can be asked afterwards.
 */
const remembered = 1_000

/** Words and numbers only: a remembered job or answer would pin its body and its caller. */
interface Entry {
  readonly task: string
  readonly url: string
  readonly host: string
  readonly acceptedAt: number
  readonly steps: ExplanationStep[]
  settledAt: number | undefined
  verdict: VerdictKind | undefined
  reason: string | undefined
  answeredBy: number | undefined
}

export class Explanations {
  readonly #running = new Map<string, Entry>()
  /** A ring: the newest overwrites the oldest. Looked through only when somebody asks. */
  readonly #ended: Entry[] = []
  #next = 0

  accepted(job: TaskJob, now: number): void {
    this.#running.set(job.id, {
      task: job.id,
      url: job.request.url,
      host: job.host,
      acceptedAt: now,
      steps: [],
      settledAt: undefined,
      verdict: undefined,
      reason: undefined,
      answeredBy: undefined,
    })
  }

  parked(task: string, reason: ParkReason, until: number | undefined, now: number): void {
    const steps = this.#running.get(task)?.steps
    const last = steps?.at(-1)
    // A task that waits for its turn may be told the same thing many times.
    if (!steps || (last?.step === 'parked' && last.reason === reason)) return
    if (steps.length < 200) steps.push({ at: now, step: 'parked', reason, until })
  }

  attemptStarted(job: TaskJob, attempt: Attempt, now: number): void {
    const steps = this.#running.get(job.id)?.steps
    if (!steps || steps.length >= 200) return
    const { endpoint, why, expected, candidates } = attempt.lease!
    steps.push({
      at: now,
      step: 'attempt',
      attempt: attempt.number,
      proxy: endpoint.id,
      why,
      expected,
      candidates,
    })
  }

  finished(job: TaskJob, attempt: Attempt, outcome: Outcome, won: boolean, now: number): void {
    const entry = this.#running.get(job.id) ?? this.#lately(job.id)
    if (!entry || entry.steps.length >= 200) return
    const { kind, reason } = outcome.verdict
    const proxy = attempt.lease!.endpoint.id
    const elapsedMs = outcome.endedAt - outcome.startedAt
    entry.steps.push({
      at: now,
      step: 'outcome',
      attempt: attempt.number,
      proxy,
      verdict: kind,
      reason,
      elapsedMs,
      won,
    })
  }

  held(task: string, proxy: string, reason: HeldFor, now: number): void {
    const steps = this.#running.get(task)?.steps
    if (steps && steps.length < 200) steps.push({ at: now, step: 'held', proxy, reason })
  }

  judged(task: string, judgement: Judgement, now: number): void {
    const steps = this.#running.get(task)?.steps
    if (steps && steps.length < 200) steps.push({ at: now, step: 'judged', ...judgement })
  }

  redirected(task: string, to: string, now: number): void {
    const steps = this.#running.get(task)?.steps
    if (steps && steps.length < 200) steps.push({ at: now, step: 'redirect', to: redact(to) })
  }

  ended(job: TaskJob, result: TaskResult, now: number): void {
    const entry = this.#running.get(job.id)
    if (!entry) return
    this.#running.delete(job.id)
    entry.settledAt = now
    entry.verdict = result.ok ? result.verdict.kind : result.verdict
    entry.reason = result.ok ? result.verdict.reason : result.reason
    entry.answeredBy = result.ok ? result.answeredBy : undefined
    this.#ended[this.#next] = entry
    this.#next = (this.#next + 1) % remembered
  }

  explain(task: string): Explanation | undefined {
    const entry = this.#running.get(task) ?? this.#lately(task)
    if (!entry) return undefined
    const { steps, ...rest } = entry
    return { ...rest, url: redact(rest.url), timeline: [...steps] }
  }

  #lately(task: string): Entry | undefined {
    return this.#ended.find((entry) => entry.task === task)
  }
}
