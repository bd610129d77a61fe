import type { Scenario } from '../scenario.ts'

/**
 * Fifteen steady proxies, and twenty-five that are twice as fast but go away for seconds again and again, each five in a
 * rhythm of their own. A crawler that shuts them out for long is slow, and one that trusts them fails.
 */
const around = (medianMs: number) => ({ kind: 'lognormal' as const, medianMs, sigma: 0.3 })
const rhythms = [
  [8_000, 2_000],
  [5_000, 5_000],
  [7_000, 11_000],
  [13_000, 4_000],
  [3_000, 9_000],
] as const

export const flapping: Scenario = {
  name: 'flapping',
  seed: 60,
  origins: { site: { site: { pages: 2_000, pageBytes: 2_048 } } },
  proxies: [
    { name: 'steady', count: 15, latency: around(400) },
    ...rhythms.map((_, index) => ({
      name: `flapping-${index + 1}`,
      count: 5,
      latency: around(200),
    })),
  ],
  // Not the behaviour of that name: here the connections that stand go with the port.
  timeline: rhythms.map(([upMs, downMs], index) => ({
    atMs: upMs,
    everyMs: upMs + downMs,
    forMs: downMs,
    of: `flapping-${index + 1}`,
    set: { fault: 'dead' },
  })),
  work: { requests: 1_500, inFlight: 16, options: { politeness: false } },
}
