import fc from 'fast-check'
import { expect, it } from 'vitest'
import { CountsByName } from '../../src/base/counts-by-name.ts'
import { LastMinute } from '../../src/base/last-minute.ts'

it('the share of good ones is that of the last sixty seconds, whatever comes when', () => {
  const step = fc.record({ wait: fc.oneof(fc.nat(1_500), fc.nat(150_000)), isGood: fc.boolean() })
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 200 }),
      fc.nat(130_000),
      fc.nat(100_000_000),
      (steps, rest, start) => {
        const minute = new LastMinute()
        const seen: { second: number; isGood: boolean }[] = []
        let now = start
        for (const { wait, isGood } of steps) {
          now += wait
          minute.add(isGood, now)
          seen.push({ second: Math.floor(now / 1_000), isGood })
        }
        now += rest
        const late = seen.filter(({ second }) => Math.floor(now / 1_000) - second < 60)
        const good = late.filter(({ isGood }) => isGood).length
        expect(minute.rate(now)).toBe(late.length === 0 ? undefined : good / late.length)
      },
    ),
  )
})

it('a clock that stands still or is a fraction is no trouble', () => {
  const minute = new LastMinute()
  expect(minute.rate(0)).toBeUndefined()
  for (const isGood of [true, false, true, true]) minute.add(isGood, 0.25)
  expect(minute.rate(0.3)).toBe(0.75)
  expect(minute.rate(59_999)).toBe(0.75)
  expect(minute.rate(60_000)).toBeUndefined()
})

it('of names that others choose the first are kept, and the rest is counted together', () => {
  const counts = new CountsByName()
  for (const name of ['__proto__', 'robots', 'robots']) counts.add(name)
  for (let n = 0; n < 100; n++) counts.add(`reason ${n}`)
  const read = counts.toJSON()
  expect(Object.keys(read)).toHaveLength(65)
  expect([Object.getOwnPropertyDescriptor(read, '__proto__')?.value, read.robots, read.other]).toEqual([
    1, 2, 38,
  ])
})
