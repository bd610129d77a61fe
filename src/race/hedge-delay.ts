import type { HedgeOptions } from '../options/options.ts'
import type { LatencyHistogram } from '../reputation/latency.ts'

/**
 * When the next attempt of a race starts if nothing happens. Good pools hedge late, after what 95 % of this host's answers
 * need (Dean and Barroso, "The Tail at Scale", 2013: about 5 % more load); pools whose proxies fail more often than not
 * race almost at once, because then a second attempt hardly costs anything (with p = 0.3, two at once cost 18 % more attempts
 * than one after the other). The host's latencies are asked again each time the timer fires, so a race that started
 * before anything was known profits from what its neighbours have learnt meanwhile.
 */
export function hedgeDelay(
  options: HedgeOptions,
  latency: LatencyHistogram,
  /** Posterior mean of success of the attempts so far. */
  expected: number,
  /** Attempts started. */
  attempts: number,
  longest: number,
): number {
  const early = Math.ceil(Math.log(0.1) / Math.log(1 - Math.min(0.99, Math.max(0.01, expected))))
  if (expected < 0.4 && attempts < Math.min(options.max, early)) return options.minDelay * attempts
  const second = Math.min(longest, Math.max(options.minDelay, usual(options, latency)))
  return second * 2 ** (attempts - 1)
}

function usual(options: HedgeOptions, latency: LatencyHistogram): number {
  if (latency.recorded < 5) return options.coldDelay
  const late = latency.quantile(0.95)!
  const last = latency.quantile(0.99)!
  // A second attempt takes about the median: where nearly all are home by then, it cannot win.
  const high = last - late < latency.quantile(0.5)! ? last : late
  return latency.recorded < 20 ? Math.min(options.coldDelay, 1.5 * high) : high
}
