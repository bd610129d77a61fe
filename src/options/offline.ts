import type { HostOverrides, Options } from './options.ts'

/**
 * What `offline: true` makes of all other options. Nothing leaves this machine, so there is no proxy to be chosen, compared
 * or checked, and nobody who has to be spared: no interval, no limit, no second attempt. What robots.txt forbids stays
 * forbidden, so that a replay asks for the pages that its recording has asked for.
 */
export function offline(options: Options): Options {
  const { politeness, hosts } = options
  return {
    ...options,
    // No list is loaded, from nowhere.
    proxies: undefined,
    env: {},
    direct: true,
    use: undefined,
    anonymous: false,
    health: undefined,
    maxRequestsPerProxy: undefined,
    sticky: undefined,
    hedge: false,
    trust: 'blind',
    politeness: politeness && { ...politeness, ...unhurriedly, proxyConcurrency: false },
    // Nor does what a source declares of its service hold anybody up.
    ownIntervals: { interval: true, hostInterval: true },
    hosts: Object.fromEntries(Object.entries(hosts).map(([pattern, entry]) => [pattern, unhurried(entry)])),
  }
}

const unhurriedly = { interval: 0, hostInterval: 0, hostConcurrency: false } as const

/** What is said of one host, without what is about its exits and its patience. */
function unhurried(entry: HostOverrides): HostOverrides {
  const {
    proxies: _proxies,
    concurrency: _concurrency,
    hedge: _hedge,
    trust: _trust,
    sticky: _sticky,
    politeness,
    ...rest
  } = entry
  return politeness ? { ...rest, politeness: { ...politeness, ...unhurriedly } } : { ...rest, politeness }
}
