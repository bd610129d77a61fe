import type { Scenario } from '../scenario.ts'

/**
 * Ten hosts behind one fleet, one of them hostile: it answers two pages in five with a captcha and bans every address
 * after its twelfth request, for half a minute. The proxies are good everywhere else.
 */
const site = { pages: 1_000, pageBytes: 2_048 }
const friendly = Object.fromEntries(
  Array.from({ length: 9 }, (_, index) => [`friendly-${index + 1}`, { site }]),
)

export const hostileHost: Scenario = {
  name: 'hostile-host',
  seed: 80,
  origins: {
    ...friendly,
    hostile: {
      site,
      softBlock: { share: 0.4, style: 'captcha' },
      ban: { afterRequests: 12, forMs: 30_000, answer: 403 },
    },
  },
  proxies: [
    { name: 'near', count: 20, latency: { kind: 'lognormal', medianMs: 60, sigma: 0.3 } },
    { name: 'far', count: 20, latency: { kind: 'lognormal', medianMs: 150, sigma: 0.3 } },
  ],
  work: { requests: 2_000, inFlight: 30, options: { politeness: false } },
}
