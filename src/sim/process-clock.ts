import type { Clock } from '../base/clock.ts'

/**
 * The time of one process in a simulated world. The process may die, and nothing of it happens any more; it may stand
 * still, and what was due meanwhile happens at once, in order, when it goes on.
 */
export interface ProcessClock extends Clock {
  die(): void
  /** Nothing fires for so many milliseconds. */
  stall(ms: number): void
  /** Timers armed. */
  readonly pending: number
}

export function createProcessClock(world: Clock): ProcessClock {
  const cancels = new Set<() => void>()
  let stalledUntil = 0
  let isDead = false

  function arm(ms: number, fire: () => void): () => void {
    if (isDead) return () => {}
    let stop: () => void
    const cancel = () => {
      stop()
      cancels.delete(cancel)
    }
    const ring = () => {
      const left = stalledUntil - world.now()
      if (left > 0) {
        stop = world.after(left, ring)
        return
      }
      cancels.delete(cancel)
      fire()
    }
    stop = world.after(ms, ring)
    cancels.add(cancel)
    return cancel
  }

  return {
    now: () => world.now(),
    wall: () => world.wall(),
    after: arm,
    soon: (fire) => void arm(0, fire),
    die() {
      isDead = true
      for (const cancel of [...cancels]) cancel()
    },
    stall(ms) {
      stalledUntil = Math.max(stalledUntil, world.now() + ms)
    },
    get pending() {
      return cancels.size
    },
  }
}
