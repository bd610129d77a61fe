import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { TraceHistory } from '../../src/sim/trace-history.ts'
import { type Attempt, cancelled, recording, refused } from './recording.ts'

const p = 'http://p:1'
const q = 'http://q:1'
const host = 'a.example'

/** Lengths of what is drawn, many times; hanging is Infinity. */
async function draws(attempts: readonly Attempt[], ask: { proxy?: string; host?: string; at?: number } = {}) {
  const trace = await recording(attempts, { proxies: ['http://new:1'] })
  const history = new TraceHistory(trace, createRandom(1))
  const random = createRandom(2)
  const times = Array.from({ length: 4_000 }, () => {
    const drawn = history.draw(ask.proxy ?? p, ask.host ?? host, ask.at ?? 0, random)
    return 'attempt' in drawn ? drawn.attempt : undefined
  })
  const share = (ms: number | undefined) =>
    times.filter((attempt) => attempt?.elapsedMs === ms).length / times.length
  return { times, share }
}

describe('an attempt goes as those recorded around it', () => {
  test('the eight nearest in time are asked, not those of another hour', async () => {
    const early = Array.from({ length: 20 }, (_, n) => ({ proxy: p, ms: 10, at: 1_000 + n }))
    const late = Array.from({ length: 20 }, (_, n) => ({ proxy: p, ms: 90, at: 200_000 + n }))
    expect((await draws([...early, ...late], { at: 2_000 })).share(10)).toBe(1)
    expect((await draws([...early, ...late], { at: 190_000 })).share(90)).toBe(1)
  })

  test('at a host where it was never tried, a proxy is as it is elsewhere', async () => {
    const attempts = [
      { proxy: p, ms: 10, host: 'b.example' },
      { proxy: q, ms: 90 },
    ]
    expect((await draws(attempts)).share(10)).toBe(1)
  })

  test('a proxy that was never tried is like one that was, and always like the same', async () => {
    const attempts = [
      { proxy: p, ms: 10 },
      { proxy: q, ms: 90 },
    ]
    const { share } = await draws(attempts, { proxy: 'http://new:1' })
    expect([0, 1]).toContain(share(10))
  })

  test('while a host was ill, it is ill for every proxy', async () => {
    const ill = { verdict: 'target', status: 503, ms: 5 }
    const attempts = [
      { proxy: p, ms: 10, at: 1_000 },
      ...[10_000, 20_000, 30_000].map((at, n) => ({ ...ill, proxy: n === 1 ? p : q, at })),
      { proxy: p, ms: 10, at: 60_000 },
    ]
    const { times } = await draws(attempts, { proxy: 'http://new:1', at: 40_000 })
    expect(times.every((attempt) => attempt?.verdict.kind === 'target')).toBe(true)
    expect((await draws(attempts, { at: 61_000 })).share(10)).toBeGreaterThan(0)
  })
})

describe('a cancelled attempt would have taken longer', () => {
  test('its share goes to those that did', async () => {
    const attempts = [10, 20, 40, 80].map((ms) => ({ proxy: p, ms }))
    const { share } = await draws([...attempts, { proxy: p, ms: 30, ...cancelled }])
    // Efron's weights: one in five each, and the fifth is shared by the two above 30.
    expect(share(10)).toBeCloseTo(0.2, 1)
    expect(share(20)).toBeCloseTo(0.2, 1)
    expect(share(40)).toBeCloseTo(0.3, 1)
    expect(share(80)).toBeCloseTo(0.3, 1)
  })

  test('where its proxy has none, another proxy at the host lends one', async () => {
    const attempts = [
      { proxy: p, ms: 300, ...cancelled },
      { proxy: p, ms: 100, ...cancelled },
      { proxy: q, ms: 200 },
      { proxy: q, ms: 900 },
    ]
    // Never home within 300 ms: so it is not the proxy for 200.
    expect((await draws(attempts)).share(900)).toBe(1)
  })

  test('where nothing took longer, it never comes', async () => {
    const attempts = [
      { proxy: p, ms: 300, ...cancelled },
      { proxy: q, ms: 200 },
    ]
    expect((await draws(attempts)).share(undefined)).toBe(1)
  })

  test('nothing that was cancelled is ever drawn, whatever was recorded', async () => {
    const attempt = fc.record({
      proxy: fc.constantFrom(p, q),
      ms: fc.integer({ min: 1, max: 500 }),
      kind: fc.constantFrom({}, cancelled, refused),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(attempt, { maxLength: 30 }), fc.nat(5_000), async (some, at) => {
        const attempts = [{ proxy: q, ms: 7 }, ...some.map(({ kind, ...rest }) => ({ ...rest, ...kind }))]
        const history = new TraceHistory(await recording(attempts), createRandom(1))
        const random = createRandom(at)
        for (let n = 0; n < 20; n++) {
          const drawn = history.draw(p, host, at, random)
          if ('attempt' in drawn) expect(drawn.attempt.isCensored).toBe(false)
          else expect(drawn.silent.isCensored).toBe(true)
        }
      }),
      { numRuns: 100 },
    )
  })
})
