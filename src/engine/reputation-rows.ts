import type { BreakerState } from '../contracts/events.ts'
import { type Breakers, breakerStates } from '../reputation/breakers.ts'
import type { Evidence, Weights } from '../reputation/posterior.ts'
import type { Engine } from './engine.ts'

/** What is known of a proxy, over all hosts or at one. */
export interface ReputationRow {
  /** Its label, without credentials. */
  readonly proxy: string
  /** Undefined: over all hosts. */
  readonly host: string | undefined
  /** Successes, the older the less they count; the prior is not included. */
  readonly success: number
  /** Failures, counted alike. */
  readonly failure: number
  /** Clock ms at which `success` and `failure` were right; they have faded since. */
  readonly at: number
  /** Of the circuit breaker. */
  readonly state: BreakerState
  /** The weights that the Thompson sampler draws from now, the prior included. */
  readonly alpha: number
  /** The second of the two weights. */
  readonly beta: number
}

export function reputationOf({ fleet, router }: Engine, now: number): ReputationRow[] {
  const rows = fleet.members.map((proxy) =>
    rowOf(fleet.nameOf(proxy), undefined, fleet, proxy, fleet.weigh(proxy, now)),
  )
  for (const { host, record } of router.pools.values()) {
    for (const proxy of fleet.members) {
      const row = record.pairs.rowOf(proxy)
      if (row === undefined) continue
      rows.push(rowOf(fleet.nameOf(proxy), host, record.pairs, row, record.weigh(row, now)))
    }
  }
  return rows
}

function rowOf(
  proxy: string,
  host: string | undefined,
  { evidence, breakers }: { readonly evidence: Evidence; readonly breakers: Breakers },
  row: number,
  { alpha, beta }: Weights,
): ReputationRow {
  return {
    proxy,
    host,
    success: evidence.success[row]!,
    failure: evidence.failure[row]!,
    at: evidence.at[row]!,
    state: breakerStates[breakers.state[row]!]!,
    alpha,
    beta,
  }
}
