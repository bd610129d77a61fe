import type { ProxyEndpoint } from './endpoint.ts'
import type { AttemptReason, ParkReason } from './events.ts'

/**
 * The right to send one request over one proxy to one host. It holds three permits (host, proxy, credential), the
 * interval gate has been passed, and it names the breaker epochs it was granted under. `release` gives everything back,
 * once; a second release is ignored, so in doubt release.
 */
export interface ProxyLease {
  readonly endpoint: ProxyEndpoint
  /** The proxy's number in the fleet, and its row in the pool. */
  readonly proxy: number
  readonly pair: number
  readonly fleetEpoch: number
  readonly pairEpoch: number
  readonly why: AttemptReason
  /** Clock ms. */
  readonly grantedAt: number
  /** Posterior mean of success when it was chosen, and how many it was chosen from. */
  readonly expected: number
  readonly candidates: number
  isHeld: boolean
  /** The request is on its way to the host: from then on the intervals count. */
  isSent: boolean
}

export interface LeaseWish {
  readonly why: AttemptReason
  /** Proxies that may not be chosen: attempts in flight. */
  readonly busy: readonly number[]
  /** Proxies that failed this task already: chosen only when there is nobody else. */
  readonly failed: readonly number[]
  /** Only this one. */
  readonly only?: number | undefined
}

/** Why there was no lease, and when to ask again; reused by its pool. */
export interface Refusal {
  reason: ParkReason
  /** Clock ms; undefined when an event must come first. */
  until: number | undefined
}
