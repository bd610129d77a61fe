import type { PosteriorOptions } from '../options/options.ts'
import type { Breakers } from './breakers.ts'
import { grown } from './columns.ts'
import { Evidence, remaining } from './posterior.ts'

/**
 * One host's view of the proxies, as columns: a row per proxy that was ever used here. Latency is kept as a running mean
 * of ln(ms), discounted like everything else; an attempt that lost the race counts as "at least so long" (right-censored).
 */
export interface PairLatency {
  readonly weight: number
  readonly mean: number
  readonly at: number
}

/** Of ln(ms) over proxies, one vote each; `noise` is the variance of one answer around its proxy's mean. */
export interface UsualLatency {
  readonly mean: number
  readonly variance: number
  readonly votes: number
  readonly noise: number
}

export class PairTable {
  readonly evidence: Evidence
  readonly breakers: Breakers
  proxy = new Int32Array(0)
  /** Earliest clock ms of the next request over this pair: the interval gate. */
  nextAt = new Float64Array(0)
  uses = new Uint32Array(0)
  /** Failures here since its last answer here, and when the last of them ended, clock ms. */
  failures = new Uint16Array(0)
  failedAt = new Float64Array(0)
  /** Whether it has brought an answer here, in this run. */
  hasAnswered = new Uint8Array(0)
  /** Attempts in flight that have outlived their hedge time: half a failure each while they hang. */
  overdue = new Int32Array(0)
  /** What its latency here adds to the fleet's view of the proxy's tempo; NaN while it adds nothing. */
  tempo = new Float64Array(0)
  #latencyWeight = new Float64Array(0)
  #latencyMean = new Float64Array(0)
  #latencyAt = new Float64Array(0)
  /** By proxy number: 0 for none, else its row + 1. Asked for several times per candidate, which a Map is too slow for. */
  #rows = new Int32Array(0)
  #size = 0
  readonly #halfLife: number
  /** ln(ms) over proxies, one vote each: what to expect of a proxy that was never tried here. */
  #priorMean = Math.log(500)
  #priorVariance = 0.64
  #priorVotes = 0
  /** Variance of one answer around its proxy's mean. */
  #noise = 0.16

  constructor(options: PosteriorOptions, breakers: Breakers) {
    this.#halfLife = options.hostHalfLife
    this.evidence = new Evidence(options.hostHalfLife, options.cap)
    this.breakers = breakers
  }

  get size(): number {
    return this.#size
  }

  rowOf(proxy: number): number | undefined {
    const row = this.#rows[proxy]
    return row ? row - 1 : undefined
  }

