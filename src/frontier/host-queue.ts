import { Heap, type HeapNode } from '../base/heap.ts'
import type { Correction, Lease, VisitMemo } from '../contracts/frontier.ts'
import type { CrawlRequest } from '../contracts/request.ts'
import { ScheduledHost } from './scheduled-host.ts'

/**
 * One host's requests in memory. What is due waits in lanes: 0 before 7, then the longest due, then the first
 * discovered. What is not due yet waits by time alone, and ripens into the lanes when the clock has come so far; each
 * request ripens once per lease, so looking at a host never scans its future.
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
  kept?: Lease['kept'] | undefined
  /** It was recalled, and is in no queue. */
  correction?: Correction | undefined
}

export class HostQueue extends ScheduledHost {
  readonly ripe = new Heap<Entry>(isAhead)
  readonly unripe = new Heap<Entry>(isEarlier)

  get ripeCount(): number {
    return this.ripe.size
  }

  get dueNext(): number {
    return this.unripe.peek()?.due ?? Number.POSITIVE_INFINITY
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
}

function isAhead(one: Entry, other: Entry): boolean {
  return one.lane !== other.lane ? one.lane < other.lane : isEarlier(one, other)
}

function isEarlier(one: Entry, other: Entry): boolean {
  return one.due !== other.due ? one.due < other.due : one.sequence < other.sequence
}
