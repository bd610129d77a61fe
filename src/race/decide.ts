import type { Options } from '../options.ts'
import type { Exchange, Verdict } from '../outcome.ts'
import type { Pool } from '../router/pool.ts'
import type { TaskJob } from './job.ts'
import type { Leg } from './leg.ts'
import type { RaceTally } from './tally.ts'

/**
 * What a race does after a leg was lost. All of it stands here, in order of precedence; race.ts carries it out.
 */
export type Decision =
  /** The request may have arrived and must not be sent twice: the answer is handed over as it is. */
  | { readonly next: 'accept' }
  | { readonly next: 'fail'; readonly reason: string; readonly detail: string }
  | { readonly next: 'solve challenge' }
  | { readonly next: 'end session' }
  /** Other legs are still running. */
  | { readonly next: 'carry on' }
  | { readonly next: 'wait'; readonly ms: number }
  /** Another leg at once, on another proxy. */
  | { readonly next: 'next leg' }

export interface LostLeg {
  readonly job: TaskJob
  readonly leg: Leg
  readonly exchange: Exchange
  readonly verdict: Verdict
  /** A resolver may try the challenge on the same proxy. */
  readonly isSolvable: boolean
  readonly tally: RaceTally
  readonly pool: Pool
  readonly fleetSize: number
  readonly budgets: Options['budgets']
  /** Legs of this race that still run. */
  readonly running: number
  /** Uniform in [0, 1). */
  readonly jitter: number
}

export function decide(lost: LostLeg): Decision {
  const { job, leg, exchange, verdict, tally, pool } = lost
  if (!job.request.idempotent && leg.wasSent(exchange)) {
    if (exchange.kind === 'response') return { next: 'accept' }
    const detail = `${job.request.method} may have arrived: ${exchange.detail}`
    return { next: 'fail', reason: 'not-repeatable', detail }
  }
  if (lost.isSolvable) return { next: 'solve challenge' }
  if (job.request.session !== undefined && breaksSession(verdict)) return { next: 'end session' }
  const reason = tally.count(
    verdict,
    leg.lease!.proxy,
    pool,
    lost.fleetSize,
    lost.budgets,
    leg.wasSent(exchange),
  )
  if (reason) {
    const said = exchange.kind === 'fault' ? exchange.detail : `status ${exchange.status}`
    return { next: 'fail', reason, detail: `${pool.host}: ${verdict.reason} (${said})` }
  }
  if (lost.running > 0) return { next: 'carry on' }
  const ms = tally.waitBefore(verdict, lost.jitter)
  return ms > 0 ? { next: 'wait', ms } : { next: 'next leg' }
}

function breaksSession({ kind }: Verdict): boolean {
  return kind === 'dead' || kind === 'blocked' || kind === 'challenge' || kind === 'transient'
}
