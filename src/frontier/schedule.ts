import { Heap } from '../base/heap.ts'
import { Ring, type ScheduledHost } from './scheduled-host.ts'

/**
 * Whose turn it is. Hosts that can be taken from stand in a ring and give one request each turn, so a giant host waits
 * like any other (as in Mercator's and Heritrix's back queues). All others sleep in a heap by the time they must be
 * looked at again; a host that waits for a settle is in neither. A ready host is in the heap too while it has requests
 * that ripen later. Nothing here is ever scanned, except all hosts once when `perHost` changes.
 *
 * A store on disk bounds the ring: a host beyond it waits in an outer one, and comes in when another has no more to
 * give or has had its session of turns (Heritrix's session budget, BUbiNG's workbench). So what is read and written at
 * any time belongs to few hosts.
 */
export class Schedule<Host extends ScheduledHost> {
  /** Requests that could be taken now, if asked one after the other. */
  ready = 0
  now = Number.NEGATIVE_INFINITY
  perHost = Number.POSITIVE_INFINITY
  #sleeping = new Heap<Host>((one, other) => one.wakeAt < other.wakeAt)
  #inner = new Ring()
  #outer = new Ring()
  #width: number
  #session: number

  constructor({ width = Number.POSITIVE_INFINITY, session = 32 } = {}) {
    this.#width = width
    this.#session = session
  }

  /** Lets time pass; it never goes back. */
  advance(now: number): void {
    if (now > this.now) this.now = now
    for (let host = this.#sleeping.peek(); host && host.wakeAt <= this.now; host = this.#sleeping.peek()) {
      this.place(host)
    }
  }

  /** The host whose turn it is. */
  peek(): Host | undefined {
    return this.#inner.first as Host | undefined
  }

  /** The time of the next turn, or undefined when none comes by itself. */
  nextTurn(): number | undefined {
    return this.#inner.first ? this.now : this.#sleeping.peek()?.wakeAt
  }

  /** The earliest of what `dueAt` says of the hosts whose turn comes first; undefined when it says nothing of any. */
  oldest(dueAt: (host: Host) => number | undefined): number | undefined {
    let oldest = Number.POSITIVE_INFINITY
    let left = mostAsked
    for (let host = this.#inner.first; host && left > 0; host = host.next, left--)
      oldest = Math.min(oldest, dueAt(host as Host) ?? oldest)
    return Number.isFinite(oldest) ? oldest : undefined
  }

  /** Sends a host that was served to the end of its ring, or of the outer one, or to sleep. */
  served(host: Host): void {
    host.turns++
    host.ring!.leave(host)
    this.place(host)
    this.#fill()
  }

  /** Puts a host where it belongs after anything about it has changed. */
  place(host: Host): void {
    host.ripen(this.now)
    const opensAt = host.opensAt(this.perHost)
    const isReady = opensAt <= this.now
    if (isReady && !host.ring) this.#join(host)
    else if (!isReady && host.ring) {
      host.ring.leave(host)
      this.#fill()
    }

    const counted = isReady ? host.ripeCount : 0
    this.ready += counted - host.counted
    host.counted = counted

    host.wakeAt = isReady ? host.dueNext : opensAt
    if (host.wakeAt === Number.POSITIVE_INFINITY) this.#sleeping.remove(host)
    else this.#sleeping.put(host)
  }

  #join(host: Host): void {
    const isOver = host.turns >= this.#session && this.#outer.size > 0
    if (isOver || this.#inner.size >= this.#width) this.#outer.join(host)
    else this.#inner.join(host)
    if (isOver) host.turns = 0
  }

  #fill(): void {
    while (this.#outer.first && this.#inner.size < this.#width) {
      const host = this.#outer.first
      host.turns = 0
      this.#outer.leave(host)
      this.#inner.join(host)
    }
  }
}

/** Hosts that are looked at to find what has been due longest: those in front have waited longest for their turn. */
const mostAsked = 256
