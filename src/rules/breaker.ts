import type { BreakerOptions } from '../options/options.ts'

/**
 * When to stop using a proxy, and when to try it again: the plain functions behind machines/proxy.ts.
 *
 * A consecutive count alone misfires (a proxy that succeeds 70 % of the time fails three times in a row every 52 tries),
 * so it is used for hard faults and blocks only. Everything else goes through a count window, and trips only when the
 * proxy is also clearly worse than the others of its kind (`norm`): a bad day of the host opens no proxy.
 * Cooldowns double with equal jitter, d/2 + U(0, d/2) (Brooker 2015), and are dates, not timers.
 *
 * One definition, two scopes: the fleet's view (is this endpoint alive?) and a host's view (does this host accept it?).
 */
export type BreakerScope = 'fleet' | 'host'

/** Machine context: small, JSON, no secret. Times are clock milliseconds. */
export interface BreakerContext {
  readonly scope: BreakerScope
  /** The Thompson weights as of the last event: successes and failures, decayed, prior included. */
  readonly alpha: number
  readonly beta: number
  /** Failures that may trip on their own, in a row. */
  readonly run: number
  /**
   * Sliding window as exponential averages: outcomes seen (saturating), share failed, share slow. Half a failure is half
   * an outcome, not an outcome that half failed: else a proxy that only times out would never be worse than one half.
   */
  readonly seen: number
  readonly failedShare: number
  readonly slowShare: number
  /** How often it has opened without proving itself in between. */
  readonly reopens: number
  /** Successes since it last closed, up to three. */
  readonly proven: number
  readonly openUntil: number
  readonly openedAt: number
  /** While half-open: when the one probe's permit expires; 0 when no probe is out. */
  readonly probeUntil: number
  /**
   * Grows when it opens, closes or is taken out, and with each permit of a probe; an outcome of an older epoch moves nothing.
   */
  readonly epoch: number
  readonly reason: string
}

export interface FailureReport {
  readonly at: number
  readonly epoch: number
  /** (0, 1]. */
  readonly weight: number
  /** May trip by itself when it comes `run` times in a row. */
  readonly hard: boolean
  /** Trips at once: a refused credential, a forged certificate. */
  readonly fatal: boolean
  readonly reason: string
  /** Success share below which a proxy is worse than its peers; 1 when there are no peers to compare with. */
  readonly norm: number
  /** False when too many have opened on account of this host already: then it is the host. */
  readonly mayTrip: boolean
  /** Uniform in [0, 1): the cooldown's jitter. */
  readonly jitter: number
  readonly alpha: number
  readonly beta: number
  readonly options: BreakerOptions
}

export interface SuccessReport {
  readonly at: number
  readonly epoch: number
  /** How many successes in a row this reports: those of a closed proxy are told together. */
  readonly times: number
  /** The last of them took longer than three times what is usual at this host, and than a quarter of the first-byte timeout: while gates bind,
   * a slow proxy is still worth its requests; the picker prefers faster ones anyway. */
  readonly slow: boolean
  readonly alpha: number
  readonly beta: number
}

const windowSize = 20
const smallestWindow = { fleet: 8, host: 6 } as const
const failedShareToTrip = { fleet: 0.6, host: 0.7 } as const
const slowShareToTrip = 0.8
const successesToClose = { fleet: 2, host: 1 } as const

export function initialBreaker(scope: BreakerScope): BreakerContext {
  return {
    scope,
    alpha: 1,
    beta: 1,
    run: 0,
    seen: 0,
    failedShare: 0,
    slowShare: 0,
    reopens: 0,
    proven: 0,
    openUntil: 0,
    openedAt: 0,
    probeUntil: 0,
    epoch: 0,
    reason: '',
  }
}

/** A failure in the closed state, counted. */
export function countFailure(context: BreakerContext, failure: FailureReport): BreakerContext {
  const seen = Math.min(windowSize, context.seen + failure.weight)
  const share = seen === 0 ? 0 : failure.weight / seen
  return {
    ...context,
    alpha: failure.alpha,
    beta: failure.beta,
    run: failure.hard ? context.run + 1 : context.run,
    seen,
    failedShare: context.failedShare + (1 - context.failedShare) * share,
    proven: 0,
    reason: failure.reason,
  }
}

/**
 * Successes in the closed state, counted. A third one in a row wipes the record of earlier openings.
 *
 * At a host every outcome counts in the window. In the fleet's view a run of successes counts as one: faults of the proxy
 * itself are rare while it lives and certain when it is dead, so a thousand good answers must not make the window so sure
 * of a proxy that it takes thirty time-outs to see that it has died.
 */
export function countSuccess(context: BreakerContext, success: SuccessReport): BreakerContext {
  let { seen, failedShare, slowShare } = context
  const counted = context.scope === 'host' ? success.times : context.proven === 0 && seen > 0 ? 1 : 0
  for (let n = 0; n < counted; n++) {
    seen = Math.min(windowSize, seen + 1)
    failedShare -= failedShare / seen
    const isSlow = success.slow && n === success.times - 1
    slowShare += ((isSlow ? 1 : 0) - slowShare) / seen
  }
  const proven = Math.min(3, context.proven + success.times)
  return {
    ...context,
    alpha: success.alpha,
    beta: success.beta,
    run: 0,
    seen,
    failedShare,
    slowShare,
    reopens: proven === 3 ? 0 : context.reopens,
    proven,
  }
}

/** Whether this failure, counted, opens the breaker. */
export function isTripping(context: BreakerContext, failure: FailureReport): boolean {
  if (failure.fatal) return true
  if (!failure.mayTrip) return false
  const next = countFailure(context, failure)
  if (next.run >= failure.options.run) return true
  if (next.seen < smallestWindow[context.scope]) return false
  return next.failedShare >= failedShareToTrip[context.scope] && 1 - next.failedShare < failure.norm
}

/** Whether a success is one slow call too many. */
export function isTooSlow(context: BreakerContext, success: SuccessReport): boolean {
  if (context.scope !== 'host' || !success.slow) return false
  const next = countSuccess(context, success)
  return next.seen >= 10 && next.slowShare >= slowShareToTrip
}

/** How long to stay open the n-th time, in ms, before jitter: doubling up to the scope's cap. */
export function cooldown(scope: BreakerScope, reopens: number, options: BreakerOptions): number {
  const cap = scope === 'fleet' ? 2 * options.cap : options.cap
  return Math.min(cap, options.base * 2 ** Math.min(30, reopens))
}

/** Opens: the cooldown starts now. A permanent reason waits the longest there is. */
export function open(
  context: BreakerContext,
  why: { at: number; reason: string; jitter: number; permanent?: boolean },
  options: BreakerOptions,
): BreakerContext {
  const full = why.permanent
    ? cooldown(context.scope, 30, options)
    : cooldown(context.scope, context.reopens, options)
  return {
    ...context,
    run: 0,
    seen: 0,
    failedShare: 0,
    slowShare: 0,
    proven: 0,
    reopens: context.reopens + 1,
    openedAt: why.at,
    openUntil: why.at + full / 2 + (why.jitter * full) / 2,
    probeUntil: 0,
    epoch: context.epoch + 1,
    reason: why.reason,
  }
}

/** Whether one more good probe closes it. */
export function closesWith(context: BreakerContext): boolean {
  return context.proven + 1 >= successesToClose[context.scope]
}
