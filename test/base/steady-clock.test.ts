import { expect, test } from 'vitest'
import { createSteadyClock } from '../../src/base/steady-clock.ts'
import { ManualClock } from '../manual-clock.ts'

/** A process that runs: its timers fire when they are due. While it stands still, time passes and nothing fires. */
function openProcess() {
  const machine = new ManualClock()
  const clock = createSteadyClock({
    now: () => machine.now(),
    wall: () => machine.wall(),
    after: (ms, fire) => machine.after(ms, fire),
    soon: (fire) => machine.soon(fire),
    afterIfAlive: (ms, fire) => void machine.after(ms, fire),
  })
  return {
    clock,
    runs: (ms: number) => machine.advance(ms),
    standsStill: (ms: number) => machine.pass(ms),
    machine,
  }
}

test('eight seconds of standstill are no time: what was due in four is still due in what was left', async () => {
  const { clock, runs, standsStill } = openProcess()
  const fired: number[] = []
  clock.after(4_000, () => fired.push(clock.now()))
  await runs(1_000)
  standsStill(8_000)
  expect(clock.now()).toBeLessThan(1_600)
  await runs(2_000)
  expect(fired).toEqual([])
  await runs(1_200)
  expect(fired).toHaveLength(1)
  expect(clock.resumedAt?.()).toBeLessThan(1_600)
})

test('time that passes while the process runs is time, with timers and without', async () => {
  const { clock, runs, standsStill, machine } = openProcess()
  await runs(5_000)
  expect(clock.now()).toBe(5_000)
  // Nothing waits: an idle process looks the same as one that stands still.
  standsStill(60_000)
  expect(clock.now()).toBe(65_000)
  clock.after(10_000, () => {})
  await runs(9_000)
  expect(clock.now()).toBe(74_000)
  expect(clock.resumedAt?.()).toBeUndefined()
  await runs(2_000)
  expect(machine.waiting, 'no pulse while nothing waits').toBe(0)
})

test('a timer that was taken off does not fire after a standstill', async () => {
  const { clock, runs, standsStill } = openProcess()
  const cancel = clock.after(1_000, () => expect.unreachable())
  await runs(500)
  standsStill(10_000)
  await runs(100)
  cancel()
  await runs(10_000)
})
