import type { Random } from '../base/random.ts'
import type { ChosenBy } from '../contracts/explanation.ts'
import type { LeaseChoice } from '../contracts/lease.ts'
import type { CandidateView } from '../contracts/strategy.ts'
import type { FleetTable } from '../reputation/fleet-table.ts'
import type { HostRecord } from '../reputation/host-record.ts'
import { mostCandidates, Pick } from './pick.ts'

/**
 * The few proxies a pick is made from, as the strategy sees them. One object per crawler, with a record for each of the
 * last picks; posteriors are computed when asked for, because round robin never asks.
 */
export class Candidates implements CandidateView {
  isUrgent = false
  readonly random: Random
  readonly #fleet: FleetTable
  readonly #rows = new Int32Array(mostCandidates)
  readonly #alpha = new Float64Array(mostCandidates)
  readonly #beta = new Float64Array(mostCandidates)
  readonly #picks = Pick.ring()
  #record!: HostRecord
  #now = 0
  #next = 0
  #pick = this.#picks[0]!

  constructor(fleet: FleetTable, random: Random) {
    this.#fleet = fleet
    this.random = random
  }

  /** Starts a pick at one host. */
  begin(record: HostRecord, now: number, isUrgent: boolean): void {
    this.#pick.size = 0
    this.isUrgent = isUrgent
    this.#record = record
    this.#now = now
  }

  /** There is nothing to pick from. */
  clear(): void {
    this.#pick.size = 0
  }

  get size(): number {
    return this.#pick.size
  }

  get failureCost(): number {
    return this.#record.failureCost
  }

  /** `row` is the pair's, or -1 when the proxy was never used here. */
  add(proxy: number, row: number): void {
    const position = this.#pick.add(proxy, this.#fleet.endpoints[proxy]!)
    this.#rows[position] = row
    this.#alpha[position] = -1
  }

  weighed(position: number, drawn: number, cost: number): void {
    this.#pick.drawn[position] = drawn
    this.#pick.cost[position] = cost
  }

  /** Why this proxy, for the lease that it is granted. The next pick has a record of its own. */
  choiceOf(proxy: number, by: ChosenBy, strategy: string): LeaseChoice {
    const choice = this.#pick
    const position = choice.placeOf(proxy)
    const isAmong = position >= 0
    const alpha = isAmong ? this.#alpha[position]! : -1
    choice.take(proxy, by, strategy, alpha, isAmong ? this.#beta[position]! : -1)
    this.#next = (this.#next + 1) % this.#picks.length
    this.#pick = this.#picks[this.#next]!
    this.#pick.size = 0
    return choice
  }

  includes(proxy: number): boolean {
    return this.#pick.placeOf(proxy) >= 0
  }

  proxy(position: number): number {
    return this.#pick.proxies[position]!
  }

  alpha(position: number): number {
    if (this.#alpha[position]! < 0) this.#weigh(position)
    return this.#alpha[position]!
  }

  beta(position: number): number {
    if (this.#alpha[position]! < 0) this.#weigh(position)
    return this.#beta[position]!
  }

  logLatency(position: number): number {
    const hosts = this.#hostsElsewhere(position)
    return this.#record.pairs.logLatency(
      this.#row(position),
      hosts === 0 ? 0 : this.#tempoElsewhere(position, hosts),
      hosts,
    )
  }

  logLatencyDeviation(position: number): number {
    return this.#record.pairs.logLatencyDeviation(this.#row(position), this.#hostsElsewhere(position))
  }

  #hostsElsewhere(position: number): number {
    const all = this.#fleet.tempoHosts[this.#pick.proxies[position]!]!
    const row = this.#row(position)
    return row === undefined || Number.isNaN(this.#record.pairs.tempo[row]!) ? all : all - 1
  }

  #tempoElsewhere(position: number, hosts: number): number {
    const all = this.#fleet.tempoSum[this.#pick.proxies[position]!]!
    const row = this.#row(position)
    const own = row === undefined ? 0 : this.#record.pairs.tempo[row]!
    return (all - (Number.isNaN(own) ? 0 : own)) / hosts
  }

  inFlight(position: number): number {
    return this.#fleet.inFlight[this.#pick.proxies[position]!]!
  }

  uses(position: number): number {
    const row = this.#row(position)
    return row === undefined ? 0 : this.#record.pairs.uses[row]!
  }

  #row(position: number): number | undefined {
    const row = this.#rows[position]!
    return row < 0 ? undefined : row
  }

  #weigh(position: number): void {
    const { alpha, beta } = this.#record.posterior(
      this.#pick.proxies[position]!,
      this.#row(position),
      this.#now,
    )
    this.#alpha[position] = alpha
    this.#beta[position] = beta
  }
}
