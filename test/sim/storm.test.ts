import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Scenario } from '../../src/lab/scenario.ts'
import { simulate } from '../../src/sim/simulate.ts'
import { stormScenario } from '../../src/sim/storm.ts'

/**
 * The invariants of src/sim/invariants.ts in worlds nobody would wish for. A slice of them here; `npm run storms` runs ten
 * thousand. Whatever a seed breaks, `regatta simulate storm --seed N` breaks again.
 */
const seeds = 250
const perTest = 50

describe('every invariant holds in a storm', () => {
  it.each(Array.from({ length: seeds / perTest }, (_, index) => 1 + index * perTest))(
    `seed %i and the ${perTest - 1} behind it`,
    { timeout: 60_000 },
    async (first) => {
      for (let seed = first; seed < first + perTest; seed++) {
        const { violations } = await simulate(stormScenario(seed))
        expect(violations, `regatta simulate storm --seed ${seed}`).toEqual([])
      }
    },
  )

  it.each([17, 276, 399, 521, 670, 909, 915, 1098, 1110, 1306, 2004, 2765, 2949, 4969, 7714])(
    'seed %i, which once broke one',
    async (seed) => {
      const { violations, attempts } = await simulate(stormScenario(seed))
      expect(violations).toEqual([])
      expect(attempts, 'a hot loop').toBeLessThan(10_000)
    },
  )

  it('a refresh takes the only sound proxy away for seconds, with a request under way', async () => {
    const site = { pages: 50, pageBytes: 200 }
    const latency = { kind: 'lognormal', medianMs: 1_200, sigma: 0.1 } as const
    const { violations } = await simulate({
      seed: 783,
      origins: { 'site-0': { site }, 'site-1': { site }, 'site-2': { site, latency } },
      proxies: [
        { name: 'sound', count: 1, latency: 20 },
        { name: 'dead', count: 5, fault: 'dead' },
      ],
      timeline: [],
      work: {
        requests: 63,
        inFlight: 1,
        limitMs: 14_400_000,
        options: { politeness: { interval: 1_000 } },
        chaos: { deaths: 0, stalls: 2, clockJumps: 2, refreshes: 1 },
      },
    })
    expect(violations).toEqual([])
  })

  it('whatever the world is made of', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(scenarios, async (scenario) => {
        const { violations } = await simulate(scenario)
        expect(violations).toEqual([])
      }),
      { numRuns: 60 },
    )
  })
})

// The same worlds as parts that shrink: what is left of a failure is the smallest world that fails.

const latency = fc.record({
  kind: fc.constant('lognormal' as const),
  medianMs: fc.constantFrom(5, 40, 250, 1_200),
  sigma: fc.constantFrom(0.1, 0.5),
})
const fault = fc.constantFrom(
  'dead' as const,
  'blackhole' as const,
  'connect-then-silent' as const,
  'truncate' as const,
  'bad-auth' as const,
  'ruleset-denied' as const,
)
const origin = fc.record(
  {
    latency,
    limit: fc.record({
      perIp: fc.record({ requests: fc.constantFrom(1, 10), burst: fc.constantFrom(1, 4) }),
    }),
  },
  { requiredKeys: [] },
)
const proxies = fc.record(
  {
    count: fc.integer({ min: 1, max: 6 }),
    latency,
    fault,
    protocol: fc.constantFrom('socks5' as const, 'http' as const),
    flaky: fc.record({ request: fc.constantFrom(0.1, 0.5) }),
    flapping: fc.record({ upMs: fc.constantFrom(500, 5_000), downMs: fc.constantFrom(500, 5_000) }),
  },
  { requiredKeys: ['count'] },
)
const change = fc
  .record({ atMs: fc.nat(5_000), forMs: fc.constantFrom(1_000, 60_000), isOutage: fc.boolean(), fault })
  .map(({ isOutage, fault: kind, ...when }) =>
    isOutage
      ? { ...when, of: 'site-0', down: 'refuse' as const }
      : { ...when, of: '*', share: 0.5, set: { fault: kind } },
  )
const scenarios: fc.Arbitrary<Scenario> = fc
  .record({
    seed: fc.nat(1_000),
    origins: fc.array(origin, { minLength: 1, maxLength: 3 }),
    groups: fc.array(proxies, { minLength: 1, maxLength: 3 }),
    timeline: fc.array(change, { maxLength: 3 }),
    requests: fc.integer({ min: 1, max: 80 }),
    inFlight: fc.constantFrom(1, 8, 40),
    interval: fc.constantFrom(0, 100, 1_000),
    chaos: fc.record({ deaths: fc.nat(2), stalls: fc.nat(2), clockJumps: fc.nat(2), refreshes: fc.nat(2) }),
  })
  .map(({ seed, origins, groups, timeline, requests, inFlight, interval, chaos }) => ({
    seed,
    origins: Object.fromEntries(
      origins.map((each, index) => [`site-${index}`, { ...each, site: { pages: 50, pageBytes: 200 } }]),
    ),
    // One that works is always there, or nothing could be asked of the crawler.
    proxies: [
      { name: 'sound', count: 1, latency: 20 },
      ...groups.map((each, index) => ({ ...each, name: `group-${index}` })),
    ],
    timeline,
    work: { requests, inFlight, limitMs: 4 * 3_600_000, options: { politeness: { interval } }, chaos },
  }))
