import { grown } from './columns.ts'

/**
 * What is known of a proxy, and how fast it is forgotten. Successes and failures are exponentially discounted by the
 * wall clock, at read and at write (discounted Thompson sampling, Raj and Kalyani 2017, arXiv 1707.09727), so a proxy
 * that was not tried drifts back to its prior and is tried again without a sweep. The sum is capped by rescaling (dynamic
 * Thompson sampling, Gupta et al. 2011), so no past outweighs the present.
 *
 * The prior of a proxy at a host is hierarchical: its own record elsewhere, shrunk towards what its class is worth, times
 * how hostile the host is to everybody, combined as odds (empirical Bayes on the logit scale).
 */

/** Successes that a prior counts for at one host. */
export const priorWeight = 4
/** How many tries elsewhere it takes before a proxy's own record outweighs its class. */
export const shrinkage = 4

/** A Beta posterior of success: what the Thompson sampler draws from. */
export interface Weights {
  alpha: number
  beta: number
}

const classMeans = { datacenter: 0.8, residential: 0.7, mobile: 0.7, free: 0.1 } as const

/** How good an unknown proxy of this class is, before anything is known of it. */
export function classPrior(name: keyof typeof classMeans | undefined): number {
  return name ? classMeans[name] : 0.5
}

/** The share of old evidence that is left after `elapsed` ms. */
export function remaining(elapsed: number, halfLife: number): number {
  if (elapsed < halfLife / 256) return 1
  return 2 ** (-elapsed / halfLife)
}

/** A proxy's own record, other hosts only, shrunk towards its class. */
export function shrink(success: number, failure: number, classMean: number): number {
  return (success + shrinkage * classMean) / (success + failure + shrinkage)
}

/** Mean of the prior at one host: odds of the proxy × odds of the host ÷ odds of an average proxy. In [0.01, 0.99]. */
export function combinePrior(proxyMean: number, hostMean: number, averageMean: number): number {
  const odds = (oddsOf(proxyMean) * oddsOf(hostMean)) / oddsOf(averageMean)
  return clampShare(odds / (1 + odds))
}

function oddsOf(share: number): number {
  const clamped = clampShare(share)
  return clamped / (1 - clamped)
}

function clampShare(share: number): number {
  return share < 0.01 ? 0.01 : share > 0.99 ? 0.99 : share
}

/**
 * Decayed success and failure counts, one pair of columns per row. A write first forgets, then adds, then rescales to the
 * cap; a read forgets only.
 */
export class Evidence {
  success = new Float64Array(0)
  failure = new Float64Array(0)
  at = new Float64Array(0)
  readonly #halfLife: number
  readonly #cap: number

  constructor(halfLife: number, cap: number) {
    this.#halfLife = halfLife
    this.#cap = cap
  }

  grow(rows: number): void {
    if (rows <= this.at.length) return
    this.success = grown(this.success, rows)
    this.failure = grown(this.failure, rows)
    this.at = grown(this.at, rows)
  }

  add(row: number, success: number, failure: number, now: number): void {
    const left = remaining(now - this.at[row]!, this.#halfLife)
    // A read forgets nothing, so `at` moves only when something was forgotten.
    let s = this.success[row]! * left + success
    let f = this.failure[row]! * left + failure
    const total = s + f
    if (total > this.#cap) {
      s *= this.#cap / total
      f *= this.#cap / total
    }
    this.success[row] = s
    this.failure[row] = f
    if (left !== 1 || this.at[row] === 0) this.at[row] = now
  }

  /** Takes failures back that were added a moment ago. */
  takeBack(row: number, failure: number): void {
    this.failure[row] = Math.max(0, this.failure[row]! - failure)
  }

  /** The share of what the columns hold that still counts now. */
  left(row: number, now: number): number {
    return remaining(now - this.at[row]!, this.#halfLife)
  }

  /** What another run knew, as it was at `at`. */
  restore(row: number, success: number, failure: number, at: number): void {
    this.success[row] = success
    this.failure[row] = failure
    this.at[row] = at
  }

  clear(row: number): void {
    this.success[row] = 0
    this.failure[row] = 0
    this.at[row] = 0
  }
}
