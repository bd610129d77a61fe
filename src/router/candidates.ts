import type { Random } from '../base/random.ts'
import type { ChosenBy } from '../contracts/explanation.ts'
import type { LeaseChoice } from '../contracts/lease.ts'
import type { CandidateView } from '../contracts/strategy.ts'
import type { FleetTable } from '../reputation/fleet-table.ts'
import type { HostRecord } from '../reputation/host-record.ts'

/**
 * The few proxies a pick is made from, as the strategy sees them. One object per crawler, filled again for each pick;
 * posteriors are computed when asked for, because round robin never asks.
 */
export const mostCandidates = 16
/** Candidates that were not taken and are named with the one that was. */
export const mostOthers = 3
/** A choice is read in the turn in which its lease is granted, and many are granted in one. */
const choices = 64

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
  readonly #drawn = new Float64Array(mostCandidates)
  readonly #cost = new Float64Array(mostCandidates)
  readonly #choices: LeaseChoice[] = []
  #nextChoice = 0

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
    this.#cost[this.size] = Number.NaN
    this.size++
  }

  weighed(position: number, drawn: number, cost: number): void {
    this.#drawn[position] = drawn
    this.#cost[position] = cost
  }

  /** Why this proxy, for the lease that it is granted. It allocates nothing. */
  choiceOf(proxy: number, by: ChosenBy, strategy: string): LeaseChoice {
    const slot = this.#nextChoice++ % choices
    const choice = this.#choices[slot] ?? createChoice()
    this.#choices[slot] = choice
    choice.by = by
    choice.strategy = strategy
    choice.alpha = choice.beta = choice.drawn = choice.cost = Number.NaN
    choice.others = 0
    for (let position = 0; position < this.size; position++) {
      const cost = this.#cost[position]!
      if (this.#proxies[position] === proxy) {
        if (this.#alpha[position]! >= 0) {
          choice.alpha = this.#alpha[position]!
          choice.beta = this.#beta[position]!
        }
        if (cost >= 0) choice.drawn = this.#drawn[position]!
        choice.cost = cost
      } else if (cost >= 0) this.#insert(choice, position, cost)
    }
    return choice
  }

  /** Keeps the best few in order. */
  #insert(choice: LeaseChoice, position: number, cost: number): void {
    const { proxies, draws, costs } = choice
    let place = choice.others
    while (place > 0 && costs[place - 1]! > cost) place--
    if (place >= mostOthers) return
    choice.others = Math.min(mostOthers, choice.others + 1)
    for (let at = choice.others - 1; at > place; at--) {
      proxies[at] = proxies[at - 1]!
      draws[at] = draws[at - 1]!
      costs[at] = costs[at - 1]!
    }
    proxies[place] = this.#proxies[position]!
    draws[place] = this.#drawn[position]!
    costs[place] = cost
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

function createChoice(): LeaseChoice {
  const numbers = { alpha: Number.NaN, beta: Number.NaN, drawn: Number.NaN, cost: Number.NaN, others: 0 }
  const proxies = new Int32Array(mostOthers)
  const draws = new Float64Array(mostOthers)
  const costs = new Float64Array(mostOthers)
  return { by: 'strategy', strategy: '', ...numbers, proxies, draws, costs }
}
