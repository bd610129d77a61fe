import type { Random } from '../base/random.ts'
import type { CandidateView } from '../contracts/strategy.ts'
import type { FleetTable } from '../reputation/fleet-table.ts'
import type { HostRecord } from '../reputation/host-record.ts'

/**
 * The few proxies a pick is made from, as the strategy sees them. One object per crawler, filled again for each pick;
 * posteriors are computed when asked for, because round robin never asks.
 */
export const mostCandidates = 16

export class Candidates implements CandidateView {
  size = 0
  isUrgent = false
  readonly random: Random
  readonly #fleet: FleetTable
  #record!: HostRecord
  #now = 0
  readonly #proxies = new Int32Array(mostCandidates)
  readonly #rows = new Int32Array(mostCandidates)
  readonly #alpha = new Float64Array(mostCandidates)
  readonly #beta = new Float64Array(mostCandidates)

  constructor(fleet: FleetTable, random: Random) {
    this.#fleet = fleet
    this.random = random
  }

  /** Starts a pick at one host. */
  begin(record: HostRecord, now: number, isUrgent: boolean): void {
    this.size = 0
    this.isUrgent = isUrgent
    this.#record = record
    this.#now = now
  }

  get failureCost(): number {
    return this.#record.failureCost
  }

  /** `row` is the pair's, or -1 when the proxy was never used here. */
  add(proxy: number, row: number): void {
    this.#proxies[this.size] = proxy
    this.#rows[this.size] = row
    this.#alpha[this.size] = -1
    this.size++
  }

  includes(proxy: number): boolean {
    for (let position = 0; position < this.size; position++)
      if (this.#proxies[position] === proxy) return true
    return false
  }

  proxy(position: number): number {
    return this.#proxies[position]!
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
    const all = this.#fleet.tempoHosts[this.#proxies[position]!]!
    const row = this.#row(position)
    return row === undefined || Number.isNaN(this.#record.pairs.tempo[row]!) ? all : all - 1
  }

  #tempoElsewhere(position: number, hosts: number): number {
    const all = this.#fleet.tempoSum[this.#proxies[position]!]!
    const row = this.#row(position)
    const own = row === undefined ? 0 : this.#record.pairs.tempo[row]!
    return (all - (Number.isNaN(own) ? 0 : own)) / hosts
  }

  inFlight(position: number): number {
    return this.#fleet.inFlight[this.#proxies[position]!]!
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
    const { alpha, beta } = this.#record.posterior(this.#proxies[position]!, this.#row(position), this.#now)
    this.#alpha[position] = alpha
    this.#beta[position] = beta
  }
}
