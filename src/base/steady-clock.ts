import type { Clock } from './clock.ts'

/**
 * A clock that stands still while the process does. A laptop is closed for eight seconds, a container is frozen, a parser
 * holds the event loop: when the process goes on, every timer is due at once although nobody had a chance to answer. So
 * that time is taken out, for everything that is measured or waited for, and no timeout has to know about it.
 *
 * While a timer is armed a pulse beats four times a second. A pulse that is more than a second late shows that the process
 * has not run; all but one beat of the gap is lost time. While nothing waits there is no pulse, and no wake-up.
 */
const beat = 250
const longestGap = 1_000

/** The runtime's time. */
export interface Runtime extends Omit<Clock, 'resumedAt'> {
  /** Calls `fire` after `ms`, unless nothing else keeps the process alive so long. */
  afterIfAlive(ms: number, fire: () => void): void
}

export function createSteadyClock(runtime: Runtime): Clock {
  /** Ms for which the process stood still. */
  let lost = 0
  let resumedAt: number | undefined
  /** Timers armed. */
  let armed = 0
  let isBeating = false
  /** Runtime ms of the latest beat. */
  let beatAt = 0

  function now(): number {
    const real = runtime.now()
    if (!isBeating || real - beatAt <= longestGap) return real - lost
    lost += real - beatAt - beat
    beatAt = real
    resumedAt = real - lost
    return resumedAt
  }

  function pulse(): void {
    now()
    beatAt = runtime.now()
    isBeating = armed > 0
    if (isBeating) runtime.afterIfAlive(beat, pulse)
  }

  return {
    now,
    wall: () => runtime.wall(),
    soon: (fire) => runtime.soon(fire),
    resumedAt: () => resumedAt,
    after(ms, fire) {
      armed++
      if (!isBeating) {
        isBeating = true
        beatAt = runtime.now()
        runtime.afterIfAlive(beat, pulse)
      }
      const due = now() + ms
      let isOver = false
      const end = () => {
        if (!isOver) armed--
        isOver = true
      }
      // A runtime's timer may be early by a part of a millisecond.
      const look = () => {
        const left = due - now()
        if (left >= 1) {
          cancel = runtime.after(left, look)
          return
        }
        end()
        fire()
      }
      let cancel = runtime.after(ms, look)
      return () => {
        end()
        cancel()
      }
    },
  }
}
