import type { Scenario } from '../scenario.ts'

/** Two hours with the same fifty proxies, one page at a time: twenty are good, twenty lose most answers, ten hang. */
const latency = { kind: 'lognormal' as const, medianMs: 2_000, sigma: 0.3 }

export const longLived: Scenario = {
  name: 'long-lived',
  seed: 160,
  origins: { site: { site: { pages: 2_000, pageBytes: 2_048 } } },
  proxies: [
    { name: 'good', count: 20, latency },
    { name: 'losing', count: 20, latency, flaky: { request: 0.7 } },
    { name: 'hanging', count: 10, fault: 'blackhole' },
  ],
  work: { requests: 3_000, inFlight: 1, options: { politeness: false } },
}
