import { median } from '../report.ts'
import type { Run } from './run.ts'

/** The same policy over several seeds: of each figure the median, or the worst. */
export type Figures = Record<
  'success' | 'wall' | 'p50' | 'p95' | 'p99' | 'attempts' | 'bytes' | 'opened',
  number
>

export function middle(runs: readonly Run[]): Figures {
  const of = (pick: (run: Run) => number) => median(runs.map(pick))
  return {
    // Of success and of what was opened the worst seed: a median would hide that one in ten goes wrong.
    success: Math.min(...runs.map((run) => run.good / run.asked)),
    wall: of((run) => run.wall),
    p50: of((run) => run.p50),
    p95: of((run) => run.p95),
    p99: of((run) => run.p99),
    attempts: of((run) => run.attempts),
    bytes: of((run) => run.bytes),
    opened: Math.max(...runs.map((run) => run.wronglyOpened ?? Number.NaN)),
  }
}

/** How much slower than the oracle from the same seed, as the median of the ratios. */
export function wallRegret(runs: readonly Run[], best: readonly Run[]): number {
  return median(runs.map((run, index) => run.wall / best[index]!.wall))
}
