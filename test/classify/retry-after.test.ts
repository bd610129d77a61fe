import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clampWait, readWait } from '../../src/classify/retry-after.ts'
import { wall } from './exchanges.ts'

describe('how long we were asked to wait', () => {
  it.each([
    [{ ratelimit: 'limit=100, remaining=0, reset=30' }, 30_000],
    [{ ratelimit: '"default";r=0;t=45' }, 45_000],
    [{ 'ratelimit-reset': '12' }, 12_000],
    [{ 'x-ratelimit-reset': '20' }, 20_000],
    [{ 'x-ratelimit-reset': String(wall / 1_000 + 50) }, 50_000],
    [{ 'x-ratelimit-reset': String(wall + 50_000) }, 50_000],
    [{ 'x-ratelimit-reset': String(wall / 1_000 - 50) }, undefined],
    [{ 'x-ratelimit-reset': '6m0s' }, 360_000],
    [{ 'x-ratelimit-reset': 'Sat, 21 Nov 2026 12:00:30 GMT' }, 30_000],
    [{ 'retry-after': '2026-11-21T13:00:30Z', date: 'Sat, 21 Nov 2026 13:00:00 GMT' }, 30_000],
    [{ 'retry-after': 'soon', 'x-ratelimit-reset': '7' }, 7_000],
    [{ 'retry-after': '3', 'x-ratelimit-reset': '7' }, 3_000],
    [{}, undefined],
  ])('%j asks for %s ms', (headers: Record<string, string>, expected) => {
    expect(readWait(headers, wall)).toBe(expected)
  })

  it('whatever the headers hold, the wait is undefined or within 1 s and 1 h', () => {
    const value = fc.oneof(
      fc.string(),
      fc.integer().map(String),
      fc.double().map(String),
      fc.bigInt().map(String),
      fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
      fc.integer().map((n) => `limit=1, reset=${n}`),
    )
    const names = ['retry-after', 'ratelimit', 'ratelimit-reset', 'x-ratelimit-reset', 'x-rate-limit-reset']
    const headers = fc.dictionary(fc.constantFrom(...names), fc.oneof(value, fc.array(value)))
    fc.assert(
      fc.property(headers, fc.integer({ min: 0, max: 4e12 }), (sent, now) => {
        const wait = readWait(sent, now)
        expect(wait === undefined || (wait >= 1_000 && wait <= 3_600_000)).toBe(true)
      }),
    )
  })

  it('a wait that a transport read is clamped, and nonsense is no wait', () => {
    expect([5, 1e12, -1, Number.NaN, undefined].map(clampWait)).toEqual([
      1_000,
      3_600_000,
      undefined,
      undefined,
      undefined,
    ])
  })
})
