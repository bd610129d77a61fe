import type { TaskJob } from '../contracts/job.ts'
import type { ProxyLease } from '../contracts/lease.ts'
import type { Exchange, HttpResponse, Verdict } from '../contracts/outcome.ts'
import { reconsider } from '../reputation/blame.ts'
import type { Pool } from '../router/pool.ts'
import type { Attempt } from './attempt.ts'
import type { CrewWorld } from './crew.ts'
import type { RaceTally } from './tally.ts'

/** An attempt that has come home and was judged; its lease is given back and everybody concerned has been told. */
export interface JudgedAttempt {
  readonly exchange: Exchange
  readonly lease: ProxyLease
  readonly verdict: Verdict
  /** A resolver may try the challenge on the same proxy. */
  readonly isSolvable: boolean
  /** It is the task's answer, or the page's own failure on every proxy. */
  readonly isFinal: boolean
}

export function judgeAttempt(
  attempt: Attempt,
  parts: {
    readonly world: CrewWorld
    readonly pool: Pool
    readonly job: TaskJob
    readonly tally: RaceTally
    /** The task has no result yet. */
    readonly isOpen: boolean
  },
): JudgedAttempt {
  const { world, pool, job, tally, isOpen } = parts
  const exchange = attempt.exchange!
  const lease = attempt.lease!
  const said = world.classifier.classify(exchange, pool, job, lease.endpoint)
  const verdict = reconsider(said, pool.record.health)
  const isSolvable = verdict.kind === 'challenge' && world.resolveChallenge !== undefined && !tally.hasSolved
  const discounted = isSolvable
    ? ({ kind: 'neutral', reason: verdict.reason } as const)
    : tally.discount(verdict, lease.proxy, lease.pair, attempt.wasSent(exchange))
  const outcome = { exchange, verdict, startedAt: attempt.startedAt, endedAt: world.clock.now() }
  const judged = discounted === verdict ? outcome : { ...outcome, verdict: discounted }
  const blame = world.feedback.apply(pool, lease, judged)
  if (attempt.isOverdue) pool.record.pairs.overdue[lease.pair]!--
  const hasReached = attempt.reachedHost(exchange)
  if (attempt.isExtra && hasReached) pool.hedges?.spent()
  // It was hedged and never arrived: the host has seen one attempt less than was paid for.
  else if (attempt.isOverdue && !hasReached) pool.hedges?.returned()
  const isGood = verdict.kind === 'success' || verdict.kind === 'final'
  const isFinal = isOpen && isGood && !attempt.isScout
  if (isFinal && exchange.kind === 'response' && verdict.kind === 'success') learn(pool, job, exchange)
  world.finished(job, attempt, outcome, blame, isFinal && exchange.kind === 'response')
  return { exchange, lease, verdict, isSolvable, isFinal }
}

/** What a good page looks like here, and one that a canary may ask for. */
function learn({ record }: Pool, { request }: TaskJob, response: HttpResponse): void {
  record.page.observe(response)
  if (request.method === 'GET' && request.session === undefined) record.goodUrl = request.url
}
