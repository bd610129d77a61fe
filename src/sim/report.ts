import type { Violation } from './invariants.ts'
import type { PageCounts } from './pages.ts'

/** What came of a run. Times in virtual ms. */
export interface SimulationReport {
  readonly scenario: string
  readonly seed: number
  readonly pages: PageCounts
  /** From the first page asked for to the last answer. */
  readonly virtualMs: number
  /** Milliseconds this machine took. */
  readonly realMs: number
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number }
  /** Attempts that left, and body bytes that came. */
  readonly attempts: number
  readonly bytes: number
  /** Breakers that opened: with a cause in the world, and without one. */
  readonly opened: { readonly rightly: number; readonly wrongly: number }
  /** Processes it took. */
  readonly lives: number
  readonly violations: readonly Violation[]
}

/** The value below which a share `q` of the sample lies; 0 for none. */
export function quantileOf(sample: readonly number[], q: number): number {
  const sorted = [...sample].sort((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0
}
