import { mixed } from './byte-hash.ts'

/**
 * Counts the parts of one answer while it is read, by path, and joins the hashes of their values in their order, as two prices
 * that changed places are a lie, too. So memory does not grow with the page. Beside it a sketch of the set of all values
 * (one-permutation MinHash; Li, Owen and Zhang 2012), which says how much two answers have in common where a hash only says
 * that they are not equal.
 */

/** All values at one path. */
export interface Part {
  /** How many. */
  readonly count: number
  /** A hash of their sequence, 0 to 2^32 - 1; 0 where a part is nothing but there, such as an element. */
  readonly value: number
}

/** A page has a few hundred paths. */
const mostPaths = 4_096
/** Where the paths beyond are counted, so that none is lost. */
const crowdedPaths = 64
const bins = 256
const emptyBin = 0xffff_ffff

export class PartTally {
  readonly #slots = new Map<number, number>()
  readonly #paths: string[] = []
  readonly #counts: number[] = []
  readonly #values: number[] = []
  readonly #sketch = new Uint32Array(bins).fill(emptyBin)

  /** Where this path is counted; negative when it is new, and has to be opened with its name first. */
  find(path: number): number {
    return this.#slots.get(path) ?? -1
  }

  /** A new path. Never more than `mostPaths`: those beyond share a few by their hash. */
  open(path: number, name: string): number {
    if (this.#paths.length >= mostPaths) {
      const crowd = mixed(path) & (crowdedPaths - 1)
      const shared = this.#slots.get(-1 - crowd - 0x8000_0000)
      if (shared !== undefined) return shared
      return this.#add(-1 - crowd - 0x8000_0000, `and more ${crowd}`)
    }
    return this.#add(path, name)
  }

  #add(key: number, name: string): number {
    const slot = this.#paths.length
    this.#slots.set(key, slot)
    this.#paths.push(name)
    this.#counts.push(0)
    this.#values.push(0)
    return slot
  }

  count(slot: number): void {
    this.#counts[slot]!++
  }

  /** `value` is a finished hash. */
  countValue(slot: number, value: number): void {
    this.#counts[slot]!++
    this.#values[slot] = (Math.imul(this.#values[slot]!, 31) + value) | 0
    this.sketch(value)
  }

  /** A value that has no path. */
  sketch(value: number): void {
    const bin = value & (bins - 1)
    const rest = value >>> 8
    if (rest < this.#sketch[bin]!) this.#sketch[bin] = rest
  }

  /** What was counted. Paths whose names are equal are one. */
  get parts(): Map<string, Part> {
    const parts = new Map<string, Part>()
    for (const [slot, path] of this.#paths.entries()) {
      const before = parts.get(path)
      parts.set(path, {
        count: this.#counts[slot]! + (before?.count ?? 0),
        value: (this.#values[slot]! + (before?.value ?? 0)) >>> 0,
      })
    }
    return parts
  }

  get bins(): Uint32Array {
    return this.#sketch
  }
}

/** Share of the values that two answers have in common (Jaccard), in [0, 1]; 1 where neither has one. */
export function sharedValues(one: Uint32Array, other: Uint32Array): number {
  let same = 0
  let all = 0
  for (let bin = 0; bin < bins; bin++) {
    if (one[bin] === emptyBin && other[bin] === emptyBin) continue
    all++
    if (one[bin] === other[bin]) same++
  }
  return all === 0 ? 1 : same / all
}
