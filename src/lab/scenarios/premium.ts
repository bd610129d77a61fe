import type { Scenario } from '../scenario.ts'

/** Sixty paid proxies that are all good: 98 answers of 100 come. There is little to learn, and much to spoil. */
export const premium: Scenario = {
  name: 'premium',
  seed: 130,
  origins: { site: { site: { pages: 2_000, pageBytes: 2_048 } } },
  proxies: [
    {
      name: 'paid',
      count: 60,
      latency: { kind: 'lognormal', medianMs: 60, sigma: 0.3 },
      flaky: { request: 0.02 },
    },
  ],
  work: { requests: 2_000, inFlight: 50, options: { politeness: false } },
}
