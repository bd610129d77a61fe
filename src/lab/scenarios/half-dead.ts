import type { Scenario } from '../scenario.ts'

/** Sixty proxies, half of them dead: fifteen refuse, fifteen take the connection and say nothing. */
export const halfDead: Scenario = {
  name: 'half-dead',
  seed: 50,
  origins: { site: { site: { pages: 2_000, pageBytes: 2_048 } } },
  proxies: [
    { name: 'good', count: 30, latency: { kind: 'lognormal', medianMs: 40, sigma: 0.3 } },
    { name: 'refusing', count: 15, fault: 'dead' },
    { name: 'hanging', count: 15, fault: 'blackhole' },
  ],
  work: { requests: 2_000, inFlight: 50, options: { politeness: false } },
}
