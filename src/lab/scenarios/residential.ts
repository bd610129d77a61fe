import type { Scenario } from '../scenario.ts'

/** Eighty addresses of homes: slow to connect, slow to answer with a long tail, and one answer in eight is lost. */
export const residential: Scenario = {
  name: 'residential',
  seed: 140,
  origins: { site: { site: { pages: 2_000, pageBytes: 2_048 } } },
  proxies: [
    {
      name: 'home',
      count: 80,
      latency: { kind: 'lognormal', medianMs: 800, sigma: 0.6 },
      handshakeLatency: { kind: 'lognormal', medianMs: 300, sigma: 0.8 },
      flaky: { request: 0.12 },
    },
  ],
  work: { requests: 1_000, inFlight: 20, options: { politeness: false } },
}
