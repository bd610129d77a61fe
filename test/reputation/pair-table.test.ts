import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PairTable } from '../../src/reputation/pair-table.ts'
import { thompson } from '../../src/router/strategies.ts'
import { PickingWorld } from '../router/world.ts'

const table = (): PairTable => new PickingWorld(0, thompson).pairs

test('a pair that always needs the same time is soon expected to need it', () => {
  fc.assert(
    fc.property(fc.double({ min: 5, max: 20_000, noNaN: true }), (ms) => {
      const pairs = table()
      const row = pairs.open(7)
      const before = pairs.logLatencyDeviation(row)
      for (let n = 0; n < 20; n++) pairs.observeLatency(row, ms, n * 100)
      expect(Math.abs(pairs.logLatency(row) - Math.log(ms))).toBeLessThan(0.35)
      expect(pairs.logLatencyDeviation(row)).toBeLessThan(before / 2)
    }),
  )
})

test('a pair nobody has tried is expected to be like the others of its host', () => {
  const pairs = table()
  for (let proxy = 0; proxy < 30; proxy++) pairs.observeLatency(pairs.open(proxy), 80, 1_000)
  expect(Math.exp(pairs.logLatency(undefined))).toBeGreaterThan(70)
  expect(Math.exp(pairs.logLatency(undefined))).toBeLessThan(95)
})

test('an attempt that was cut off early says nothing; one that had hung for long says it is slow', () => {
  const pairs = table()
  const row = pairs.open(1)
  for (let n = 0; n < 10; n++) pairs.observeLatency(row, 400, n)
  const known = pairs.logLatency(row)
  pairs.observeCensored(row, 50, 20)
  expect(pairs.logLatency(row)).toBe(known)
  pairs.observeCensored(row, 5_000, 20)
  expect(pairs.logLatency(row)).toBeGreaterThan(known)
})

test('whatever is observed, expectations stay finite and deviations positive', () => {
  const observation = fc.record({
    row: fc.nat(5),
    ms: fc.double({ min: 0, max: 100_000, noNaN: true }),
    gap: fc.nat(5_000_000),
    isCut: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(observation, { maxLength: 200 }), (observations) => {
      const pairs = table()
      let now = 0
      for (const { row: proxy, ms, gap, isCut } of observations) {
        now += gap
        const row = pairs.open(proxy)
        if (isCut) pairs.observeCensored(row, ms, now)
        else pairs.observeLatency(row, ms, now)
        expect(Number.isFinite(pairs.logLatency(row))).toBe(true)
        expect(pairs.logLatencyDeviation(row)).toBeGreaterThan(0)
        expect(Number.isFinite(pairs.logLatency(undefined))).toBe(true)
      }
    }),
  )
})

test('rows stay with their proxy while the table grows, and a forgotten proxy starts afresh', () => {
  const pairs = table()
  for (let proxy = 0; proxy < 500; proxy++) {
    const row = pairs.open(proxy) // growing replaces the columns
    pairs.nextAt[row] = proxy
  }
  for (let proxy = 0; proxy < 500; proxy++) expect(pairs.nextAt[pairs.rowOf(proxy)!]).toBe(proxy)
  const row = pairs.rowOf(77)!
  pairs.observeLatency(row, 30_000, 1)
  pairs.forget(77)
  expect(pairs.nextAt[row]).toBe(0)
  expect(pairs.hasLatency(row)).toBe(false)
})
