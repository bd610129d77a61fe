import type { Scenario } from '../scenario.ts'

/** Sixty servers of a provider: quick, 98 answers of 100 come, and six have been taken away and do not even refuse. */
export const datacenter: Scenario = {
  name: 'datacenter',
  seed: 150,
  origins: { site: { site: { pages: 2_000, pageBytes: 2_048 } } },
  proxies: [
    {
      name: 'paid',
      count: 54,
      latency: { kind: 'lognormal', medianMs: 60, sigma: 0.3 },
      flaky: { request: 0.02 },
    },
    { name: 'gone', count: 6, fault: 'syn-drop' },
  ],
  work: { requests: 1_000, inFlight: 30, options: { politeness: false } },
}
