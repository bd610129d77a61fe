import type { Scenario } from '../scenario.ts'

/**
 * A host that lets each address in once a second, two at a time after a pause, and says with 429 when to come again.
 * With three exits there is nothing to do but wait; with a hundred, waiting for one is a waste while others are free.
 */
const limited = (exits: number, requests: number, inFlight: number): Scenario => ({
  name: `rate-limited-${exits}`,
  seed: 90,
  origins: {
    site: {
      site: { pages: 2_000, pageBytes: 2_048 },
      limit: { perIp: { requests: 1, perMs: 1_000, burst: 2 } },
    },
  },
  proxies: [{ name: 'exit', count: exits, latency: { kind: 'lognormal', medianMs: 80, sigma: 0.3 } }],
  work: { requests, inFlight },
})

export const rateLimited3 = limited(3, 300, 12)
export const rateLimited100 = limited(100, 1_500, 50)
