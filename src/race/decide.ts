import type { TaskJob } from '../contracts/job.ts'
import type { Exchange, HttpResponse, Verdict } from '../contracts/outcome.ts'
import type { Pool } from '../router/pool.ts'
import type { Attempt } from './attempt.ts'
import type { CrewWorld } from './crew.ts'
import type { RaceTally } from './tally.ts'

/**
 * What a race does after an attempt was lost. All of it stands here, in order of precedence; race.ts carries it out.
 */
export type Decision =
  /** The request may have arrived and must not be sent twice: the answer is handed over as it is. */
  | { readonly next: 'accept'; readonly response: HttpResponse; readonly verdict: Verdict }
  | { readonly next: 'fail'; readonly reason: string; readonly detail: string }
  | { readonly next: 'solve challenge' }
  | { readonly next: 'end session' }
  /** Other attempts are still running, or nothing may follow. */
  | { readonly next: 'carry on' }
  | { readonly next: 'wait'; readonly ms: number }
  /** Another attempt at once, on another proxy. */
  | { readonly next: 'next attempt' }

export interface LostAttempt {
  readonly job: TaskJob
  readonly attempt: Attempt
  readonly exchange: Exchange
  readonly verdict: Verdict
  /** A resolver may try the challenge on the same proxy. */
  readonly isSolvable: boolean
  readonly tally: RaceTally
  readonly pool: Pool
  readonly world: Pick<CrewWorld, 'random'>
  /** Attempts of this race that still run. */
  readonly running: number
  /** The task is drained: nothing follows. */
  readonly isLast: boolean
}

export function decide(lost: LostAttempt): Decision {
  const { job, attempt, exchange, verdict, tally, pool, world } = lost
  const jitter = world.random()
  if (!job.request.idempotent && attempt.wasSent(exchange)) {
    if (exchange.kind === 'response') {
      return { next: 'accept', response: exchange, verdict: { kind: 'final', reason: verdict.reason } }
    }
    const detail = `${job.request.method} may have arrived: ${exchange.detail}`
    return { next: 'fail', reason: 'not-repeatable', detail }
  }
  if (lost.isSolvable) return { next: lost.isLast ? 'carry on' : 'solve challenge' }
  if (job.request.session !== undefined && breaksSession(verdict)) return { next: 'end session' }
  if (verdict.reason === 'host-not-found' && pool.health.isAbsent(pool.selection.size)) {
    return { next: 'fail', ...notFound(pool) }
  }
  const reason = tally.count(
    verdict,
    attempt.lease!.proxy,
    pool,
    pool.selection.size,
    pool.settings.budgets,
    attempt.wasSent(exchange),
  )
  if ((reason === 'path-faults' || isKnownToFail(lost)) && isOutOfReach(lost)) {
    pool.health.isGivenUp = true
    return { next: 'fail', ...unreachable(pool, verdict.reason) }
  }
  if (reason) {
    const said = exchange.kind === 'fault' ? exchange.detail : `status ${exchange.status}`
    return { next: 'fail', reason, detail: `${pool.host}: ${verdict.reason} (${said})` }
  }
  if (lost.running > 0 || lost.isLast) return { next: 'carry on' }
  const ms = tally.waitBefore(verdict, jitter)
  return ms > 0 ? { next: 'wait', ms } : { next: 'next attempt' }
}

function breaksSession({ kind }: Verdict): boolean {
  return kind === 'dead' || kind === 'blocked' || kind === 'challenge' || kind === 'transient'
}

/** Why whoever waits for a host that is down need not wait, if so. */
export function whyLost(pool: Pool): { reason: string; detail: string } | undefined {
  if (pool.health.isAbsent(pool.selection.size)) return notFound(pool)
  if (!pool.health.isHopeless()) return undefined
  return pool.health.isReached
    ? { reason: 'host-failing', detail: `${pool.host} has failed whoever asked (${pool.reason})` }
    : unreachable(pool, pool.reason)
}

/** Another task has tried everything to reach this host: the next one tries for a fifth as long. */
function isKnownToFail({ verdict, attempt, pool }: LostAttempt): boolean {
  const { isGivenUp } = pool.health
  return isGivenUp && verdict.kind === 'transient' && attempt.number >= pool.settings.budgets.target * 4
}

/** Nobody has ever got as far as the host: it is not the page that fails. */
function isOutOfReach({ attempt, exchange, pool }: LostAttempt): boolean {
  const isShort = exchange.kind === 'response' ? exchange.forwarded : !attempt.wasSent(exchange)
  const { isReached, failures } = pool.health
  return isShort && !isReached && !failures.proven
}

function unreachable({ host }: Pool, why: string): { reason: string; detail: string } {
  return { reason: 'host-unreachable', detail: `no exit reaches ${host} (${why})` }
}

function notFound({ host }: Pool): { reason: string; detail: string } {
  return { reason: 'host-not-found', detail: `no proxy finds a host named ${host}` }
}
