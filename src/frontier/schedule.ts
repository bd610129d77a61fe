import { Heap } from '../heap.ts'
import type { HostQueue } from './host-queue.ts'

/**
 * Whose turn it is. Hosts that can be taken from stand in a ring and give one request each turn, so a giant host waits
 * like any other (as in Mercator's and Heritrix's back queues). All others sleep in a heap by the time they must be
 * looked at again; a host that waits for a settle is in neither. A ready host is in the heap too while it has requests
 * that ripen later. Nothing here is ever scanned, except all hosts once when `perHost` changes.
 */
export class Schedule {
  /** Requests that could be taken now, if asked one after the other. */
  ready = 0
  now = Number.NEGATIVE_INFINITY
  perHost = Number.POSITIVE_INFINITY
  #sleeping = new Heap<HostQueue>((one, other) => one.wakeAt < other.wakeAt)
  #first: HostQueue | undefined
  #last: HostQueue | undefined

  /** Lets time pass; it never goes back. */
  advance(now: number): void {
    if (now > this.now) this.now = now
    for (let host = this.#sleeping.peek(); host && host.wakeAt <= this.now; host = this.#sleeping.peek()) {
      this.place(host)
    }
  }

  /** The host whose turn it is. */
  peek(): HostQueue | undefined {
    return this.#first
  }

  /** The time of the next turn, or undefined when none comes by itself. */
  nextTurn(): number | undefined {
    return this.#first ? this.now : this.#sleeping.peek()?.wakeAt
  }

  /** Sends a host that was served to the end of the ring, then where it belongs. */
  served(host: HostQueue): void {
    this.#leave(host)
    this.place(host)
  }

  /** Puts a host where it belongs after anything about it has changed. */
  place(host: HostQueue): void {
    host.ripen(this.now)
    const opensAt = host.opensAt(this.perHost)
    const isReady = opensAt <= this.now
    if (isReady && !host.isReady) this.#join(host)
    else if (!isReady && host.isReady) this.#leave(host)

    const counted = isReady ? host.ripe.size : 0
    this.ready += counted - host.counted
    host.counted = counted

    host.wakeAt = isReady ? host.dueNext() : opensAt
    if (host.wakeAt === Number.POSITIVE_INFINITY) this.#sleeping.remove(host)
    else this.#sleeping.put(host)
  }

  #join(host: HostQueue): void {
    host.isReady = true
    host.previous = this.#last
    if (this.#last) this.#last.next = host
    else this.#first = host
    this.#last = host
  }

  #leave(host: HostQueue): void {
    host.isReady = false
    if (host.previous) host.previous.next = host.next
    else this.#first = host.next
    if (host.next) host.next.previous = host.previous
    else this.#last = host.previous
    host.next = undefined
    host.previous = undefined
  }
}
