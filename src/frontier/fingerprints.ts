import { fold } from './fold.ts'

/**
 * Which requests were ever added, at about 16 bytes each instead of a string of 30 to 60. Every id is folded to 64 bits
 * and kept in open-addressed tables (Knuth, TAOCP 6.4, linear probing). Two ids share a fingerprint, and the second page
 * is taken for known, once in 370,000 crawls of ten million requests (n² / 2⁶⁵). A Bloom filter of the same size was
 * rejected: it would lose pages in every crawl. The tables are 64 so that none takes long to grow.
 */
export class Fingerprints {
  #tables: Table[] = Array.from({ length: 64 }, () => createTable(16))
  #folded = new Uint32Array(2)
  #high = 0
  #low = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  has(id: string): boolean {
    this.#fold(id)
    const table = this.#tables[this.#high >>> 26]!
    const slot = find(table, this.#high, this.#low)
    return table.high[slot] !== 0 || table.low[slot] !== 0
  }

  /** Adds an id that is not there yet. */
  add(id: string): void {
    this.#fold(id)
    const table = this.#tables[this.#high >>> 26]!
    insert(table, this.#high, this.#low)
    this.#size++
    if (table.used * 5 > table.low.length * 3) this.#tables[this.#high >>> 26] = grown(table)
  }

  #fold(id: string): void {
    fold(id, this.#folded)
    this.#high = this.#folded[0]!
    this.#low = this.#folded[1]!
    if (this.#high === 0 && this.#low === 0) this.#low = 1 // an empty slot is all zero
  }
}

interface Table {
  high: Uint32Array
  low: Uint32Array
  used: number
}

function createTable(size: number): Table {
  return { high: new Uint32Array(size), low: new Uint32Array(size), used: 0 }
}

/** The slot that holds the fingerprint, or the empty one where it belongs. */
function find(table: Table, high: number, low: number): number {
  const mask = table.low.length - 1
  let slot = low & mask
  while (
    !(table.high[slot] === high && table.low[slot] === low) &&
    !(table.high[slot] === 0 && table.low[slot] === 0)
  ) {
    slot = (slot + 1) & mask
  }
  return slot
}

function insert(table: Table, high: number, low: number): void {
  const slot = find(table, high, low)
  table.high[slot] = high
  table.low[slot] = low
  table.used++
}

function grown(table: Table): Table {
  const wider = createTable(table.low.length * 2)
  for (let slot = 0; slot < table.low.length; slot++) {
    const high = table.high[slot]!
    const low = table.low[slot]!
    if (high !== 0 || low !== 0) insert(wider, high, low)
  }
  return wider
}
