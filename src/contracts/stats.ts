import type { BreakerState, ParkReason, PoolState } from './events.ts'
import type { VerdictKind } from './outcome.ts'
import type { SpendingTotals } from './spending.ts'
import type { Standing, TrustCounts } from './trust.ts'

/** What a crawler knows about itself right now. Plain JSON, built when asked for. Times in ms, sizes in bytes. */
export interface CrawlerStats {
  /** What repeats this run: the option `seed`. */
  readonly seed: number
  /** Milliseconds since the crawler was made. */
  readonly wallMs: number
  /** Counts of tasks. */
  readonly tasks: {
    /** Ever accepted. */
    readonly accepted: number
    /** With an attempt under way. */
    readonly racing: number
    /** How many may race at once: `concurrency`, or less while this machine runs out of sockets. */
    readonly limit: number
    /** Waiting for a proxy or for a host. */
    readonly parked: number
    /** Ended with an answer. */
    readonly succeeded: number
    /** Ended without one. */
    readonly failed: number
  }
  /** Attempts that were started. */
  readonly attempts: number
  /** Attempts beyond the first of their task that were started while another was running. */
  readonly hedges: number
  /** Bytes of bodies on the wire, both directions. */
  readonly bytes: number
  /** All bytes on the wire, and what they cost. */
  readonly spending: SpendingTotals
  /** Time in which succeeded tasks had an attempt under way, without waits for gates; undefined before the first. */
  readonly latencyMs: Quantiles
  /** Attempts by verdict. */
  readonly verdicts: Readonly<Record<VerdictKind, number>>
  /** Good answers among the judged attempts of the last 60 s, in [0, 1]; undefined without any. Neutral ones are not counted. */
  readonly successRate1m: number | undefined
  /** Times that a task or a request of a crawl went back to wait, or to be tried again, because an attempt had failed. */
  readonly requeues: number
  /** Pages of crawls that were not asked for, or were left out when they had come, by reason; the first 64 reasons, then `other`. */
  readonly skipped: Readonly<Record<string, number>>
  /** Sessions that live: neither ended, nor lost, nor idle for 5 min. */
  readonly sessions: number
  /** Every open host, by its pool's key. */
  readonly hosts: Readonly<Record<string, HostStats>>
  /** How the proxies fare, over all hosts. */
  readonly proxies: ProxyCounts
  /** What comparing the proxies' answers has cost and found (docs/trust.md). */
  readonly trust: TrustCounts
  /** Why nothing, or one canary at a time, goes out at all: every dial fails, or somebody called `pause()`. Undefined otherwise. */
  readonly held?: 'blackout' | 'paused' | undefined
}

/** What a crawler knows about itself without a look at each host: `crawler.totals()`. */
export interface CrawlerTotals extends Omit<CrawlerStats, 'hosts'> {
  /** Open hosts by what is thought of them. */
  readonly hostStates: Readonly<Record<PoolState, number>>
}

/** Times in milliseconds; undefined before the first. */
export interface Quantiles {
  /** Half took no longer. */
  readonly p50: number | undefined
  /** 95 in a hundred took no longer. */
  readonly p95: number | undefined
  /** 99 in a hundred took no longer. */
  readonly p99: number | undefined
}

/** What is known of one host. */
export interface HostStats {
  /** What is thought of it. */
  readonly state: PoolState
  /** Why: a stable slug. */
  readonly reason: string
  /** Clock time in ms until which it waits; undefined when it does not. */
  readonly until: number | undefined
  /** Somebody called `pause(host)`: nothing is begun there until `resume(host)`. */
  readonly isPaused: boolean
  /** Tasks that ended with an answer. */
  readonly succeeded: number
  /** Tasks that ended without one. */
  readonly failed: number
  /** Attempts that were started. */
  readonly attempts: number
  /** Attempts beyond the first of their task that were started while another was running. */
  readonly hedges: number
  /** Bytes of bodies on the wire, both directions. */
  readonly bytes: number
  /** Attempts under way. */
  readonly inFlight: number
  /** Present limit of requests in flight; undefined when there is none. */
  readonly limit: number | undefined
  /** Tasks that wait for a proxy here. */
  readonly waiting: number
  /** What the next of them waits for; undefined while none waits. */
  readonly waitingFor: ParkReason | undefined
  /** Milliseconds between two requests of one exit: what politeness asks for, or more where the host refused them for haste. */
  readonly intervalMs: number
  /** Milliseconds to the response head of good answers. */
  readonly firstByteMs: Quantiles
  /** How the proxies fare here; `total` are those that may visit the host at all. */
  readonly proxies: ProxyCounts
  /** Good answers among the judged attempts of the last 60 s, in [0, 1]; undefined without any. Neutral ones are not counted. */
  readonly successRate1m: number | undefined
  /** Times that a task or a request of a crawl went back to wait, or to be tried again, because an attempt had failed. */
  readonly requeues: number
  /** Pages of crawls that were not asked for, or were left out when they had come, by reason; the first 64 reasons, then `other`. */
  readonly skipped: Readonly<Record<string, number>>
  /** Sessions that live and have asked this host. */
  readonly sessions: number
}

