import type { Scenario } from '../scenario.ts'

/** Three hundred proxies as a free list has them: one in ten is alive, and that one is slow and loses every tenth answer. */
export const freeList: Scenario = {
  name: 'free-list',
  seed: 120,
  origins: { site: { site: { pages: 2_000, pageBytes: 2_048 } } },
  proxies: [
    {
      name: 'alive',
      count: 30,
      latency: { kind: 'lognormal', medianMs: 500, sigma: 0.5 },
      flaky: { request: 0.1 },
    },
    { name: 'refusing', count: 130, fault: 'dead' },
    { name: 'silent', count: 60, fault: 'syn-drop' },
    { name: 'hanging', count: 40, fault: 'blackhole' },
    { name: 'foreign', count: 20, fault: 'wrong-protocol' },
    {
      name: 'advertising',
      count: 20,
      latency: { kind: 'lognormal', medianMs: 500, sigma: 0.5 },
      fault: { kind: 'inject', style: 'replace' },
    },
  ],
  work: { requests: 1_200, inFlight: 30, options: { politeness: false } },
}
