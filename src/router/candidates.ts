import type { Random } from '../base/random.ts'
import type { CandidateView } from '../contracts/strategy.ts'
import type { FleetTable } from '../reputation/fleet-table.ts'
import type { PairTable } from '../reputation/pair-table.ts'
import { combinePrior, priorWeight } from '../reputation/posterior.ts'

/**
 * The few proxies a pick is made from, as the strategy sees them. One object per crawler, filled again for each pick;
 * posteriors are computed when asked for, because round robin never asks.
 */
export const mostCandidates = 16

export class Candidates implements CandidateView {
  size = 0
  failureCost = 1_000
  isUrgent = false
  readonly random: Random
  readonly #fleet: FleetTable
  #pairs: PairTable | undefined
  #hostMean = 0.5
  #averageMean = 0.5
  #now = 0
  readonly #proxies = new Int32Array(mostCandidates)
  readonly #rows = new Int32Array(mostCandidates)
  readonly #alpha = new Float64Array(mostCandidates)
  readonly #beta = new Float64Array(mostCandidates)

  constructor(fleet: FleetTable, random: Random) {
    this.#fleet = fleet
    this.random = random
  }

  /** Starts a pick at one host; `hostMean` and `averageMean` are shares of success there and of an average proxy. */
  begin(
    pairs: PairTable,
    now: number,
    hostMean: number,
    averageMean: number,
    failureCost: number,
    isUrgent: boolean,
  ): void {
    this.size = 0
    this.isUrgent = isUrgent
    this.#pairs = pairs
    this.#now = now
    this.#hostMean = hostMean
    this.#averageMean = averageMean
    this.failureCost = failureCost
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
    return this.#pairs!.logLatency(
      this.#row(position),
      hosts === 0 ? 0 : this.#tempoElsewhere(position, hosts),
      hosts,
    )
  }

  logLatencyDeviation(position: number): number {
    return this.#pairs!.logLatencyDeviation(this.#row(position), this.#hostsElsewhere(position))
  }

  #hostsElsewhere(position: number): number {
    const all = this.#fleet.tempoHosts[this.#proxies[position]!]!
    const row = this.#row(position)
    return row === undefined || Number.isNaN(this.#pairs!.tempo[row]!) ? all : all - 1
  }

  #tempoElsewhere(position: number, hosts: number): number {
    const all = this.#fleet.tempoSum[this.#proxies[position]!]!
    const row = this.#row(position)
    const own = row === undefined ? 0 : this.#pairs!.tempo[row]!
    return (all - (Number.isNaN(own) ? 0 : own)) / hosts
  }

  inFlight(position: number): number {
    return this.#fleet.inFlight[this.#proxies[position]!]!
  }

  uses(position: number): number {
    const row = this.#row(position)
    return row === undefined ? 0 : this.#pairs!.uses[row]!
  }

  #row(position: number): number | undefined {
    const row = this.#rows[position]!
    return row < 0 ? undefined : row
  }

  #weigh(position: number): void {
    const proxy = this.#proxies[position]!
    const row = this.#row(position)
    const pairs = this.#pairs!
    let success = 0
    let failure = 0
    let overdue = 0
    if (row !== undefined) {
      const left = pairs.evidence.left(row, this.#now)
      success = pairs.evidence.success[row]! * left
      failure = pairs.evidence.failure[row]! * left
      overdue = pairs.overdue[row]!
    }
    const elsewhere = this.#fleet.meanElsewhere(proxy, success, failure, this.#now)
    const prior = combinePrior(elsewhere, this.#hostMean, this.#averageMean)
    this.#alpha[position] = priorWeight * prior + success
    // A socket that hangs must not stay attractive: half a failure each until it is decided.
    this.#beta[position] = priorWeight * (1 - prior) + failure + overdue / 2
  }
}
