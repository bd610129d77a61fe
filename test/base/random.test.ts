import { expect, test } from 'vitest'
import { beta, createRandom } from '../../src/base/random.ts'

test('the same seed gives the same numbers', () => {
  const one = createRandom(7)
  const two = createRandom(7)
  expect(Array.from({ length: 20 }, one)).toEqual(Array.from({ length: 20 }, two))
})

test.each([
  [0.5, 0.5],
  [2, 5],
  [30, 10],
])('Beta(%d, %d) has the mean and variance of the distribution', (a, b) => {
  const random = createRandom(11)
  const draws = Array.from({ length: 40_000 }, () => beta(random, a, b))
  const mean = draws.reduce((sum, x) => sum + x, 0) / draws.length
  const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws.length
  expect(mean).toBeCloseTo(a / (a + b), 2)
  expect(variance).toBeCloseTo((a * b) / ((a + b) ** 2 * (a + b + 1)), 2)
})
