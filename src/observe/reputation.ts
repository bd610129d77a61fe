import type { BreakerState } from '../contracts/events.ts'
import type { Engine } from '../engine/engine.ts'
import { type Breakers, breakerStates } from '../reputation/breakers.ts'
import type { Evidence } from '../reputation/posterior.ts'

/** What is known of a proxy, over all hosts or at one: the weights of the Thompson sampler, as they were last written. */
export interface ReputationRow {
  /** The proxy's label. */
  readonly proxy: string
  /** Undefined: over all hosts. */
  readonly host: string | undefined
  /** Discounted successes and failures, the prior not included. */
  readonly success: number
  /** Discounted failures, the prior not included. */
  readonly failure: number
  /** Clock ms at which they held; they have faded since. */
  readonly at: number
  /** The state of its breaker, there. */
  readonly state: BreakerState
}

export function reputationOf({ fleet, router }: Engine): ReputationRow[] {
  const rows = fleet.members.map((proxy) =>
    rowOf(fleet.endpoints[proxy]!.id, undefined, fleet.evidence, fleet.breakers, proxy),
  )
  for (const pool of router.pools.values()) {
    const { evidence, breakers } = pool.pairs
    for (const proxy of fleet.members) {
      const row = pool.pairs.rowOf(proxy)
      if (row !== undefined) rows.push(rowOf(fleet.endpoints[proxy]!.id, pool.host, evidence, breakers, row))
    }
  }
  return rows
}

function rowOf(
  proxy: string,
  host: string | undefined,
  { success, failure, at }: Evidence,
  breakers: Breakers,
  row: number,
): ReputationRow {
  return {
    proxy,
    host,
    success: success[row]!,
    failure: failure[row]!,
    at: at[row]!,
    state: breakerStates[breakers.state[row]!]!,
  }
}
