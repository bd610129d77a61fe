import type { ProxyLease } from '../contracts/lease.ts'
import type { HostSettings } from '../options/host-settings.ts'
import type { FleetTable } from '../reputation/fleet-table.ts'
import type { PairTable } from '../reputation/pair-table.ts'
import { type DeclaredRate, isAsStrict, type Pace } from './pace.ts'
import type { Selection } from './selection.ts'

/**
 * How far apart the requests of one host stand: any two of them, and two of one exit. Intervals count from when a request leaves
 * for the host, which a slow handshake may put off: from its lease until then the gate is shut.
 */
export interface SpacingParts {
  readonly settings: HostSettings
  /** Of each exit. */
  readonly pace: Pace
  readonly pairs: PairTable
  readonly selection: Selection
  readonly fleet: FleetTable
}

export class Spacing {
  /** Milliseconds between two requests whatever the proxy; what a source declares and robots' crawl-delay count too. */
  hostInterval: number
  readonly #parts: SpacingParts
  #crawlDelay = 0
  #declared: DeclaredRate | undefined
  #nextAt = Number.NEGATIVE_INFINITY
  /** Leases whose requests have not left for the host yet. */
  #leaving = 0

  constructor(parts: SpacingParts) {
    this.#parts = parts
    this.hostInterval = parts.settings.hostInterval
  }

  /** When the next request may go to this host, whatever the proxy: clock ms, Infinity while one is on its way. */
  get nextAt(): number {
    return this.hostInterval > 0 && this.#leaving > 0 ? Number.POSITIVE_INFINITY : this.#nextAt
  }

  /** As another run left it, clock ms. */
  restore(nextAt: number): void {
    this.#nextAt = nextAt
  }

  /**
   * How often the service bears to be asked, as the source of a crawl declares it: in place of the default intervals, under
   * the user's own. Of two crawls at once the stricter holds.
   */
  declare(rate: DeclaredRate): void {
    const known = this.#declared
    if (known === rate || (known && !known.isOver && isAsStrict(known, rate))) return
    this.#declared = rate
    const { settings, pace } = this.#parts
    if (!settings.ownIntervals.interval) pace.setFloor(rate.interval ?? settings.interval)
    this.#spaceHost()
  }

  /** robots.txt of the host asks for so many ms between two requests; a shorter one than before changes nothing. */
  heedCrawlDelay(delay: number): void {
    if (delay <= this.#crawlDelay) return
    this.#crawlDelay = delay
    this.#spaceHost()
  }

  #spaceHost(): void {
    const { hostInterval, ownIntervals } = this.#parts.settings
    const declared = ownIntervals.hostInterval ? undefined : this.#declared?.hostInterval
    this.hostInterval = Math.max(declared ?? hostInterval, this.#crawlDelay)
  }

  /** A lease is granted to this pair. */
  leased(pair: number): void {
    const { pace, pairs } = this.#parts
    this.#leaving++
    if (pace.interval > 0) pairs.nextAt[pair] = Number.POSITIVE_INFINITY
  }

  /**
   * The request of this lease leaves: the next of this pair, and of this host, comes an interval after `at`. Once, and again for
   * each redirect it follows. False where nothing is spaced.
   */
  left(lease: ProxyLease, at: number): boolean {
    const { pace, pairs, fleet, selection } = this.#parts
    const { proxy, pair, isSent } = lease
    const { interval } = pace
    lease.isSent = true
    if (!isSent) this.#leaving--
    if (interval === 0 && this.hostInterval === 0) return false
    if (this.hostInterval > 0) this.#nextAt = Math.max(this.#nextAt, at + this.hostInterval)
    // A proxy that has left meanwhile may come back, and must not find the gate shut for ever.
    if (interval > 0 && fleet.isOf(proxy, lease.endpoint)) {
      const { nextAt } = pairs
      nextAt[pair] = next(nextAt[pair]!, at + interval, isSent)
      if (nextAt[pair]! < Number.POSITIVE_INFINITY && fleet.has(proxy)) selection.rest(proxy, nextAt[pair]!)
    }
    return true
  }
}

/** The first sending of a request opens what it had shut; a moment that another has set is never moved to an earlier one. */
function next(before: number, due: number, isSent: boolean): number {
  return isSent || before < Number.POSITIVE_INFINITY ? Math.max(before, due) : due
}
