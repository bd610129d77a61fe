import type { Clock } from '../base/clock.ts'
import { formatBytes } from '../base/format.ts'
import type { Account, Cap, Price } from '../contracts/spending.ts'

/**
 * Caps on bytes and on money. An attempt begins only when what is booked, what is under way and one more, each held to be as
 * large as the largest of late, fit below the cap; so the last ones wait for those before them instead of going over together. What none could foresee is
 * measured while it comes: bodies are counted by the chunk, and at the cap everything under way is cancelled. Beyond it
 * come at most a chunk (64 KiB) and the heads and handshakes of each attempt that was under way.
 */
export interface CapOptions {
  readonly maxBytes: number | undefined
  readonly maxCost: number | undefined
  readonly prices: readonly Price[]
}

/** Bytes that an attempt may take, before any has ended. */
const firstGuess = 16_384
/** By how much of the difference a smaller attempt lowers what the next ones are held to take. */
const fading = 0.02

export class Caps {
  readonly isAny: boolean
  /** Which cap was reached. */
  reached: 'bytes' | 'cost' | undefined
  /** What was spent before the present round. */
  before = { bytes: 0, cost: 0 }
  readonly #maxBytes: number
  readonly #maxCost: number
  readonly #total: Account
  readonly #clock: Clock
  readonly #listeners = new Set<() => void>()
  #underWay = 0
  #pendingBytes = 0
  #pendingCost = 0
  /** The largest of late: what the next attempt is held to take. */
  readonly #usual = { bytes: 0, cost: 0 }
  /** What one may take beside others, as long as few are known. */
  readonly #guess: { bytes: number; cost: number }

  constructor({ maxBytes, maxCost, prices }: CapOptions, total: Account, clock: Clock) {
    this.isAny = maxBytes !== undefined || maxCost !== undefined
    this.#maxBytes = maxBytes ?? Number.POSITIVE_INFINITY
    this.#maxCost = maxCost ?? Number.POSITIVE_INFINITY
    const dearest = (part: 'perGB' | 'perRequest') => Math.max(0, ...prices.map((price) => price[part] ?? 0))
    this.#guess = { bytes: firstGuess, cost: dearest('perRequest') + (firstGuess * dearest('perGB')) / 1e9 }
    this.#total = total
    this.#clock = clock
  }

  get bytesCap(): Cap | undefined {
    return this.#maxBytes < Infinity ? { limit: this.#maxBytes, used: this.#bytes } : undefined
  }

  get costCap(): Cap | undefined {
    return this.#maxCost < Infinity ? { limit: this.#maxCost, used: this.#cost } : undefined
  }

  get #bytes(): number {
    return this.#total.sent + this.#total.received - this.before.bytes
  }

  get #cost(): number {
    return this.#total.cost - this.before.cost
  }

  /** Called once when a cap is reached, in a moment; at once when it was. The returned function ends that. */
  onceReached(listener: () => void): () => void {
    if (this.reached) this.#clock.soon(listener)
    else this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Whether one more attempt fits. When none is under way and none fits, the cap is reached. */
  hasRoom(): boolean {
    if (!this.isAny) return true
    if (this.reached) return false
    const isAlone = this.#underWay === 0
    if (isAlone && this.#usual.bytes === 0) return true
    const bytes = isAlone ? this.#usual.bytes : Math.max(this.#usual.bytes, this.#guess.bytes)
    const cost = isAlone ? this.#usual.cost : Math.max(this.#usual.cost, this.#guess.cost)
    const isOverBytes =
      this.#bytes + Math.max(this.#pendingBytes, this.#underWay * bytes) + bytes > this.#maxBytes
    const isOverCost = this.#cost + Math.max(this.#pendingCost, this.#underWay * cost) + cost > this.#maxCost
    if (!isOverBytes && !isOverCost) return true
    if (isAlone) this.#reach(isOverBytes ? 'bytes' : 'cost')
    return false
  }

  begins(price: Price | undefined): void {
    this.#underWay++
    this.#pendingCost += price?.perRequest ?? 0
  }

  flows(price: Price | undefined, bytes: number): void {
    this.#pendingBytes += bytes
    this.#pendingCost += (bytes * (price?.perGB ?? 0)) / 1e9
    this.look()
  }

  ends(price: Price | undefined, flowed: number): void {
    this.#underWay--
    this.#pendingBytes -= flowed
    this.#pendingCost -= (price?.perRequest ?? 0) + (flowed * (price?.perGB ?? 0)) / 1e9
  }

  /** An attempt was booked. */
  booked(bytes: number, cost: number): void {
    if (!this.isAny) return
    const usual = this.#usual
    usual.bytes = Math.max(bytes, usual.bytes - (usual.bytes - bytes) * fading)
    usual.cost = Math.max(cost, usual.cost - (usual.cost - cost) * fading)
    this.#guess.bytes *= 1 - fading
    this.#guess.cost *= 1 - fading
    this.look()
  }

  /** Whether what is booked and what is under way go beyond a cap. */
  look(): void {
    if (!this.isAny || this.reached) return
    if (this.#bytes + this.#pendingBytes > this.#maxBytes) this.#reach('bytes')
    else if (this.#cost + this.#pendingCost > this.#maxCost) this.#reach('cost')
  }

  /** A crawl begins anew: what was spent before does not count any more. */
  beginRound(): void {
    this.before = { bytes: this.#total.sent + this.#total.received, cost: this.#total.cost }
    this.reached = undefined
    this.look()
  }

  restore(before: { readonly bytes: number; readonly cost: number }): void {
    this.before = { ...before }
    this.look()
  }

  /** What to say when it is reached. */
  sentence(currency: string): string {
    const isBytes = this.reached === 'bytes'
    const unit = currency === '' ? '' : ` ${currency}`
    const limit = isBytes ? formatBytes(this.#maxBytes) : `${this.#maxCost}${unit}`
    const option = isBytes ? 'maxBytes' : 'maxCost'
    return `The cap of ${limit} ("${option}") is reached, and nothing more is sent. Raise it to go on.`
  }

  /** In a moment: this may be inside of what is to be cancelled. */
  #reach(which: 'bytes' | 'cost'): void {
    this.reached = which
    this.#clock.soon(() => {
      if (!this.reached) return
      for (const listener of this.#listeners) listener()
      this.#listeners.clear()
    })
  }
}
