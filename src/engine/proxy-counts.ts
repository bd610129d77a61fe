import type { ProxyCounts } from '../contracts/stats.ts'
import { lastSamples } from '../reputation/dry-spells.ts'
import type { FleetTable } from '../reputation/fleet-table.ts'
import type { Pool } from '../router/pool.ts'

/**
 * How many proxies are well, read from the columns when somebody asks. Over all hosts each proxy is looked at once. At a host
 * only those with a row of their own are: the others are what the fleet thinks of them, and nothing was asked of them here.
 */
type Standing = Exclude<keyof ProxyCounts, 'total'>
type Mutable = { -readonly [Name in keyof ProxyCounts]: number }

/** By number; `healthy` here are those that were asked something. */
const standings = [
  'healthy',
  'untried',
  'failing',
  'open',
  'halfOpen',
  'isolated',
  'retired',
] as const satisfies Standing[]
const [healthy, untried, failing] = [0, 1, 2]
/** It has left the fleet. */
const gone = 255

/** What the fleet thinks of each proxy, by its number: taken once for all hosts. */
export class FleetStandings {
  readonly counts: ProxyCounts
  readonly #of: Uint8Array

  constructor(fleet: FleetTable) {
    this.#of = new Uint8Array(fleet.endpoints.length).fill(gone)
    const counts = noProxies()
    for (const proxy of fleet.members) {
      const standing = standingInFleet(fleet, proxy)
      this.#of[proxy] = standing
      counts[standings[standing]!]++
    }
    this.counts = summed(counts)
  }

  /** As seen from one host. */
  at(pool: Pool): ProxyCounts {
    const { pairs } = pool.record
    const counts = noProxies()
    if (pool.selection.isFiltered) {
      for (const proxy of pool.selection.members) counts[standings[this.#of[proxy]!]!]++
    } else {
      for (const name of standings) counts[name] = this.counts[name]
      counts.healthy -= counts.untried
    }
    counts.untried += counts.healthy
    counts.healthy = 0
    for (let row = 0; row < pairs.size; row++) {
      const proxy = pairs.proxy[row]!
      const standing = this.#of[proxy] ?? gone
      if (standing > failing || !pool.selection.admits(proxy)) continue
      counts[standing === healthy ? 'untried' : standings[standing]!]--
      counts[standings[standingHere(pool, row, standing)]!]++
    }
    return summed(counts)
  }
}

function standingInFleet(fleet: FleetTable, proxy: number): number {
  const state = fleet.breakers.state[proxy]!
  if (state > 0) return failing + state
  if (fleet.isFailing(proxy)) return failing
  return fleet.uses[proxy] === 0 && fleet.successes[proxy] === 0 ? untried : healthy
}

/** Of one that is in use everywhere else. */
function standingHere({ record: { pairs, health } }: Pool, row: number, elsewhere: number): number {
  const state = pairs.breakers.state[row]!
  if (state > 0) return failing + state
  const failures = pairs.failures[row]!
  const isConfirmed = failures > 0 && health.answeredAt > pairs.failedAt[row]!
  if (isConfirmed && (pairs.hasAnswered[row] === 0 || failures >= lastSamples)) return failing
  if (elsewhere === failing && pairs.hasAnswered[row] === 0) return failing
  return pairs.uses[row] === 0 ? untried : healthy
}

function noProxies(): Mutable {
  return { total: 0, healthy: 0, untried: 0, failing: 0, open: 0, halfOpen: 0, isolated: 0, retired: 0 }
}

/** Until now `healthy` were those that were asked something. */
function summed(counts: Mutable): ProxyCounts {
  counts.healthy += counts.untried
  const { healthy: well, failing: ill, open, halfOpen, isolated, retired } = counts
  counts.total = well + ill + open + halfOpen + isolated + retired
  return counts
}
