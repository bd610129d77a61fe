import type { Scenario } from '../scenario.ts'

/**
 * A hundred SOCKS5 proxies as lists really are: 45 fast, 20 slow, 10 very slow, 8 that fail every other request, 10 that
 * refuse, 5 that hang, 2 that put their own words into pages. Latencies are per request. The site has 2,000 pages of 2 KB,
 * each with a nonce; /bytes/2048 is there too. An oracle would use `fast-1` … `fast-45` alone.
 */
const around = (medianMs: number) => ({ kind: 'lognormal' as const, medianMs, sigma: 0.3 })

export const mixed100: Scenario = {
  name: 'mixed-100',
  seed: 100,
  origins: { site: { site: { pages: 2_000, linksPerPage: 8, pageBytes: 2_048 } } },
  proxies: [
    { name: 'fast', count: 45, latency: around(40) },
    { name: 'slow', count: 20, latency: around(250) },
    { name: 'very-slow', count: 10, latency: around(1_200) },
    {
      name: 'flaky',
      count: 8,
      latency: around(40),
      flaky: { request: 0.5, failures: ['reset', 'mid-body'] },
    },
    { name: 'refusing', count: 10, fault: 'dead' },
    { name: 'hanging', count: 5, fault: 'blackhole' },
    { name: 'injecting', count: 2, latency: around(40), fault: { kind: 'inject', style: 'replace' } },
  ],
}
