import type { Scenario } from '../../src/lab/scenario.ts'
import { findScenario } from '../../src/lab/scenarios/find.ts'
import type { CrawlerOptions } from '../../src/options/options.ts'

/**
 * The scenarios of the comparison. Politeness is off where hosts set no limits, so that only the choice is compared; at a
 * host with limits Regatta has the politeness it has by default, and the plain clients have none, as their users write
 * them. `pages` is a share of what was asked for; where the clock decides, the scenario's own number stands.
 */
export interface Case {
  readonly name: string
  readonly pages?: number
  readonly inFlight?: number
  readonly options?: CrawlerOptions
  readonly note: string
}

const impolite: CrawlerOptions = { politeness: false }

export const cases: readonly Case[] = [
  {
    name: 'mixed-100',
    pages: 1,
    inFlight: 50,
    options: impolite,
    note: '45 fast, 20 slow, 10 very slow, 8 flaky, 17 bad',
  },
  { name: 'half-dead', pages: 1, note: '30 good, 15 refuse, 15 hang' },
  { name: 'flapping', note: '15 steady, 25 twice as fast that come and go' },
  { name: 'drift', note: 'one half goes bad for a minute, then the other' },
  { name: 'hostile-host', pages: 1, note: 'ten hosts, one with captchas and bans' },
  { name: 'rate-limited-3', note: 'one request a second and address; politeness as by default' },
  { name: 'rate-limited-100', pages: 1, note: 'the same with a hundred addresses' },
  { name: 'mass-outage', note: 'the host is down for half a minute' },
  { name: 'free-list', pages: 0.8, note: '300 proxies, 30 alive' },
  { name: 'premium', pages: 1, note: '60 proxies, 98 % good answers' },
]

/** The scenario of a case, for so many pages. */
export function scenarioOf({ name, pages, inFlight, options }: Case, requests: number): Scenario {
  const found = findScenario(name)
  const { work } = found
  return {
    ...found,
    work: {
      ...work,
      ...(pages !== undefined && { requests: Math.round(requests * pages) }),
      ...(inFlight !== undefined && { inFlight }),
      options: { ...work?.options, ...options } as NonNullable<typeof work>['options'],
    },
  }
}