  open(proxy: number): number {
    const known = this.rowOf(proxy)
    if (known !== undefined) return known
    const row = this.#size++
    if (row >= this.proxy.length) this.#grow(Math.max(16, row * 2))
    if (proxy >= this.#rows.length) {
      const longer = new Int32Array(Math.max(32, proxy * 2))
      longer.set(this.#rows)
      this.#rows = longer
    }
    this.#rows[proxy] = row + 1
    this.#reset(row, proxy)
    return row
  }

  /** It has brought an answer here. */
  succeeded(row: number): void {
    this.failures[row] = 0
    this.hasAnswered[row] = 1
  }

  failed(row: number, now: number): void {
    if (this.failures[row]! < 0xffff) this.failures[row]!++
    this.failedAt[row] = now
  }

  /** Forgets a proxy that left the fleet: its number may be given to another. */
  forget(proxy: number): void {
    const row = this.rowOf(proxy)
    if (row === undefined) return
    this.#reset(row, proxy)
  }

  /** An answer's first byte, in ms. */
  observeLatency(row: number, ms: number, now: number): void {
    const log = Math.log(Math.max(0.1, ms))
    const weight = this.#latencyWeight[row]! * remaining(now - this.#latencyAt[row]!, this.#halfLife)
    if (weight < 0.5) this.#vote(log)
    else {
      const off = (log - this.#latencyMean[row]!) ** 2 * (weight / (weight + 1))
      this.#noise += (Math.min(4, off) - this.#noise) * 0.01
    }
    this.#average(row, log, weight, 1, now)
  }

  /** An attempt that was cancelled after `ms` without an answer: it would have taken longer. */
  observeCensored(row: number, ms: number, now: number): void {
    const log = Math.log(Math.max(0.1, ms))
    const weight = this.#latencyWeight[row]! * remaining(now - this.#latencyAt[row]!, this.#halfLife)
    if (weight >= 0.5 && log <= this.#latencyMean[row]!) return
    this.#average(row, log + 0.35, weight, 0.7, now)
  }

  /** How far from usual this pair is, as ln. */
  offsetOf(row: number): number {
    return this.#latencyMean[row]! - this.#priorMean
  }

  /** Posterior mean of ln(ms); `offset` is how far from usual the proxy was at `hosts` other hosts. */
  logLatency(row: number | undefined, offset = 0, hosts = 0): number {
    const own = 1 / this.#priorVariance
    const other = hosts / tempoVariance
    const expected = this.#priorMean + (offset * other) / (own + other)
    if (row === undefined) return expected
    const weight = this.#latencyWeight[row]!
    const prior = this.#noise * (own + other)
    return (prior * expected + weight * this.#latencyMean[row]!) / (prior + weight)
  }

  /** Its standard deviation. */
  logLatencyDeviation(row: number | undefined, hosts = 0): number {
    const weight = row === undefined ? 0 : this.#latencyWeight[row]!
    return Math.sqrt(1 / (1 / this.#priorVariance + hosts / tempoVariance + weight / this.#noise))
  }

  /** What is known of a pair's own latency: mean of ln(ms), how many answers that is worth, and since when. */
  latencyOf(row: number): PairLatency {
    return {
      weight: this.#latencyWeight[row]!,
      mean: this.#latencyMean[row]!,
      at: this.#latencyAt[row]!,
    }
  }

  /** How many answers that is worth now. */
  latencyWeight(row: number, now: number): number {
    return this.#latencyWeight[row]! * remaining(now - this.#latencyAt[row]!, this.#halfLife)
  }

  restoreLatency(row: number, { weight, mean, at }: PairLatency): void {
    this.#latencyWeight[row] = Math.min(20, weight)
    this.#latencyMean[row] = mean
    this.#latencyAt[row] = at
  }

  /** What to expect of a proxy that was never tried here. */
  get usual(): UsualLatency {
    return {
      mean: this.#priorMean,
      variance: this.#priorVariance,
      votes: this.#priorVotes,
      noise: this.#noise,
    }
  }

  set usual({ mean, variance, votes, noise }: UsualLatency) {
    this.#priorMean = mean
    this.#priorVariance = Math.max(0.04, variance)
    this.#priorVotes = votes
    this.#noise = Math.max(1e-3, noise)
  }

  /** Whether this pair has ever answered lately. */
  hasLatency(row: number): boolean {
    return this.#latencyWeight[row]! > 0
  }

  #vote(log: number): void {
    const votes = Math.min(50, ++this.#priorVotes)
    const off = log - this.#priorMean
    this.#priorMean += off / votes
    if (votes > 1) this.#priorVariance += (Math.min(4, off * off) - this.#priorVariance) / votes
    this.#priorVariance = Math.max(0.04, this.#priorVariance)
  }

  #average(row: number, log: number, weight: number, added: number, now: number): void {
    const total = weight + added
    this.#latencyMean[row] = (this.#latencyMean[row]! * weight + log * added) / total
    this.#latencyWeight[row] = Math.min(20, total)
    this.#latencyAt[row] = now
  }

  #reset(row: number, proxy: number): void {
    this.proxy[row] = proxy
    this.nextAt[row] = 0
    this.uses[row] = 0
    this.failures[row] = 0
    this.failedAt[row] = 0
    this.hasAnswered[row] = 0
    this.overdue[row] = 0
    this.tempo[row] = Number.NaN
    this.#latencyWeight[row] = 0
    this.#latencyMean[row] = 0
    this.#latencyAt[row] = 0
    this.evidence.clear(row)
    this.breakers.clear(row)
  }

  #grow(rows: number): void {
    this.evidence.grow(rows)
    this.breakers.grow(rows)
    this.proxy = grown(this.proxy, rows)
    this.nextAt = grown(this.nextAt, rows)
    this.uses = grown(this.uses, rows)
    this.failures = grown(this.failures, rows)
    this.failedAt = grown(this.failedAt, rows)
    this.hasAnswered = grown(this.hasAnswered, rows)
    this.overdue = grown(this.overdue, rows)
    this.tempo = grown(this.tempo, rows)
    this.#latencyWeight = grown(this.#latencyWeight, rows)
    this.#latencyMean = grown(this.#latencyMean, rows)
    this.#latencyAt = grown(this.#latencyAt, rows)
  }
}

/** Variance of a proxy's tempo from host to host. */
const tempoVariance = 0.1
