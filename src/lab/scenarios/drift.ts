import type { Scenario } from '../scenario.ts'

/**
 * Good proxies go bad and come back, and each time everything that was learnt is wrong: after a minute one half fails in
 * four ways, a minute later it returns in the moment in which the other half fails, then all are good again.
 */
const good = { kind: 'lognormal' as const, medianMs: 400, sigma: 0.3 }
const minute = 60_000
const group = (name: string) => ['a', 'b', 'c', 'd'].map((part) => `${name}-${part}`)
const proxies = [...group('east'), ...group('west')].map((name) => ({ name, count: 5, latency: good }))

function failing(half: string, atMs: number) {
  const [refusing, hanging, losing, crawling] = group(half)
  return [
    { atMs, forMs: minute, of: refusing!, set: { fault: 'dead' } },
    { atMs, forMs: minute, of: hanging!, set: { fault: 'blackhole', latency: 120_000 } },
    { atMs, forMs: minute, of: losing!, set: { flaky: { request: 0.9, tunnel: 0.5 } } },
    { atMs, forMs: minute, of: crawling!, set: { latency: 4_000 } },
  ]
}

/** When something changes, ms. */
export const driftChanges: readonly number[] = [minute, 2 * minute, 3 * minute]

export const drift: Scenario = {
  name: 'drift',
  seed: 70,
  origins: { site: { site: { pages: 2_000, pageBytes: 2_048 } } },
  proxies,
  timeline: [...failing('east', minute), ...failing('west', 2 * minute)],
  work: { requests: 2_100, inFlight: 4, options: { politeness: false } },
}
