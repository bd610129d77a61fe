import type { Clock } from '../../src/clock.ts'

/** A clock that stands still until it is advanced; timers fire in order of their time. */
export interface ManualClock extends Clock {
  /** Moves on, firing timers on the way; between them everything that is ready to run runs. */
  advance(ms: number): Promise<void>
  /** Timers that wait. */
  readonly waiting: number
}

export function manualClock(): ManualClock {
  let time = 0
  let timers: { due: number; fire: () => void }[] = []
  return {
    now: () => time,
    wall: () => 1_700_000_000_000 + time,
    after(ms, fire) {
      const timer = { due: time + ms, fire }
      timers.push(timer)
      return () => {
        timers = timers.filter((each) => each !== timer)
      }
    },
    async advance(ms) {
      const end = time + ms
      for (;;) {
        await settle()
        const next = timers.filter((each) => each.due <= end).sort((a, b) => a.due - b.due)[0]
        if (!next) break
        time = next.due
        timers = timers.filter((each) => each !== next)
        next.fire()
      }
      time = end
    },
    get waiting() {
      return timers.length
    },
  }
}

/** Lets promises that are already resolved go on, several links deep. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
}