/**
 * How proxies fare, over all hosts or as seen from one. Each is counted once: healthy + failing + open + halfOpen + isolated
 * + retired = total.
 */
export interface ProxyCounts {
  /** All of the fleet; at a host, those that may visit it. */
  readonly total: number
  /** In use and working: it has brought an answer lately, nothing is held against it, or it was never asked. */
  readonly healthy: number
  /** Of the healthy ones, those that nothing was asked of yet. */
  readonly untried: number
  /**
   * In use, and nothing but failures where others get through: all that it was ever asked, or the last eight. What may be
   * the host's own fault is not counted, once anything has come over any proxy.
   */
  readonly failing: number
  /** Shut out until their cooldown is over. */
  readonly open: number
  /** Under a probe. */
  readonly halfOpen: number
  /** Taken out by hand, or found lying. */
  readonly isolated: number
  /** Out until the next refresh: at `maxRequestsPerProxy`, or by `eviction.back: 'refresh'`. */
  readonly retired: number
}

/** What the frontiers of a crawler's crawls hold, all together: `crawler.frontier()`. Zeros without a crawl under way. */
export interface FrontierCounts {
  /** Hosts they have ever seen. */
  readonly hosts: number
  /** Requests that are due, and whose host is open. */
  readonly ready: number
  /** Of those, the ones that wait for nothing but us: 0 while no proxy is in use or the crawler is paused or offline. */
  readonly runnable: number
  /** Not yet due, or held back by their host. */
  readonly waiting: number
  /** Taken and not yet settled. */
  readonly leased: number
  /** Done, those that rest until their next visit included. */
  readonly done: number
  /** Dead letters. */
  readonly dead: number
  /** Records in memory that some sink has not taken yet. */
  readonly undelivered: number
  /** Milliseconds for which a request has been due that is next at its host: the longest of the hosts whose turn comes first. 0 without any. */
  readonly oldestDueMs: number
}

/** One proxy as `crawler.proxies()` lists it. */
export interface ProxyView {
  /** The proxy's label. */
  readonly id: string
  /** The state of its breaker, over all hosts. */
  readonly state: BreakerState
  /** Why it is in that state: a stable slug. */
  readonly reason: string
  /** Clock time in ms at which it may be probed; undefined when it is not open. */
  readonly until: number | undefined
  /** Whether it is believed over plain HTTP. */
  readonly trust: Standing
  /** Posterior mean of success, all hosts. */
  readonly success: number
  /** Milliseconds to the response head, over all hosts; undefined before the first answer. */
  readonly firstByteMs: number | undefined
  /** Attempts under way. */
  readonly inFlight: number
  /** Attempts so far. */
  readonly attempts: number
  /** Attempts that brought an answer, in this run. */
  readonly successes: number
  /** Attempts that failed on the way or were refused, in this run; what was the host's own fault or haste is not counted. */
  readonly failures: number
  /** Good answers among the judged attempts of the last 60 s, in [0, 1]; undefined without any. Neutral ones are not counted. */
  readonly successRate1m: number | undefined
  /** Whether `failing` counts it: in use, and nothing but failures where others get through. */
  readonly failing: boolean
  /** The reason of its last verdict, a stable slug; undefined before the first. */
  readonly lastReason: string | undefined
  /** The first ten hosts at which it is shut out, while others may use it. */
  readonly openAt: readonly string[]
  /** How many hosts there are of these. */
  readonly openAtCount: number
  /** Bytes of bodies on the wire, both directions. */
  readonly bytes: number
}

/** What is known of a proxy, over all hosts or at one. */
export interface ReputationRow {
  /** Its label, without credentials. */
  readonly proxy: string
  /** Undefined: over all hosts. */
  readonly host: string | undefined
  /** Successes, the older the less they count; the prior is not included. */
  readonly success: number
  /** Failures, counted alike. */
  readonly failure: number
  /** Clock ms at which `success` and `failure` were right; they have faded since. */
  readonly at: number
  /** Of the circuit breaker. */
  readonly state: BreakerState
  /** The weights that the Thompson sampler draws from now, the prior included. */
  readonly alpha: number
  /** The second of the two weights. */
  readonly beta: number
}
