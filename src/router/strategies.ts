import { beta as drawBeta, normal, pickIndex } from '../random.ts'
import type { CandidateView, Strategy } from './strategy.ts'

/**
 * The five strategies of the house. Thompson is the default; the others are what people know from elsewhere, and what
 * the benchmarks compare with.
 */

/**
 * Thompson sampling over time: for each candidate draw how likely it succeeds (Beta) and how long it takes (log-normal),
 * and take the smallest expected time to a good answer, L + (1 − p)/p · cost of a failure. Dividing a latency-weighted
 * reward into the Beta instead was rejected: it learns a slow proxy in dozens of answers where this needs one, and it
 * spoils α/(α + β) as the probability of success that hedging counts on. Attempts in flight make a proxy dearer, so that
 * fifty tasks that ask at once do not all draw the same favourite. A leg that is to rescue a task (a hedge, a failover)
 * does not explore: it takes the smallest expectation instead of the smallest draw.
 */
export const thompson: Strategy = {
  name: 'thompson',
  pick(view) {
    let best = 0
    let least = Number.POSITIVE_INFINITY
    for (let position = 0; position < view.size; position++) {
      const alpha = view.alpha(position)
      const beta = view.beta(position)
      const stray = view.isUrgent ? 0 : view.logLatencyDeviation(position) * normal(view.random)
      const success = Math.max(0.001, view.isUrgent ? alpha / (alpha + beta) : drawBeta(view.random, alpha, beta))
      const latency = Math.exp(view.logLatency(position) + stray)
      const crowding = 1 + 0.15 * view.inFlight(position)
      const cost = latency * crowding + ((1 - success) / success) * view.failureCost
      if (cost < least) {
        least = cost
        best = position
      }
    }
    return best
  },
}

/** One after the other: the least recently used of the candidates, which the pool offers in rotation. */
export const roundRobin: Strategy = {
  name: 'round-robin',
  order: 'rotating',
  pick: () => 0,
}

export const random: Strategy = {
  name: 'random',
  pick: (view) => pickIndex(view.random, view.size),
}

/** With a chance in proportion to the posterior mean of success. */
export const weighted: Strategy = {
  name: 'weighted',
  pick(view) {
    let total = 0
    for (let position = 0; position < view.size; position++) total += mean(view, position)
    let rest = view.random() * total
    for (let position = 0; position < view.size; position++) {
      rest -= mean(view, position)
      if (rest <= 0) return position
    }
    return view.size - 1
  },
}

/** The one with the fewest attempts in flight; among those, the one used least here. */
export const leastUsed: Strategy = {
  name: 'least-used',
  pick(view) {
    let best = 0
    for (let position = 1; position < view.size; position++) {
      const fewer = view.inFlight(position) - view.inFlight(best) || view.uses(position) - view.uses(best)
      if (fewer < 0) best = position
    }
    return best
  },
}

function mean(view: CandidateView, position: number): number {
  const alpha = view.alpha(position)
  return alpha / (alpha + view.beta(position))
}

const named = { thompson, 'round-robin': roundRobin, random, weighted, 'least-used': leastUsed } as const

export function strategyFor(option: keyof typeof named | Strategy): Strategy {
  return typeof option === 'string' ? named[option] : option
}
