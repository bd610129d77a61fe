/**
 * Who was blamed for what, lately, so that it can be taken back. When three exits agree that a host is down, the
 * penalties of the last minute that its failures brought upon proxies are refunded; when an answer then proves the host
 * alive after all, they are applied again. A ring of fixed size: the hot path overwrites, nothing grows.
 */
const size = 1024
export const refundWindow = 60_000

export interface Penalty {
  readonly proxy: number
  readonly pair: number
  readonly fleetWeight: number
  readonly pairWeight: number
}

export class Ledger {
  #proxy = new Int32Array(size)
  #pair = new Int32Array(size)
  #fleetWeight = new Float64Array(size)
  #pairWeight = new Float64Array(size)
  #at = new Float64Array(size).fill(Number.NEGATIVE_INFINITY)
  #next = 0
  #refunded: Penalty[] = []

  record(proxy: number, pair: number, fleetWeight: number, pairWeight: number, at: number): void {
    const slot = this.#next++ % size
    this.#proxy[slot] = proxy
    this.#pair[slot] = pair
    this.#fleetWeight[slot] = fleetWeight
    this.#pairWeight[slot] = pairWeight
    this.#at[slot] = at
  }

  /** Visits and forgets every entry since `since`, keeping it as refunded until the next call. */
  refund(since: number, visit: (entry: Penalty) => void): void {
    this.#refunded = []
    for (let slot = 0; slot < size; slot++) {
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
}
