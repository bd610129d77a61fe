import type { Scenario } from '../scenario.ts'

/** For `npm start`: a site of 200 pages with the web's oddities, limits per address, and a dozen proxies, good and bad. */
export const demo: Scenario = {
  name: 'demo',
  seed: 7,
  origins: {
    site: {
      host: 'regatta.lab',
      latency: { kind: 'lognormal', medianMs: 15, sigma: 0.4 },
      site: {
        pages: 200,
        linksPerPage: 8,
        missing: 3,
        nofollow: 2,
        disallowed: 2,
        redirects: 0.05,
        duplicates: 0.05,
        charsets: 0.05,
        orphans: 5,
        sitemap: 'index',
      },
      limit: { perIp: { requests: 10, perMs: 1_000, burst: 10 }, retryAfterSeconds: 1 },
    },
  },
  proxies: [
    { name: 'fast', count: 5, latency: { kind: 'lognormal', medianMs: 30, sigma: 0.3 } },
    { name: 'slow', count: 2, latency: { kind: 'lognormal', medianMs: 300, sigma: 0.4 } },
    { name: 'office', protocol: 'http', auth: { username: 'crew', password: 'ahoy' }, latency: 60 },
    { name: 'flaky', latency: 40, flaky: { request: 0.4, failures: ['reset', 'mid-body'] } },
    { name: 'refusing', fault: 'dead' },
    { name: 'hanging', fault: 'greeting-then-silent' },
    { name: 'injecting', latency: 40, fault: { kind: 'inject', style: 'ads' } },
  ],
}
