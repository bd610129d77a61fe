import type { Hub } from '../actors/adopt.ts'
import type { CountsByName } from '../base/counts-by-name.ts'
import { LastMinute } from '../base/last-minute.ts'
import type { Random } from '../base/random.ts'
import type { HostNormRecorder } from '../contracts/classifier.ts'
import type { Options } from '../options/options.ts'
import { HostTrust } from '../trust/host-trust.ts'
import { type BreakerChange, Breakers, type BreakersOwner } from './breakers.ts'
import { DoubtedAccounts } from './doubted-accounts.ts'
import type { FleetTable } from './fleet-table.ts'
import { HostHealth } from './host-health.ts'
import { LatencyHistogram } from './latency.ts'
import { Ledger } from './ledger.ts'
import { PairTable } from './pair-table.ts'
import { Chance, Norm, RunningShare } from './peer-norm.ts'
import { combinePrior, priorWeight, type Weights } from './posterior.ts'

/**
 * Everything that is known of one host: how each proxy fares there, whether it is ill, how long its answers take, what its
 * pages look like, who was blamed lately. It decides nothing and holds no permit; the host's pool does that, and has this
 * record. Feedback writes it, the picker and the snapshot read it.
 */
export interface HostRecordOwner {
  /** The actor that the host's view of its proxies lives under; undefined while that is asleep. */
  readonly home: Hub | undefined
  /** Proxies that may visit this host at all. */
  readonly exits: number
  /** A proxy is seen differently at this host from now on. */
  pairChanged(proxy: number, change: BreakerChange): void
}

export interface HostSurroundings {
  readonly fleet: FleetTable
  readonly options: Pick<Options, 'posterior' | 'breaker'>
  readonly random: Random
  readonly page: HostNormRecorder
}

/** Openings of pairs are counted for so long, ms. */
const openingsWindow = 60_000

export class HostRecord implements BreakersOwner {
  readonly host: string
  readonly pairs: PairTable
  readonly health = new HostHealth()
  readonly accounts = new DoubtedAccounts()
  readonly latency = new LatencyHistogram()
  readonly ledger = new Ledger()
  /** What is normal among the proxies that are used here. */
  readonly norm = new Norm()
  /** How often attempts succeed here. */
  readonly share = new RunningShare()
  /** How often an exit is refused a page that another one is given. */
  readonly chance = new Chance()
  /** How often an exit brings a page broken that another one brings whole. */
  readonly spoiling = new Chance()
  /** What comparisons of its answers have taught. */
  readonly trust = new HostTrust()
  /** What good pages look like. */
  readonly page: HostNormRecorder
  readonly counts = { succeeded: 0, failed: 0, attempts: 0, hedges: 0, bytes: 0, requeues: 0 }
  /** How its attempts ended lately. */
  readonly lastMinute = new LastMinute()
  /** Pages that were left out, by reason; undefined before the first. */
  skipped: CountsByName | undefined
  /** Mean cost of a failed attempt, ms. */
  failureCost = 300
  /** A page that was good when it came last: what a canary asks for, when those that wait have only failed. */
  goodUrl: string | undefined
  /** What its last failed attempt ended with, and over which proxy; undefined when there was none, or one came home since. */
  lastFailure: string | undefined
  /** The last times at which doubtful failures were forgiven, because the host was down: since when, and when. Clock ms. */
  readonly #refunds = new Float64Array(8)
  #nextRefund = 0
  readonly #fleet: FleetTable
  readonly #owner: HostRecordOwner
  /** When this host's failures opened proxies, lately. */
  readonly #openings: number[] = []
  readonly #weights: Weights = { alpha: 0, beta: 0 }

  constructor(host: string, { fleet, options, random, page }: HostSurroundings, owner: HostRecordOwner) {
    this.host = host
    this.page = page
    this.#fleet = fleet
    this.#owner = owner
    this.pairs = new PairTable(options.posterior, new Breakers('host', this, options.breaker, random))
  }

  /**
   * The posterior of a proxy here, as it is sampled: the prior (how good it is elsewhere, how hostile the host is to all)
   * and its own record here. `row` is undefined for a proxy that was never used here. The object is used again.
   */
  posterior(proxy: number, row: number | undefined, now: number): Weights {
    let success = 0
    let failure = 0
    let hanging = 0
    if (row !== undefined) {
      const { evidence, overdue } = this.pairs
      const left = evidence.left(row, now)
      success = evidence.success[row]! * left
      failure = evidence.failure[row]! * left
      hanging = overdue[row]! / 2
    }
    const elsewhere = this.#fleet.meanElsewhere(proxy, success, failure, now)
    const prior = combinePrior(elsewhere, this.share.value, this.#fleet.averageShare.value)
    this.#weights.alpha = priorWeight * prior + success
    // A socket that hangs must not stay attractive: half a failure each until it is decided.
    this.#weights.beta = priorWeight * (1 - prior) + failure + hanging
    return this.#weights
  }

  /** What failed here from `since` to `now` was the host's doing. */
  refunded(since: number, now: number): void {
    this.#refunds[this.#nextRefund] = since
    this.#refunds[this.#nextRefund + 1] = now
    this.#nextRefund = (this.#nextRefund + 2) % this.#refunds.length
  }

  /** Whether what failed at that moment, clock ms, was forgiven since. */
  hasRefunded(at: number): boolean {
    for (let n = 0; n < this.#refunds.length; n += 2) {
      if (this.#refunds[n + 1]! > 0 && at >= this.#refunds[n]! && at <= this.#refunds[n + 1]!) return true
    }
    return false
  }

  /** Mean success to expect of a proxy here, whatever the host does to others. */
  successOf(proxy: number, now: number): number {
    const mean = this.#fleet.mean(proxy, now)
    const row = this.pairs.rowOf(proxy)
    if (row === undefined) return mean
    const left = this.pairs.evidence.left(row, now)
    const success = this.pairs.evidence.success[row]! * left
    const failure = this.pairs.evidence.failure[row]! * left
    return (priorWeight * mean + success) / (priorWeight + success + failure)
  }

  /** Whether answers from here say at least so often that the account of this proxy, never accepted anywhere, is refused. */
  isAccountRefused(proxy: number, now: number, times: number): boolean {
    const group = this.#fleet.group[proxy]!
    return this.accounts.times(group, now) >= times && !this.#fleet.groups.isProven(group)
  }

  /** May one more proxy be opened on account of this host? Beyond half of them in a minute it is the host. */
  mayOpen(now: number): boolean {
    const openings = this.#openings
    while (openings.length > 0 && now - openings[0]! > openingsWindow) openings.shift()
    // Without another exit there is nothing to turn to.
    return this.#owner.exits > 1 && openings.length < Math.max(1, this.#owner.exits / 2)
  }

  // BreakersOwner: what the machines of its pairs ask.

  get home(): Hub | undefined {
    return this.#owner.home
  }

  nameOf(row: number): string {
    return this.#fleet.nameOf(this.pairs.proxy[row]!)
  }

  weigh(row: number, now: number): Weights {
    return this.posterior(this.pairs.proxy[row]!, row, now)
  }

  breakerChanged(change: BreakerChange): void {
    if (change.to === 'open') this.#openings.push(change.context.openedAt)
    this.#owner.pairChanged(this.pairs.proxy[change.row]!, change)
  }
}
