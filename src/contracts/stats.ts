import type { AttemptReason, BreakerState, ParkReason, PoolState } from './events.ts'
import type { VerdictKind } from './outcome.ts'

/** What a crawler knows about itself right now. Plain JSON, built when asked for. Times in ms, sizes in bytes. */
export interface CrawlerStats {
  readonly seed: number
  readonly wallMs: number
  readonly tasks: {
    /** Ever accepted. */
    readonly accepted: number
    readonly racing: number
    readonly parked: number
    readonly succeeded: number
    readonly failed: number
  }
  readonly attempts: number
  /** Attempts beyond the first of their task that were started while another was running. */
  readonly hedges: number
  readonly bytes: number
  /** Time from acceptance to answer of succeeded tasks; undefined before the first. */
  readonly latencyMs: Quantiles
  readonly verdicts: Readonly<Record<VerdictKind, number>>
  readonly hosts: Readonly<Record<string, HostStats>>
  readonly proxies: ProxyCounts
}

export interface Quantiles {
  readonly p50: number | undefined
  readonly p95: number | undefined
  readonly p99: number | undefined
}

export interface HostStats {
  readonly state: PoolState
  readonly reason: string
  /** Clock time until which it waits, if it does. */
  readonly until: number | undefined
  readonly succeeded: number
  readonly failed: number
  readonly attempts: number
  readonly hedges: number
  readonly bytes: number
  readonly inFlight: number
  /** Present limit of requests in flight; undefined when there is none. */
  readonly limit: number | undefined
  readonly waiting: number
  /** Milliseconds between two requests of one exit: what politeness asks for, or more where the host refused them for haste. */
  readonly intervalMs: number
  readonly firstByteMs: Quantiles
}

export interface ProxyCounts {
  readonly total: number
  /** Closed for the fleet. */
  readonly healthy: number
  readonly open: number
  readonly halfOpen: number
  readonly isolated: number
  readonly retired: number
}

/** One proxy as `crawler.proxies()` lists it. */
export interface ProxyView {
  readonly id: string
  readonly state: BreakerState
  readonly reason: string
  readonly until: number | undefined
  /** Posterior mean of success, all hosts. */
  readonly success: number
  readonly firstByteMs: number | undefined
  readonly inFlight: number
  readonly attempts: number
  readonly bytes: number
}

/** Why a task went as it did: `crawler.explain(task)`. */
export interface Explanation {
  readonly task: string
  readonly url: string
  readonly host: string
  readonly acceptedAt: number
  readonly settledAt: number | undefined
  readonly verdict: VerdictKind | undefined
  readonly reason: string | undefined
  readonly timeline: readonly ExplanationStep[]
}

export type ExplanationStep =
  | {
      readonly at: number
      readonly step: 'parked'
      readonly reason: ParkReason
      readonly until: number | undefined
    }
  | {
      readonly at: number
      readonly step: 'attempt'
      readonly attempt: number
      readonly proxy: string
      readonly why: AttemptReason
      /** Posterior mean of success when it was chosen, and candidates it was chosen from. */
      readonly expected: number
      readonly candidates: number
    }
  | {
      readonly at: number
      readonly step: 'outcome'
      readonly attempt: number
      readonly proxy: string
      readonly verdict: VerdictKind
      readonly reason: string
      readonly elapsedMs: number
      readonly won: boolean
    }
