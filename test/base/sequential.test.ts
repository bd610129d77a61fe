import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { FailureRun } from '../../src/base/sequential.ts'

const event = fc.oneof(
  fc.constant('good' as const),
  fc.record({ exit: fc.nat(5), family: fc.constantFrom('reset', 'status-500') }),
)

test('as many failures as it asks for happen by chance once in ten thousand, and one fewer more often', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 200 }), (events) => {
      const run = new FailureRun()
      for (const each of events) {
        if (each === 'good') run.succeeded()
        else run.failed(each.exit, each.family, 1, 1_000)
        const share = Math.min(0.97, Math.max(0.1, run.share))
        expect((1 - share) ** run.needed).toBeLessThanOrEqual(1e-4)
        expect((1 - share) ** (run.needed - 1)).toBeGreaterThan(1e-4)
        expect(run.share).toBeGreaterThanOrEqual(0)
        expect(run.share).toBeLessThanOrEqual(1)
      }
    }),
  )
})

test('a host that answers seven times in ten is not held to be down in ten thousand tries', () => {
  const random = createRandom(3)
  const run = new FailureRun()
  let alarms = 0
  for (let n = 0; n < 10_000; n++) {
    if (random() < 0.7) run.succeeded()
    else run.failed(n % 7, 'reset', 1, n)
    if (run.weight >= run.needed) alarms++
  }
  expect(alarms).toBeLessThanOrEqual(2)
})

test('a success ends the run and forgets its exits', () => {
  const run = new FailureRun()
  run.failed(1, 'reset', 1, 5)
  run.failed(2, 'reset', 1, 6)
  expect([run.weight, run.exits, run.since]).toEqual([2, 2, 5])
  run.succeeded()
  expect([run.weight, run.exits, run.since]).toEqual([0, 0, 0])
})

test('failures of two kinds in equal parts are no family', () => {
  const run = new FailureRun()
  for (let n = 0; n < 4; n++) run.failed(n, n % 2 ? 'reset' : 'status-500', 1, 1)
  expect(run.isOneFamily()).toBe(false)
  for (let n = 0; n < 4; n++) run.failed(n, 'reset', 1, 1)
  expect(run.isOneFamily()).toBe(true)
  expect(run.family()).toBe('reset')
})
