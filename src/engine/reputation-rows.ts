import type { ReputationRow } from '../contracts/stats.ts'
import { type Breakers, breakerStates } from '../reputation/breakers.ts'
import type { Evidence, Weights } from '../reputation/posterior.ts'
import type { Engine } from './engine.ts'

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
