import { createVirtualClock, type VirtualClock } from '../sim/clock.ts'

/**
 * A clock for tests: nothing happens until the test lets time pass. `createCrawler({ clock })` takes it, and waits of
 * politeness, deadlines and cooldowns are over when `advance` says so. Of what goes through real sockets nothing waits for it.
 */
export type FakeClock = VirtualClock

/** `wall`: its date at the beginning, as a Date or in milliseconds since the epoch. Default 2030-01-01. */
export function createFakeClock(wall?: Date | number): FakeClock {
  return wall === undefined ? createVirtualClock() : createVirtualClock(Number(wall))
}
