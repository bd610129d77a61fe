import { monitorEventLoopDelay, performance as nodePerformance } from 'node:perf_hooks'
import { setTimeout as nodeTimeout } from 'node:timers'
import { createSteadyClock } from './steady-clock.ts'

/**
 * Time is an argument. Every part that waits or measures receives a Clock; only this file touches the runtime's
 * timers, so a simulator can stand in for the whole world and a bug replays from a seed.
 */
export interface Clock {
  /** Monotonic time in milliseconds, from an arbitrary origin. Never jumps; use it for every interval. */
  now(): number
  /** Wall-clock time in milliseconds since the Unix epoch. May jump; use it for dates only (Retry-After, items). */
  wall(): number
  /** Calls `fire` once, not before `ms` milliseconds have passed. Returns a function that cancels. */
  after(ms: number, fire: () => void): () => void
  /** Calls `fire` once, when the input that is ready now has been read. Never during this call. */
  soon(fire: () => void): void
  /**
   * When the process last went on after it had stood still for a second or more, clock ms: a suspended laptop, or an
   * event loop that did not come round. Undefined as long as that has not happened. Default: it never does.
   */
  resumedAt?(): number | undefined
}

/** Whether the process has stood still since `startedAt`, clock ms: what was under way then failed for no fault of others. */
export function stoodStillSince(clock: Clock, startedAt: number): boolean {
  const at = clock.resumedAt?.()
  return at !== undefined && startedAt <= at
}

/** The runtime's own: a test that replaces its timers stops time, and not the turning of the loop. */
const nextTurn = setImmediate

/**
 * The time of this machine, for all but simulations and tests. It stands still while the process does: see
 * steady-clock.ts.
 */
export const systemClock: Clock = createSteadyClock({
  now: () => performance.now(),
  wall: () => Date.now(),
  after(ms, fire) {
    const timer = setTimeout(fire, ms)
    return () => clearTimeout(timer)
  },
  soon: (fire) => void nextTurn(fire),
  afterIfAlive: (ms, fire) => void nodeTimeout(fire, ms).unref(),
})

/** Calls `fire` after `ms`, if something else keeps the process alive so long. */
export function ifStillAliveAfter(ms: number, fire: () => void): void {
  nodeTimeout(fire, ms).unref()
}

/** Resolves after `ms`; rejects with the signal's reason as soon as the signal aborts. */
export function delay(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const stop = () => {
      cancel()
      reject(signal?.reason)
    }
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener('abort', stop)
      resolve()
    })
    signal?.addEventListener('abort', stop, { once: true })
  })
}

/**
 * How busy this process is: the share of the time in which its event loop had something to do, in [0, 1], since the last
 * question. Undefined at the first, and where the runtime cannot say. At 1 the CPU is the limit: nothing is waited for.
 */
export function createBusyMeter(): () => number | undefined {
  let before: ReturnType<typeof nodePerformance.eventLoopUtilization> | undefined
  return () => {
    const now = nodePerformance.eventLoopUtilization?.()
    if (now === undefined || now.active + now.idle === 0) return undefined
    const since = before && nodePerformance.eventLoopUtilization(now, before)
    if (since && since.active + since.idle < leastSpan) return undefined
    before = now
    return since?.utilization
  }
}

/** Milliseconds below which a share says nothing. */
const leastSpan = 50

/** How long this process came to nothing else, while it is measured. */
export interface LagMeter {
  /** The longest time, ms, of this half minute and the one before; undefined where the runtime does not measure it. */
  longestMs(): number | undefined
  /** Ends measuring. */
  end(): void
}

/** How often the runtime looks, ms. It counts its own waiting too, which is taken off. */
const lagResolution = 20
const lagWindow = 30_000

/**
 * Begins to measure by how much the event loop is late. A peak is told for two half minutes to all who ask: two scrapers do not
 * take it away from each other.
 */
export function createLagMeter(): LagMeter {
  const histogram = monitorLag()
  let before = 0
  let since = performance.now()
  return {
    longestMs() {
      if (!histogram) return undefined
      const longest = histogram.count > 0 ? Math.max(0, histogram.max / 1e6 - lagResolution) : 0
      const shown = Math.max(before, longest)
      if (performance.now() - since > lagWindow) {
        before = longest
        since = performance.now()
        histogram.reset()
      }
      return shown
    },
    end: () => void histogram?.disable(),
  }
}

/** Undefined where the runtime does not have it. */
function monitorLag() {
  try {
    const histogram = monitorEventLoopDelay({ resolution: lagResolution })
    histogram.enable()
    return histogram
  } catch {
    return undefined
  }
}
