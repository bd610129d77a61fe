import { expect, test } from 'vitest'
import { Pick } from '../../src/router/pick.ts'

test('a pick that is kept is not filled again, and what was kept before is filled in its place', () => {
  const ring = Pick.ring()
  const [first, second] = ring as [Pick, Pick]
  expect(first.keep(undefined)).toBe(first)
  expect(ring[0]).not.toBe(first)
  expect(second.keep(first)).toBe(second)
  expect(ring[1]).toBe(first)
  expect(new Set(ring).size).toBe(ring.length)
})

test('to keep one twice, or to leave one that somebody still keeps in the ring, changes nothing', () => {
  const ring = Pick.ring()
  const [first, second] = ring as [Pick, Pick]
  first.keep(undefined)
  const before = [...ring]
  first.keep(undefined)
  expect(ring).toEqual(before)
  // The second stands in the ring itself: it cannot stand in the place of another.
  const third = ring[2]!
  third.keep(second)
  expect(ring[1]).toBe(second)
  expect(ring[2]).not.toBe(second)
})
