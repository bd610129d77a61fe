import type { Run } from './run.ts'

/** How fast a run was at a moment, read from the times of its answers. */

/** Answers a second from `from` until `to`, virtual ms. */
export function rateBetween({ answeredAt }: Run, from: number, to: number): number {
  const count = answeredAt.filter((at) => at >= from && at < to).length
  return (count * 1_000) / (to - from)
}

/** Milliseconds from `from` until it made `rate` answers a second for a whole `span`; Infinity if never. */
export function timeUntil(run: Run, rate: number, from: number, span: number): number {
  const end = run.answeredAt.at(-1) ?? 0
  for (let at = from; at + span <= end; at += 250) {
    if (rateBetween(run, at, at + span) >= rate) return at - from
  }
  return Number.POSITIVE_INFINITY
}
