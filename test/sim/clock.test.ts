import fc from 'fast-check'
import { expect, test } from 'vitest'
import { delay } from '../../src/base/clock.ts'
import { createVirtualClock } from '../../src/sim/clock.ts'

test('timers fire in order of their time, and in order of arming where that is equal', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(50), { maxLength: 60 }), async (times) => {
      const clock = createVirtualClock()
      const fired: { due: number; order: number; at: number }[] = []
      times.forEach((due, order) => {
        clock.after(due, () => fired.push({ due, order, at: clock.now() }))
      })
      await clock.advance(50)
      const expected = times.map((due, order) => ({ due, order, at: due }))
      expect(fired).toEqual(expected.sort((one, other) => one.due - other.due || one.order - other.order))
      expect(clock.pending).toBe(0)
    }),
  )
})

test('a cancelled timer does not fire', async () => {
  const clock = createVirtualClock()
  const cancel = clock.after(10, () => expect.unreachable('it was cancelled'))
  cancel()
  cancel()
  await clock.advance(100)
  expect(clock.now()).toBe(100)
})

test('asynchronous code keeps its order between two timers', async () => {
  const clock = createVirtualClock()
  const log: string[] = []
  const walk = async () => {
    for (const step of ['a', 'b', 'c']) {
      await delay(clock, 1_000)
      log.push(`${step} ${clock.now()}`)
    }
  }
  void walk()
  clock.after(1_500, () => log.push('between'))
  await clock.advance(3_600_000)
  expect(log).toEqual(['a 1000', 'between', 'b 2000', 'c 3000'])
  expect(clock.now()).toBe(3_600_000)
})

test('the wall clock may jump; the monotonic one never does', async () => {
  const clock = createVirtualClock(Date.UTC(2030, 0, 1))
  await clock.advance(5_000)
  expect(clock.wall()).toBe(Date.UTC(2030, 0, 1) + 5_000)
  clock.setWall(Date.UTC(2029, 0, 1))
  await clock.advance(1_000)
  expect(clock.wall()).toBe(Date.UTC(2029, 0, 1) + 1_000)
  expect(clock.now()).toBe(6_000)
})

test('waiting for what never comes says so instead of hanging', async () => {
  const clock = createVirtualClock()
  await expect(clock.runUntil(() => false)).rejects.toThrow('virtual time stands still')
})
