import { beta as drawBeta, pickIndex, roughNormal } from '../base/random.ts'
import type { CandidateView, Strategy } from '../contracts/strategy.ts'

/**
 * The five strategies of the house. Thompson is the default; the others are what people know from elsewhere, and what
 * the benchmarks compare with.
 */

/**
 * Thompson sampling over time: for each candidate draw how likely it succeeds (Beta) and how long it takes (log-normal),
 * and take the smallest expected time to a good answer, L + (1 − p)/p · cost of a failure. Dividing a latency-weighted
 * reward into the Beta instead was rejected: it learns a slow proxy in dozens of answers where this needs one, and it
 * spoils α/(α + β) as the probability of success that hedging counts on. Attempts in flight make a proxy dearer, so that
 * fifty tasks that ask at once do not all draw the same favourite. An attempt that is to rescue a task (a hedge, a failover)
 * does not explore: it takes the smallest expectation instead of the smallest draw.
 */
export const thompson: Strategy = {
  name: 'thompson',
  pick(view) {
    let best = 0
    let least = Number.POSITIVE_INFINITY
    for (let position = 0; position < view.size; position++) {
      const cost = view.isUrgent ? expectedCost(view, position) : drawnCost(view, position)
      if (cost < least) {
        least = cost
        best = position
      }
    }
    return best
  },
}

function expectedCost(view: CandidateView, position: number): number {
  const success = mean(view, position)
  const cost = costOf(view, position, success, view.logLatency(position))
  view.weighed?.(position, success, cost)
  return cost
}

function drawnCost(view: CandidateView, position: number): number {
  const alpha = view.alpha(position)
  const beta = view.beta(position)
  const total = alpha + beta
  // From thirty on a Beta is near enough to a normal for choosing, at a fifth of the price.
  const share = alpha / total
  const success =
    total > 30
      ? share + Math.sqrt((share * (1 - share)) / (total + 1)) * roughNormal(view.random)
      : drawBeta(view.random, alpha, beta)
  const stray = view.logLatencyDeviation(position) * roughNormal(view.random)
  const cost = costOf(view, position, success, view.logLatency(position) + stray)
  view.weighed?.(position, success, cost)
  return cost
}

/** Expected milliseconds to a good answer. */
function costOf(view: CandidateView, position: number, success: number, logLatency: number): number {
  const odds = success < 0.001 ? 999 : success > 1 ? 0 : (1 - success) / success
  return Math.exp(logLatency) * (1 + 0.15 * view.inFlight(position)) + odds * view.failureCost
}

/** One after the other: the least recently used of the candidates, which the pool offers in rotation. */
export const roundRobin: Strategy = {
  name: 'round-robin',
  order: 'rotating',
  pick: () => 0,
}

/** Any proxy that may be used, each as likely. */
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
