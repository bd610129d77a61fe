import type { Scenario } from '../scenario.ts'

/** The host itself goes down for half a minute, for everybody, and no proxy can help it. */
export const outageBegins = 20_000
export const outageEnds = 50_000

export const massOutage: Scenario = {
  name: 'mass-outage',
  seed: 110,
  origins: { site: { site: { pages: 2_000, pageBytes: 2_048 } } },
  proxies: [{ name: 'good', count: 30, latency: { kind: 'lognormal', medianMs: 300, sigma: 0.3 } }],
  timeline: [{ atMs: outageBegins, forMs: outageEnds - outageBegins, of: 'site', down: 'refuse' }],
  work: { requests: 1_400, inFlight: 10, options: { politeness: false } },
}
