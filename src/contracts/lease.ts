import type { ProxyEndpoint } from './endpoint.ts'
import type { AttemptReason, ParkReason } from './events.ts'
import type { ChosenBy } from './explanation.ts'

/**
 * The right to send one request over one proxy to one host. It holds three permits (host, proxy, credential), the
 * interval gate has been passed, and it names the breaker epochs it was granted under. `release` gives everything back,
 * once; a second release is ignored, so a holder that is in doubt releases.
 */
export interface ProxyLease {
  readonly endpoint: ProxyEndpoint
  /** The proxy's number in the fleet, and its row in the pool. */
  readonly proxy: number
  readonly pair: number
  readonly fleetEpoch: number
  readonly pairEpoch: number
  readonly why: AttemptReason
  /** The actor that holds it: events about what becomes of it come from there. */
  readonly holder: object | undefined
  /** Clock ms. */
  readonly grantedAt: number
  /** Posterior mean of success when it was chosen, and how many it was chosen from. */
  readonly expected: number
  readonly candidates: number
  /** Why this proxy. Filled again for other leases: read it in the turn of the grant, or keep it. */
  readonly choice?: LeaseChoice | undefined
  isHeld: boolean
  /** The request is on its way to the host: from then on the intervals count. */
  isSent: boolean
}

/** How a proxy was chosen, and from which: columns of `size` rows. */
export interface LeaseChoice {
  readonly by: ChosenBy
  readonly strategy: string
  /** Who was taken: one of `proxies`, or none of them where there was no choice. */
  readonly proxy: number
  /** Of its posterior; negative where the strategy did not ask for it. */
  readonly alpha: number
  readonly beta: number
  readonly size: number
  readonly proxies: Int32Array
  readonly endpoints: readonly ProxyEndpoint[]
  /** The probability of success that was drawn, and the expected ms to a good answer that came of it; NaN where nothing was. */
  readonly drawn: Float64Array
  readonly cost: Float64Array
  /** It is not filled again; `spare`, one that was kept before and is done with, takes its place. */
  keep(spare: LeaseChoice | undefined): LeaseChoice
}

/** Proxies that may be chosen at all: the whole fleet, or those that pass filters. */
export interface Eligible {
  /** Their numbers, dense, in no order. */
  readonly members: readonly number[]
  readonly size: number
  has(proxy: number): boolean
  /** What they have in common, in words. Default: nothing. */
  readonly wanted?: string
  /** Any of them, uniformly; undefined when there are none. */
  sample(random: () => number): number | undefined
}

export interface LeaseWish {
  readonly why: AttemptReason
  /** Proxies that may not be chosen: attempts in flight. */
  readonly busy: readonly number[]
  /** Proxies that failed this task already: chosen only when there is no other. */
  readonly failed: readonly number[]
  /** Of a witness: who is asked before the others. */
  readonly prefers?: ((proxy: number) => boolean) | undefined
  /** Only these. Default: all that may visit the host. */
  readonly among?: Eligible | undefined
  /** Only this one. */
  readonly only?: number | undefined
}

/** Why there was no lease, and when to ask again; reused by its pool. */
export interface Refusal {
  reason: ParkReason
  /** Clock ms; undefined when an event must come first. */
  until: number | undefined
}

/** A task, or a caller, that asks a host's pool for a lease. */
export interface Applicant {
  /** 0 first, 7 last. */
  readonly priority: number
  readonly wish: LeaseWish
  /** Its actor, where it has one: the lease is granted to it. */
  readonly actor: object | undefined
  /** It holds a place among those that race already. */
  readonly isRacing: boolean
  /** Its place in the queue it waits in; set by the queue alone. */
  waitingIn: unknown
  granted(lease: ProxyLease): void
  /** There was none at once: it waits in the queue from now on. */
  queued(): void
  /** Told once per refusal of another kind than the last. */
  refused(refusal: Refusal): void
}
