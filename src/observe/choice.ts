import type { Choice } from '../contracts/explanation.ts'
import type { LeaseChoice } from '../contracts/lease.ts'

/** Candidates that were not taken and are named with the one that was. */
const mostOthers = 3

/** Why this proxy, as people see it. */
export function choiceOf(choice: LeaseChoice | undefined): Choice {
  if (!choice) return { by: 'bound', strategy: '', others: [] }
  const { by, strategy, proxy, size, proxies, endpoints, alpha, beta, drawn, cost } = choice
  const rows = Array.from({ length: size }, (_, row) => row)
  const taken = rows.find((row) => proxies[row] === proxy)
  const others = rows
    .filter((row) => row !== taken && cost[row]! >= 0)
    .sort((one, other) => cost[one]! - cost[other]!)
    .slice(0, mostOthers)
  const drawOf = (row: number) => ({ drawn: rounded(drawn[row]!, 4), cost: rounded(cost[row]!, 1) })
  return {
    by,
    strategy,
    ...(alpha >= 0 && { alpha: rounded(alpha, 3), beta: rounded(beta, 3) }),
    ...(taken !== undefined && cost[taken]! >= 0 && drawOf(taken)),
    others: others.map((row) => ({ proxy: endpoints[row]!.id, ...drawOf(row) })),
  }
}

export function rounded(value: number, digits: number): number {
  const unit = 10 ** digits
  return Math.round(value * unit) / unit
}
