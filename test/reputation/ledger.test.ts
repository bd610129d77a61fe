import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Ledger, type Penalty } from '../../src/reputation/ledger.ts'

const penalties = fc.array(
  fc.record({ proxy: fc.nat(20), weight: fc.double({ min: 0.01, max: 1, noNaN: true }), gap: fc.nat(200) }),
  { maxLength: 1_500 },
)

test('a refund visits every penalty since a moment once, as far as the ledger reaches, and a restore the same ones', () => {
  fc.assert(
    fc.property(penalties, fc.nat(100_000), (list, since) => {
      const ledger = new Ledger()
      let at = 0
      const recorded = list.map(({ proxy, weight, gap }) => {
        at += gap
        ledger.record(proxy, proxy, weight, weight / 2, at)
        return { at, proxy, weight }
      })
      const expected = recorded.slice(-1_024).filter((each) => each.at >= since)
      const refunded: Penalty[] = []
      ledger.refund(since, (entry) => refunded.push(entry))
      const sum = (weights: number[]) => weights.reduce((total, each) => total + each, 0)
      expect(refunded.length).toBe(expected.length)
      expect(sum(refunded.map((each) => each.fleetWeight))).toBeCloseTo(
        sum(expected.map((each) => each.weight)),
      )
      const restored: Penalty[] = []
      ledger.restore((entry) => restored.push(entry))
      expect(restored).toEqual(refunded)
      ledger.restore(() => expect.unreachable('restored twice'))
      ledger.refund(since, () => expect.unreachable('refunded twice'))
    }),
    { numRuns: 40 },
  )
})
