import type { ProxyEndpoint } from '../../src/contracts/endpoint.ts'

/**
 * How a plain client chooses: it is asked for a proxy before each attempt and told how the attempt went. The client sends,
 * judges and repeats; it is the same for all, so that nothing but the choice is compared.
 */
export interface Policy {
  readonly name: string
  /** Attempts at once for one page; default 1. */
  readonly width?: number
  /** Whether a 429 rests its proxy at that host until Retry-After; else it is a failure like any other. Default false. */
  readonly pauses?: boolean
  /** Whether it ever shuts a proxy out; `opened` then counts how often. Default false. */
  readonly opens?: boolean
  /** A proxy, or why there is none at present. */
  pick(ask: Ask): Arm | Nobody
  /** An attempt ended; not told of those that were cancelled. */
  ended?(arm: Arm, isGood: boolean, now: number): void
}

/** One proxy as a plain client sees it. */
export interface Arm {
  /** Its place among the world's proxies, which only an oracle looks at. */
  readonly index: number
  readonly endpoint: ProxyEndpoint
  /** Attempts under way, and begun so far. */
  running: number
  uses: number
}

export interface Ask {
  readonly host: string
  readonly now: number
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** Every proxy, in the order of the client's list. */
  readonly arms: readonly Arm[]
  /** Whether this page may use it: not tried before, not resting at this host. */
  mayUse(arm: Arm): boolean
}

/** Nobody now: ask again at `until`, or never. */
export interface Nobody {
  readonly until: number | undefined
}

export const nobody: Nobody = { until: undefined }
