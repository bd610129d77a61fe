import type { HeapNode } from '../base/heap.ts'
import type { HostPolicy } from '../contracts/frontier.ts'

/**
 * What a schedule sees of a host, wherever its requests are kept: how many are ripe (due), when the next one ripens, and
 * its gate (gap, block, number in flight). All of it is data; when the gate opens is computed, never timed.
 */
export abstract class ScheduledHost implements HeapNode {
  place = -1
  /** When the schedule must look at this host again; the schedule's heap orders by it. */
  wakeAt = Number.POSITIVE_INFINITY
  /** How many of its requests the schedule has counted as ready. */
  counted = 0
  ring: Ring | undefined
  next: ScheduledHost | undefined
  previous: ScheduledHost | undefined
  /** Turns since it came into the inner ring. */
  turns = 0

  inFlight = 0
  /** Requests ever added, for the budget. */
  added = 0
  lastTake = Number.NEGATIVE_INFINITY
  minGap = 0
  maxInFlight = Number.POSITIVE_INFINITY
  blockedUntil = Number.NEGATIVE_INFINITY
  budget = Number.POSITIVE_INFINITY

  /** How many requests are ripe and not leased, as of the last `ripen`. */
  abstract get ripeCount(): number
  /** When the next request ripens, or Infinity. */
  abstract get dueNext(): number
  abstract ripen(now: number): void

  apply(policy: HostPolicy): void {
    this.minGap = policy.minGapMs ?? this.minGap
    this.maxInFlight = policy.maxInFlight ?? this.maxInFlight
    this.blockedUntil = policy.blockedUntil ?? this.blockedUntil
    this.budget = policy.budget ?? this.budget
  }

  /** The earliest time at which one of its requests may be taken; Infinity when only a settle or a discover helps. */
  opensAt(perHost: number): number {
    if (this.inFlight >= Math.min(this.maxInFlight, perHost)) return Number.POSITIVE_INFINITY
    const due = this.ripeCount > 0 ? Number.NEGATIVE_INFINITY : this.dueNext
    return Math.max(due, this.lastTake + this.minGap, this.blockedUntil)
  }
}

/** A doubly linked queue of hosts. A host is in one ring at most. */
export class Ring {
  first: ScheduledHost | undefined
  last: ScheduledHost | undefined
  size = 0

  join(host: ScheduledHost): void {
    host.ring = this
    host.previous = this.last
    if (this.last) this.last.next = host
    else this.first = host
    this.last = host
    this.size++
  }

  leave(host: ScheduledHost): void {
    host.ring = undefined
    if (host.previous) host.previous.next = host.next
    else this.first = host.next
    if (host.next) host.next.previous = host.previous
    else this.last = host.previous
    host.next = undefined
    host.previous = undefined
    this.size--
  }
}
