import type { Clock } from '../base/clock.ts'
import type { Audience } from '../contracts/audience.ts'
import type { FrontierOp } from '../contracts/crawl-events.ts'
import type { Alert, HostState, ParkReason, ProxyState } from '../contracts/events.ts'
import type { OtherWait } from '../contracts/explanation.ts'
import type { Lease } from '../contracts/frontier.ts'
import type { TaskJob, TaskResult } from '../contracts/job.ts'
import type { Outcome, Verdict, VerdictKind } from '../contracts/outcome.ts'
import type { CrawlRequest } from '../contracts/request.ts'
import type { HeldFor, Judgement } from '../contracts/trust.ts'
import { Explanations, type VisitEnd } from '../observe/explain.ts'
import type { ExplainOptions } from '../options/options.ts'
import type { Attempt } from '../race/attempt.ts'
import type { RaceListener } from '../race/listener.ts'
import type { Race } from '../race/race.ts'
import type { Blame } from '../reputation/blame.ts'
import type { RefusalPenalty } from '../reputation/feedback.ts'
import { LatencyHistogram } from '../reputation/latency.ts'

/** What hears of each attempt and each answer, at the price of a call. */
export interface Keeper {
  /** A task was answered, without its waits, ms. */
  answered(busyMs: number): void
  /** An attempt has ended and was judged. */
  attempted(job: TaskJob, attempt: Attempt, outcome: Outcome): void
}

/** A visit of a crawl, as far as others are told of it. */
export interface Visited {
  /** The id that its task has, or will have. */
  readonly id: string
  readonly crawlId: string
  readonly lease: Lease
}

/**
 * What the engine tells others: events to those who listen, steps to the explanations, and counts. The race says what
 * happened; everything that is said about it stands here, in the order of a request's way.
 */
export class Telling implements RaceListener {
  readonly verdicts = new Map<VerdictKind, number>()
  /** Of tasks that were answered, without their waits. */
  readonly latency = new LatencyHistogram()
  /** Each keeps a series: it hears of what happens most without an event being built. */
  readonly keepers: Keeper[] = []
  readonly counts = { attempts: 0, hedges: 0, bytes: 0 }
  /** Grows whenever something was learned that a snapshot would hold. */
  lessons = 0
  readonly explanations: Explanations
  readonly #audience: Audience

  constructor(audience: Audience, explain: ExplainOptions | false, clock: Clock) {
    this.#audience = audience
    this.explanations = new Explanations(explain, clock, this.latency)
  }

  // What a crawl tells of its requests, before and behind their tasks.

