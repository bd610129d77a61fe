import { grown } from './columns.ts'

/**
 * Which proxy was blamed for what, lately, so that it can be taken back. When three exits agree that a host is down, the
 * penalties of the last minute that its failures brought upon proxies are refunded; when an answer then proves the host
 * alive after all, they are applied again. A ring that grows to a fixed size: most hosts of a broad crawl need a few
 * entries or none, and the hot path overwrites.
 */
const fullSize = 1024
export const refundWindow = 60_000

export interface Penalty {
  readonly proxy: number
  readonly pair: number
  readonly fleetWeight: number
  readonly pairWeight: number
}

export class Ledger {
  #size = 0
  #proxy = new Int32Array(0)
  #pair = new Int32Array(0)
  #fleetWeight = new Float64Array(0)
  #pairWeight = new Float64Array(0)
  /** Clock ms; -Infinity for an entry that was taken back. */
  #at = new Float64Array(0)
  #next = 0
  #refunded: Penalty[] = []

  record(proxy: number, pair: number, fleetWeight: number, pairWeight: number, at: number): void {
    if (this.#next === this.#size && this.#size < fullSize) this.#grow(Math.max(16, this.#size * 2))
    const slot = this.#next++ % this.#size
    this.#proxy[slot] = proxy
    this.#pair[slot] = pair
    this.#fleetWeight[slot] = fleetWeight
    this.#pairWeight[slot] = pairWeight
    this.#at[slot] = at
  }

  /** Visits and forgets every entry since `since`, keeping it as refunded until the next call. */
  refund(since: number, visit: (entry: Penalty) => void): void {
    this.#refunded = []
    for (let slot = 0; slot < Math.min(this.#next, this.#size); slot++) {
      if (this.#at[slot]! < since) continue
      const entry = {
        proxy: this.#proxy[slot]!,
        pair: this.#pair[slot]!,
        fleetWeight: this.#fleetWeight[slot]!,
        pairWeight: this.#pairWeight[slot]!,
      }
      this.#at[slot] = Number.NEGATIVE_INFINITY
      this.#refunded.push(entry)
      visit(entry)
    }
  }

  /** The last refund was wrong: visits what it gave back. */
  restore(visit: (entry: Penalty) => void): void {
    const refunded = this.#refunded
    this.#refunded = []
    for (const entry of refunded) visit(entry)
  }
  #grow(size: number): void {
    this.#proxy = grown(this.#proxy, size)
    this.#pair = grown(this.#pair, size)
    this.#fleetWeight = grown(this.#fleetWeight, size)
    this.#pairWeight = grown(this.#pairWeight, size)
    this.#at = grown(this.#at, size)
    this.#size = size
  }
}
