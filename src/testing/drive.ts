import { systemClock } from '../base/clock.ts'
import type { VirtualClock } from '../sim/clock.ts'

/**
 * Lets virtual time pass until something is over. While code of the user's own is at work it stands still: else every
 * deadline would be over before a file is written. What gets on neither in a day of virtual time, nor in two hundred
 * requests, nor in ten real seconds, will not get on any more.
 */
export interface Driven {
  readonly time: VirtualClock
  isOver(): boolean
  /** Something real is waited for. */
  isBusy(): boolean
  /** Grows as long as it gets on. */
  progress(): number
  /** Grows with each request. */
  sent(): number
}

const longestWait = 86_400_000
const mostSent = 200
const patienceMs = 10_000

/** Whether it came to its end. */
export async function drive({ time, isOver, isBusy, progress, sent }: Driven): Promise<boolean> {
  let mark = { progress: progress(), sent: sent(), at: time.now(), real: systemClock.now() }
  const isStuck = () =>
    time.now() - mark.at > longestWait ||
    sent() - mark.sent > mostSent ||
    systemClock.now() - mark.real > patienceMs
  for (;;) {
    const isNew = () => progress() !== mark.progress
    const left = longestWait - (time.now() - mark.at)
    const isMoved = await time.reaches(() => isOver() || isBusy() || isNew() || isStuck(), Math.max(1, left))
    if (isOver()) return true
    if (isNew()) mark = { progress: progress(), sent: sent(), at: time.now(), real: systemClock.now() }
    else if (isStuck() || (!isMoved && time.pending > 0)) return false
    // Nothing is due: a file, a module, a timer of the user's is waited for.
    else await new Promise<void>((resolve) => systemClock.soon(resolve))
  }
}
