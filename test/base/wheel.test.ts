import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Clock } from '../../src/base/clock.ts'
import { Timer, Wheel } from '../../src/base/wheel.ts'

/** A clock that the test moves: on time, or late as after a stalled event loop. */
class HandClock implements Clock {
  time = 0
  #timers: { due: number; fire: () => void }[] = []

  now(): number {
    return this.time
  }

  wall(): number {
    return this.time
  }

  after(ms: number, fire: () => void): () => void {
    const timer = { due: this.time + ms, fire }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer)
    }
  }

  soon(): void {
    throw new Error('a wheel has no use for this')
  }

  get waiting(): number {
    return this.#timers.length
  }

  /** Each timer fires at its moment. */
  pass(ms: number): void {
    const until = this.time + ms
    for (let next = this.#next(until); next; next = this.#next(until)) {
      this.time = Math.max(this.time, next.due)
      next.fire()
    }
    this.time = until
  }

  /** Nothing fires until the stall is over. */
  stall(ms: number): void {
    this.time += ms
    const until = this.time
    for (let next = this.#next(until); next; next = this.#next(until)) next.fire()
  }

  #next(until: number) {
    const next = this.#timers.toSorted((one, other) => one.due - other.due)[0]
    if (!next || next.due > until) return undefined
    this.#timers = this.#timers.filter((each) => each !== next)
    return next
  }
}

const tick = 5
const timerCount = 12

const command = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('arm' as const),
      timer: fc.nat(timerCount - 1),
      ms: fc.integer({ min: -20, max: 8_000 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('disarm' as const), timer: fc.nat(timerCount - 1) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat(900) }) },
  // 512 slots of 5 ms are 2.56 s: many of these stalls are longer than a revolution.
  { weight: 1, arbitrary: fc.record({ do: fc.constant('stall' as const), ms: fc.nat(9_000) }) },
)

test('a timer fires once, never early, and at most a tick late or at the end of a stall', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 120 }), fc.nat(3), (commands, rearmed) => {
      const clock = new HandClock()
      const wheel = new Wheel(clock, tick)
      const due: (number | undefined)[] = Array.from({ length: timerCount })
      let latest = 0
      const timers = due.map((_, index) => {
        const timer: Timer = new Timer(() => {
          expect(due[index], `timer ${index} fired without being armed`).toBeDefined()
          expect(clock.time).toBeGreaterThanOrEqual(due[index]!)
          // A timer armed for the past counts from its arming; a stall is nobody's fault.
          expect(clock.time).toBeLessThanOrEqual(Math.max(due[index]!, latest) + 2 * tick)
          due[index] = undefined
          // Some arm another from inside, as a race does.
          if (index < rearmed) arm((index + 5) % timerCount, 37)
        })
        return timer
      })
      const arm = (index: number, ms: number) => {
        latest = Math.max(latest, clock.time)
        due[index] = clock.time + ms
        wheel.arm(timers[index]!, clock.time + ms)
      }
      for (const each of commands) {
        if (each.do === 'arm') arm(each.timer, each.ms)
        else if (each.do === 'disarm') {
          wheel.disarm(timers[each.timer]!)
          due[each.timer] = undefined
        } else if (each.do === 'pass') clock.pass(each.ms)
        else {
          latest = clock.time + each.ms
          clock.stall(each.ms)
        }
        const armed = due.filter((moment) => moment !== undefined).length
        expect(wheel.armed).toBe(armed)
        expect(timers.filter((timer) => timer.armed).length).toBe(armed)
        // Nobody is overdue by more than the tick that is still to come.
        for (const moment of due)
          if (moment !== undefined) expect(Math.max(moment, latest)).toBeGreaterThan(clock.time - 2 * tick)
      }
      clock.pass(20_000)
      expect(wheel.armed).toBe(0)
      expect(clock.waiting, 'an idle wheel holds no timer of the runtime').toBe(0)
    }),
    { numRuns: 300 },
  )
})

test('a timer that is armed again moves', () => {
  const clock = new HandClock()
  const wheel = new Wheel(clock, tick)
  const fired: number[] = []
  const timer = new Timer(() => fired.push(clock.time))
  wheel.arm(timer, 100)
  wheel.arm(timer, 1_000)
  clock.pass(500)
  expect(fired).toEqual([])
  wheel.arm(timer, 600)
  clock.pass(5_000)
  expect(fired).toEqual([600])
})

test('a wheel that waits sleeps through the ticks between', () => {
  const clock = new HandClock()
  const wheel = new Wheel(clock, tick)
  const fired: number[] = []
  let wakes = 0
  const after = clock.after.bind(clock)
  clock.after = (ms, fire) => {
    wakes++
    return after(ms, fire)
  }
  wheel.arm(new Timer(() => fired.push(clock.time)), 60_000)
  wheel.arm(new Timer(() => fired.push(clock.time)), 1_000)
  clock.pass(61_000)
  expect(fired).toEqual([1_000, 60_000])
  expect(wakes).toBeLessThan(40)
})
