import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Exchange, Verdict, VerdictKind } from '../../src/contracts/outcome.ts'
import { assignBlame, type Blame } from '../../src/reputation/blame.ts'

const share = fc.double({ min: 0, max: 1, noNaN: true })
const kind = fc.constantFrom<VerdictKind>(
  'success',
  'final',
  'blocked',
  'challenge',
  'dead',
  'target',
  'rate-limited',
  'transient',
  'neutral',
)
const times = { connectMs: 1, firstByteMs: 5, totalMs: 9, bytes: 10, reused: false }
const fault: Exchange = {
  kind: 'fault',
  phase: 'headers',
  cause: 'reset',
  detail: 'reset',
  verified: false,
  ...times,
}
const answer = (verified: boolean): Exchange => ({
  kind: 'response',
  url: 'https://host.example/',
  status: 500,
  headers: {},
  body: new Uint8Array(),
  redirects: [],
  forwarded: false,
  verified,
  ...times,
})

function blameFor(verdict: Verdict, exchange: Exchange, proxy = 0.5, host = 0.5): Blame {
  const blame = { fleetSuccess: 9, fleetFailure: 9, pairSuccess: 9, pairFailure: 9, host: 9 }
  assignBlame(verdict, exchange, { proxy, host }, blame)
  return blame
}

test('every share lies in [0, 1], whatever is suspected', () => {
  fc.assert(
    fc.property(
      kind,
      share,
      share,
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      fc.boolean(),
      (which, proxy, host, weight, verified) => {
        for (const exchange of [fault, answer(verified)]) {
          for (const part of Object.values(
            blameFor({ kind: which, reason: 'any', weight }, exchange, proxy, host),
          )) {
            expect(part).toBeGreaterThanOrEqual(0)
            expect(part).toBeLessThanOrEqual(1)
          }
        }
      },
    ),
  )
})

test.each(['neutral', 'rate-limited'] as const)('%s moves nothing', (which) => {
  expect(Object.values(blameFor({ kind: which, reason: 'any' }, fault))).toEqual([0, 0, 0, 0, 0])
})

test('nobody is credited and blamed for the same thing', () => {
  fc.assert(
    fc.property(kind, share, share, (which, proxy, host) => {
      const blame = blameFor({ kind: which, reason: 'any' }, answer(true), proxy, host)
      expect(Math.min(blame.fleetSuccess, blame.fleetFailure)).toBe(0)
      expect(Math.min(blame.pairSuccess, blame.pairFailure)).toBe(0)
    }),
  )
})

test('an ambiguous failure goes to the proxy or the host that has been failing elsewhere', () => {
  const badProxy = blameFor({ kind: 'transient', reason: 'reset' }, fault, 0.9, 0.1)
  const badHost = blameFor({ kind: 'transient', reason: 'reset' }, fault, 0.1, 0.9)
  expect(badProxy.fleetFailure).toBeGreaterThan(0.8)
  expect(badHost.fleetFailure).toBeLessThan(0.05)
  expect(badHost.host).toBeGreaterThan(0.8)
  const unknown = blameFor({ kind: 'transient', reason: 'reset' }, fault)
  expect(unknown.fleetFailure).toBeCloseTo(1 / 3)
  expect(unknown.host).toBeCloseTo(1 / 3)
})

test('a verified refusal proves that the proxy carries bytes; an unverified one does not', () => {
  expect(blameFor({ kind: 'blocked', reason: 'status-403' }, answer(true)).fleetSuccess).toBe(0.5)
  expect(blameFor({ kind: 'blocked', reason: 'status-403' }, answer(false)).fleetSuccess).toBe(0)
})
