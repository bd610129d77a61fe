import { type Clock, systemClock } from '../base/clock.ts'
import { Heap } from '../base/heap.ts'

/**
 * Virtual time: nothing happens until the caller lets it pass. Timers fire in order of their due time, and in order of
 * arming when that is equal. Between two timers the promise queue is run empty, so asynchronous code keeps its order, and
 * hours pass in milliseconds.
 */
export interface VirtualClock extends Clock {
  /** Lets time pass up to `ms` from now; resolves when every timer due until then has fired. */
  advance(ms: number): Promise<void>
  /** Lets time pass until `done()` is true; rejects when no timer is left or `limit` ms have passed first. */
  runUntil(done: () => boolean, limit?: number): Promise<void>
  /** The same, but says whether it came so far. */
  reaches(done: () => boolean, limit?: number): Promise<boolean>
  /** Moves the wall clock, not the monotonic one: what an administrator or NTP does. */
  setWall(wall: number): void
  /** Timers armed. */
  readonly pending: number
}

interface Pending {
  readonly due: number
  readonly order: number
  readonly fire: () => void
  place: number
}

export function createVirtualClock(wall = Date.UTC(2030, 0, 1)): VirtualClock {
  const heap = new Heap<Pending>(
    (one, other) => one.due < other.due || (one.due === other.due && one.order < other.order),
  )
  let now = 0
  let order = 0
  let offset = wall

  async function step(until: number): Promise<boolean> {
    const next = heap.peek()
    if (!next || next.due > until) return false
    heap.remove(next)
    now = Math.max(now, next.due)
    next.fire()
    await settle()
    return true
  }

  return {
    now: () => now,
    wall: () => offset + now,
    setWall: (value) => {
      offset = value - now
    },
    after(ms, fire) {
      const pending: Pending = { due: now + Math.max(0, ms), order: order++, fire, place: -1 }
      heap.put(pending)
      return () => heap.remove(pending)
    },
    soon(fire) {
      this.after(0, fire)
    },
    get pending() {
      return heap.size
    },
    async advance(ms) {
      const until = now + ms
      await settle()
      while (await step(until));
      now = until
    },
    async runUntil(done, limit = 86_400_000) {
      if (await this.reaches(done, limit)) return
      throw new Error(
        `virtual time stands still at ${now} ms: ${heap.size} timers, none due within ${limit} ms`,
      )
    },
    async reaches(done, limit = 86_400_000) {
      const until = now + limit
      await settle()
      while (!done()) if (!(await step(until))) return false
      return true
    },
  }
}

/** Lets every promise that can resolve do so, however long the chain: a turn of the real event loop ends only then. */
function settle(): Promise<void> {
  return new Promise((resolve) => systemClock.soon(resolve))
}
