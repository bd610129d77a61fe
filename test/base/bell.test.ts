import { expect, test } from 'vitest'
import { Bell } from '../../src/base/bell.ts'
import { createVirtualClock } from '../../src/sim/clock.ts'

/** Whether the promise has resolved by now. */
async function hasRung(waiting: Promise<void>): Promise<boolean> {
  return Promise.race([
    waiting.then(() => true),
    new Promise<false>((resolve) => setImmediate(resolve, false)),
  ])
}

test('everybody that waits is woken, once', async () => {
  const bell = new Bell()
  const waiting = [bell.after(bell.rings), bell.after(bell.rings)]
  expect(await hasRung(waiting[0]!)).toBe(false)
  bell.ring()
  await Promise.all(waiting)
  expect(await hasRung(bell.after(bell.rings))).toBe(false)
})

test('a ring between looking and waiting is not missed', async () => {
  const bell = new Bell()
  const seen = bell.rings
  bell.ring()
  expect(await hasRung(bell.after(seen))).toBe(true)
})

test('waiting ends after so many milliseconds at the latest, and a ring leaves no timer behind', async () => {
  const clock = createVirtualClock()
  const bell = new Bell()
  const waiting = bell.after(bell.rings, clock, 1_000)
  await clock.advance(999)
  expect(await hasRung(waiting)).toBe(false)
  await clock.advance(1)
  expect(await hasRung(waiting)).toBe(true)
  const other = bell.after(bell.rings, clock, 1_000)
  bell.ring()
  await other
  expect(clock.pending).toBe(0)
})
