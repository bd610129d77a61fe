import { tell } from '../actors/adopt.ts'
import { Timer } from '../base/wheel.ts'
import type { HedgeRule, HedgeTiming } from '../contracts/explanation.ts'
import type { ProxyLease } from '../contracts/lease.ts'
import type { HedgeOptions } from '../options/options.ts'
import type { LatencyHistogram } from '../reputation/latency.ts'
import type { Crew } from './crew.ts'
import type { Race } from './race.ts'

/**
 * When a race is looked at for a hedge, and whether it gets one. Most races are over long before, so the timer is neither
 * disarmed then nor moved for the next race of the slot: it fires at its old time, sees that it is early, and goes on.
 * And when it fires late, the event loop was held up and answers may be lying unread in their sockets, so it waits as
 * long again.
 */
const lateness = 15

export class Hedging {
  readonly #race: Race
  readonly #crew: Crew
  readonly #timer: Timer
  #at = Number.POSITIVE_INFINITY
  /** Why the hedge that was leased last came when it did. */
  timing: HedgeTiming | undefined

  constructor(race: Race, crew: Crew) {
    this.#race = race
    this.#crew = crew
    this.#timer = new Timer(() => this.#fired())
  }

  /** Whether its task may have one at all: not while one exit alone is asked for. */
  get isAllowed(): boolean {
    const { job, pool, bound, chain } = this.#race
    if (!job.mayHedge || pool.hedges === undefined) return false
    if (bound.askAgain !== undefined || pool.settings.sticky) return false
    return bound.pinned === undefined && chain?.isTied !== true
  }

  /** Watches the attempts that run now. */
  watch(): void {
    const { pool, attempts } = this.#race
    const options = pool.settings.hedge
    if (!options || attempts.running >= options.max) return
    // At the latest after `minDelay` it looks again: by then the neighbours may have taught what is usual here.
    const now = this.#crew.clock.now()
    this.#lookAt(Math.min(this.#dueAt(options), now + options.minDelay))
  }

  off(): void {
    this.#at = Number.POSITIVE_INFINITY
  }

  /** A lease for one more attempt, if it is time and there is one; otherwise it looks again later by itself. */
  lease(): ProxyLease | undefined {
    const { pool, attempts, actor } = this.#race
    const options = pool.settings.hedge
    if (!options || attempts.running === 0 || attempts.running >= options.max) return undefined
    const now = this.#crew.clock.now()
    if (!attempts.hasArrival()) {
      if (this.#dueAt(options) > now) {
        this.watch()
        return undefined
      }
      const isAffordable = pool.hedges!.allows() && this.#crew.mayAddAttempt(options.share)
      const { busy, failed, among, only } = attempts
      if (isAffordable) this.timing = this.#timingOf(options)
      const lease = isAffordable ? pool.lease({ why: 'hedge', busy, failed, among, only }, actor) : undefined
      if (lease) return lease
    }
    this.#lookAt(now + options.minDelay)
    return undefined
  }

  #dueAt(options: HedgeOptions): number {
    const { pool, attempts } = this.#race
    const { latency } = pool.record
    return (
      attempts.oldestStart() +
      hedgeDelay(options, latency, attempts.meanExpected(), attempts.running, this.#longest)
    )
  }

  #timingOf(options: HedgeOptions): HedgeTiming {
    const { pool, attempts } = this.#race
    const { latency } = pool.record
    const expected = attempts.meanExpected()
    const { running } = attempts
    const delayMs = hedgeDelay(options, latency, expected, running, this.#longest)
    return { delayMs, from: hedgeRule(options, latency, expected, running, this.#longest) }
  }

  get #longest(): number {
    return this.#race.pool.settings.limits.timeouts.firstByte / 3
  }

  #lookAt(at: number): void {
    this.#at = at
    if (!this.#timer.armed || this.#timer.due > at) this.#crew.wheel.arm(this.#timer, at)
  }

  #fired(): void {
    if (this.#at === Number.POSITIVE_INFINITY) return
    const now = this.#crew.clock.now()
    const late = now - this.#at
    if (late < 0) this.#crew.wheel.arm(this.#timer, this.#at)
    else if (late > lateness) this.#lookAt(now + late)
    else tell(this.#race.actor, this.#race.actor, hedgeDue)
  }
}

const hedgeDue = { type: 'hedge.due' } as const

/**
 * When the next attempt of a race starts if nothing happens. Good pools hedge late, after what 95 % of this host's answers
 * need (Dean and Barroso, "The Tail at Scale", 2013: about 5 % more load); pools with proxies that fail more often than not
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
  if (isUnlikely(options, expected, attempts)) return options.minDelay * attempts
  const second = Math.min(longest, Math.max(options.minDelay, usual(options, latency)))
  return second * 2 ** (attempts - 1)
}

/** Where `hedgeDelay` has its delay from. */
function hedgeRule(
  options: HedgeOptions,
  latency: LatencyHistogram,
  expected: number,
  attempts: number,
  longest: number,
): HedgeRule {
  if (isUnlikely(options, expected, attempts)) return 'unlikely'
  const delay = usual(options, latency)
  if (delay >= longest) return 'most'
  if (delay <= options.minDelay) return 'least'
  if (latency.recorded < 5 || delay === options.coldDelay) return 'cold'
  return latency.quantile(0.99)! - latency.quantile(0.95)! < latency.quantile(0.5)! ? 'p99' : 'p95'
}

/** Those under way are more likely to fail than not: a second attempt hardly costs anything. */
function isUnlikely({ max }: HedgeOptions, expected: number, attempts: number): boolean {
  const early = Math.ceil(Math.log(0.1) / Math.log(1 - Math.min(0.99, Math.max(0.01, expected))))
  return expected < 0.4 && attempts < Math.min(max, early)
}

function usual(options: HedgeOptions, latency: LatencyHistogram): number {
  if (latency.recorded < 5) return options.coldDelay
  const late = latency.quantile(0.95)!
  const last = latency.quantile(0.99)!
  // A second attempt takes about the median: where nearly all are home by then, it cannot win.
  const high = last - late < latency.quantile(0.5)! ? last : late
  return latency.recorded < 20 ? Math.min(options.coldDelay, 1.5 * high) : high
}
