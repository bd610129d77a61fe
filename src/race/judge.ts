import type { Exchange, HttpResponse, Verdict } from '../outcome.ts'
import { reconsider } from '../reputation/blame.ts'
import { applyOutcome } from '../reputation/feedback.ts'
import type { ProxyLease } from '../router/lease.ts'
import type { Pool } from '../router/pool.ts'
import type { CrewWorld } from './crew.ts'
import type { TaskJob } from './job.ts'
import type { Leg } from './leg.ts'
import type { RaceTally } from './tally.ts'

/** A leg that has come home and was judged; its lease is given back and everybody concerned has been told. */
export interface JudgedLeg {
  readonly exchange: Exchange
  readonly lease: ProxyLease
  readonly verdict: Verdict
  /** A resolver may try the challenge on the same proxy. */
  readonly isSolvable: boolean
  /** It is the task's answer, or the page's own failure on every proxy. */
  readonly isFinal: boolean
}

export function judgeLeg(
  leg: Leg,
  parts: {
    readonly world: CrewWorld
    readonly pool: Pool
    readonly job: TaskJob
    readonly tally: RaceTally
    /** The task has no result yet. */
    readonly isOpen: boolean
  },
): JudgedLeg {
  const { world, pool, job, tally, isOpen } = parts
  const exchange = leg.exchange!
  const lease = leg.lease!
  const said = world.classifier.classify(exchange, pool, job, lease.endpoint)
  const verdict = reconsider(said, pool.health)
  const isSolvable = verdict.kind === 'challenge' && world.resolveChallenge !== undefined && !tally.hasSolved
  const discounted = isSolvable
    ? ({ kind: 'neutral', reason: verdict.reason } as const)
    : tally.discount(verdict, lease.proxy, lease.pair, leg.wasSent(exchange))
  const outcome = { exchange, verdict, startedAt: leg.startedAt, endedAt: world.clock.now() }
  const judged = discounted === verdict ? outcome : { ...outcome, verdict: discounted }
  const blame = applyOutcome(world.feedback, pool, lease, judged)
  if (leg.isOverdue) pool.pairs.overdue[lease.pair]!--
  const hasReached = leg.reachedHost(exchange)
  if (leg.isExtra && hasReached) pool.hedges?.spent()
  // It was hedged and never arrived: the host has seen one leg less than was paid for.
  else if (leg.isOverdue && !hasReached) pool.hedges?.returned()
  const isGood = verdict.kind === 'success' || verdict.kind === 'page'
  const isFinal = isOpen && isGood && !leg.isScout
  if (isFinal && exchange.kind === 'response' && verdict.kind === 'success') learn(world, pool, job, exchange)
  world.finished(job, leg, outcome, blame, isFinal && exchange.kind === 'response')
  return { exchange, lease, verdict, isSolvable, isFinal }
}

/** What a good page looks like here, and one that a canary may ask for. */
function learn(world: CrewWorld, pool: Pool, { request }: TaskJob, response: HttpResponse): void {
  world.observeNorm(pool, response)
  if (request.method === 'GET' && request.session === undefined) pool.health.goodUrl = request.url
}