  /** It was not known before. */
  found(crawl: string, { id: request, url, depth, referrer: foundOn }: CrawlRequest): void {
    if (!this.#audience.isHeard('request.found')) return
    this.#audience.announce('request.found', { crawl, request, url, depth, foundOn })
  }

  /** A link that was found on a page is not followed. */
  turnedAway(crawl: string, url: string, reason: string, foundOn: string | undefined): void {
    this.explanations.rejected(crawl, url, reason, foundOn)
    if (!this.#audience.isHeard('request.rejected')) return
    this.#audience.announce('request.rejected', { crawl, url, reason, foundOn })
  }

  /** It was taken from its frontier. */
  taken({ crawlId: crawl, lease, id: task }: Visited): void {
    const again = this.explanations.taken(crawl, lease, task)
    if (!this.#audience.isHeard('request.taken')) return
    const { id: request, url, depth } = lease.request
    this.#audience.announce('request.taken', { crawl, request, task, url, depth, again })
  }

  /** It waits for something before it may have a task. */
  waits({ crawlId: crawl, lease, id: task }: Visited, reason: OtherWait): void {
    this.explanations.waits(task, reason)
    if (!this.#audience.isHeard('request.waits')) return
    const request = lease.request.id
    this.#audience.announce('request.waits', { crawl, request, task, reason, until: undefined })
  }

  /** It was settled. */
  visited({ crawlId: crawl, lease, id: task }: Visited, end: VisitEnd): void {
    this.explanations.settled(task, end)
    if (end.as !== 'requeued' || !this.#audience.isHeard('request.requeued')) return
    this.#audience.announce('request.requeued', { crawl, request: lease.request.id, task, until: end.until })
  }

  /** What it gave is safe in these sinks, or `failure` says why not. */
  stored(
    { crawlId: crawl, lease, id: task }: Visited,
    sinks: readonly string[],
    records: number,
    failure?: string,
  ): void {
    this.explanations.stored(task, sinks, records, failure)
    if (!this.#audience.isHeard('request.stored')) return
    const request = lease.request.id
    this.#audience.announce('request.stored', { crawl, request, task, sinks, records, failure })
  }

  /** Somebody wants to know how long the frontiers take. */
  get isTimed(): boolean {
    return this.#audience.isHeard('frontier.asked')
  }

  /** Its frontier has answered, or failed. */
  asked(crawl: string, op: FrontierOp, elapsedMs: number, failed: boolean): void {
    this.#audience.announce('frontier.asked', { crawl, op, elapsedMs, failed })
  }

  /** A batch has reached a sink, or has not. */
  written(crawl: string, sink: string, records: number, elapsedMs: number, failed: boolean): void {
    if (!this.#audience.isHeard('sink.written')) return
    this.#audience.announce('sink.written', { crawl, sink, records, elapsedMs, failed })
  }

  /** Its visit is over. */
  left(task: string): void {
    this.explanations.over(task)
  }

  // What the race tells of a task.

  accepted(job: TaskJob): void {
    const isAudit = job.audit !== undefined
    if (!isAudit) this.explanations.accepted(job)
    if (!this.#audience.isHeard('task.accepted')) return
    const { url, method } = job.request
    this.#audience.announce('task.accepted', { ...subjectOf(job), url, method, ...(isAudit && { isAudit }) })
  }

  parked(job: TaskJob, reason: ParkReason, until: number | undefined, race: Race): void {
    this.explanations.parked(job.id, reason, until, race)
    if (!this.#audience.isHeard('task.parked')) return
    this.#audience.announce('task.parked', { ...subjectOf(job), reason, until })
  }

  attemptStarted(job: TaskJob, attempt: Attempt): void {
    this.explanations.attemptStarted(job, attempt)
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
    this.explanations.finished(job, attempt, outcome, blame, won)
    for (const keeper of this.keepers) keeper.attempted(job, attempt, outcome)
    if (!this.#audience.isHeard('outcome')) return
    this.#audience.announce('outcome', {
      ...subjectOf(job),
      url: attempt.asked.url,
      method: attempt.asked.method,
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

  rests(job: TaskJob, reason: 'backoff' | 'challenge', until: number): void {
    this.explanations.waits(job.id, reason, until)
    if (!this.#audience.isHeard('request.waits')) return
    const { id: task, crawl, page: request } = job
    this.#audience.announce('request.waits', { crawl, request, task, reason, until })
  }

  forgiven(job: TaskJob, penalties: readonly RefusalPenalty[]): void {
    this.explanations.forgiven(job.id, penalties)
  }

  held(job: TaskJob, proxy: string, reason: HeldFor): void {
    this.explanations.held(job.id, proxy, reason)
    if (!this.#audience.isHeard('answer.held')) return
    this.#audience.announce('answer.held', { ...subjectOf(job), proxy, reason })
  }

  judged(job: TaskJob, judgement: Judgement): void {
    this.explanations.judged(job.id, judgement)
    if (!this.#audience.isHeard('trust.judged')) return
    this.#audience.announce('trust.judged', { ...subjectOf(job), url: job.request.url, ...judgement })
  }

  redirected(job: TaskJob, to: string): void {
    this.explanations.redirected(job.id, to)
    if (!this.#audience.isHeard('task.redirected')) return
    this.#audience.announce('task.redirected', { ...subjectOf(job), to })
  }

  ended(job: TaskJob, result: TaskResult): void {
    if (!job.audit) {
      if (result.ok) {
        this.latency.record(result.busyMs)
        for (const keeper of this.keepers) keeper.answered(result.busyMs)
      }
      this.explanations.ended(job, result)
    }
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
      ...(job.audit && { isAudit: true as const }),
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
function subjectOf({ id, host, crawl, page }: TaskJob): Subject {
  return { task: id, host, crawl, ...(page !== undefined && { request: page }) }
}

interface Subject {
  readonly task: string
  readonly host: string
  readonly crawl: string | undefined
  readonly request?: string
}

function termsOf({ kind: _kind, reason: _reason, ...terms }: Verdict): { terms?: typeof terms } {
  for (const _term in terms) return { terms }
  return {}
}
