import { Heap, type HeapNode } from '../heap.ts'
import type { CrawlRequest } from '../request.ts'
import type { HostPolicy, VisitMemo } from './frontier.ts'

/**
 * One host's requests. What is due waits in lanes: 0 before 7, then the longest due, then the first discovered. What is
 * not due yet waits by time alone, and ripens into the lanes when the clock has come so far; each request ripens once
 * per lease, so looking at a host never scans its future. The host's gate (gap, block, number in flight) is kept here
 * as data; when it opens is computed, never timed.
 */
export interface Entry extends HeapNode {
  readonly request: CrawlRequest
  readonly host: HostQueue
  readonly lane: number
  /** Order of discovery. */
  readonly sequence: number
  due: number
  attempts: number
  targetFaults: number
  memo?: VisitMemo | undefined
}

export class HostQueue implements HeapNode {
  place = -1
  readonly ripe = new Heap<Entry>(isAhead)
  readonly unripe = new Heap<Entry>(isEarlier)
  /** When the schedule must look at this host again; the schedule's heap orders by it. */
  wakeAt = Number.POSITIVE_INFINITY
  /** How many of its requests the schedule has counted as ready. */
  counted = 0
  isReady = false
  next: HostQueue | undefined
  previous: HostQueue | undefined

  inFlight = 0
  /** Requests ever added, for the budget. */
  added = 0
  lastTake = Number.NEGATIVE_INFINITY
  minGap = 0
  maxInFlight = Number.POSITIVE_INFINITY
  blockedUntil = Number.NEGATIVE_INFINITY
  budget = Number.POSITIVE_INFINITY

  apply(policy: HostPolicy): void {
    this.minGap = policy.minGapMs ?? this.minGap
    this.maxInFlight = policy.maxInFlight ?? this.maxInFlight
    this.blockedUntil = policy.blockedUntil ?? this.blockedUntil
    this.budget = policy.budget ?? this.budget
  }

  put(entry: Entry, now: number): void {
    if (entry.due <= now) this.ripe.put(entry)
    else this.unripe.put(entry)
  }

  ripen(now: number): void {
    for (let first = this.unripe.peek(); first && first.due <= now; first = this.unripe.peek()) {
      this.unripe.remove(first)
      this.ripe.put(first)
    }
  }

  /** The earliest time at which one of its requests may be taken; Infinity when only a settle or a discover helps. */
  opensAt(perHost: number): number {
    if (this.inFlight >= Math.min(this.maxInFlight, perHost)) return Number.POSITIVE_INFINITY
    const due = this.ripe.size > 0 ? Number.NEGATIVE_INFINITY : this.dueNext()
    return Math.max(due, this.lastTake + this.minGap, this.blockedUntil)
  }

  dueNext(): number {
    return this.unripe.peek()?.due ?? Number.POSITIVE_INFINITY
  }
}

function isAhead(one: Entry, other: Entry): boolean {
  return one.lane !== other.lane ? one.lane < other.lane : isEarlier(one, other)
}

function isEarlier(one: Entry, other: Entry): boolean {
  return one.due !== other.due ? one.due < other.due : one.sequence < other.sequence
}
