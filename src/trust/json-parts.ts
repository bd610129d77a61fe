import { hashOfBytes, joined, mixed } from './byte-hash.ts'
import { latin1 } from './byte-search.ts'
import type { PartTally } from './part-tally.ts'

/**
 * JSON by the keys that lead to each value, whatever the index: `$.items[].price`. Reads what is no JSON as well as it can
 * and never fails, so several documents behind each other (NDJSON) and one that was cut off are read up to their ends.
 */
const deepest = 64
const longestKey = 48
/** Levels in a name; paths that differ above count as one. */
const mostNamed = 12

const quote = 0x22
const backslash = 0x5c
const arraySign = 0x5b5d
const openSign = 0x6f70

/** `base` is where it stands: `$` for a document, the path of its element for a script that holds data. */
export function countJson(
  bytes: Uint8Array,
  from: number,
  to: number,
  tally: PartTally,
  base = '$',
  baseHash = 0x24,
): void {
  new JsonReader(bytes, to, tally, base, baseHash).read(from)
}

class JsonReader {
  readonly #bytes: Uint8Array
  readonly #to: number
  readonly #tally: PartTally
  readonly #base: string
  /** By depth: whether an object is open there, the path of what stands in it, and its key. */
  readonly #isObject: boolean[] = [false]
  readonly #paths: number[]
  readonly #keyFrom: number[] = [-1]
  readonly #keyTo: number[] = [-1]
  #depth = 0
  /** Levels below the deepest that is told apart. */
  #below = 0
  #wantsKey = false

  constructor(bytes: Uint8Array, to: number, tally: PartTally, base: string, baseHash: number) {
    this.#bytes = bytes
    this.#to = to
    this.#tally = tally
    this.#base = base
    this.#paths = [baseHash]
  }

  read(from: number): void {
    const bytes = this.#bytes
    let at = from
    while (at < this.#to) {
      const byte = bytes[at]!
      if (byte === quote) at = this.#readString(at + 1)
      else if (byte === 0x7b || byte === 0x5b) {
        this.#enter(byte === 0x7b)
        at++
      } else if (byte === 0x7d || byte === 0x5d) {
        this.#leave()
        at++
      } else if (byte === 0x2c) {
        this.#wantsKey = this.#isObject[this.#depth]!
        at++
      } else if (byte <= 0x20 || byte === 0x3a) at++
      else at = this.#readLiteral(at)
    }
    if (this.#depth > 0) this.#tally.count(this.#openEnd())
  }

  /** A document that was cut off. */
  #openEnd(): number {
    const path = joined(this.#paths[this.#depth]!, openSign)
    const slot = this.#tally.find(path)
    return slot < 0 ? this.#tally.open(path, `${this.#name()} open`) : slot
  }

  #enter(isObject: boolean): void {
    this.#tally.count(this.#slot())
    if (this.#depth >= deepest) {
      this.#below++
      return
    }
    const path = this.#paths[this.#depth]!
    this.#depth++
    this.#isObject[this.#depth] = isObject
    this.#paths[this.#depth] = isObject ? path : joined(path, arraySign)
    this.#keyFrom[this.#depth] = -1
    this.#wantsKey = isObject
  }

  #leave(): void {
    if (this.#below > 0) this.#below--
    else if (this.#depth > 0) this.#depth--
    this.#wantsKey = false
  }

  #readString(from: number): number {
    const bytes = this.#bytes
    let to = from
    while (to < this.#to && bytes[to] !== quote) to += bytes[to] === backslash ? 2 : 1
    to = Math.min(to, this.#to)
    if (this.#wantsKey) this.#setKey(from, to)
    else this.#countValue(hashOfBytes(bytes, from, to, quote))
    return to + 1
  }

  #readLiteral(from: number): number {
    const bytes = this.#bytes
    let to = from + 1
    while (to < this.#to && !endsLiteral[bytes[to]!]) to++
    this.#countValue(hashOfBytes(bytes, from, to))
    return to
  }

  #setKey(from: number, to: number): void {
    this.#wantsKey = false
    const depth = this.#depth
    const isName = isStable(this.#bytes, from, to)
    this.#keyFrom[depth] = isName ? from : -2
    this.#keyTo[depth] = to
    const outer = mixed(this.#paths[depth - 1]!)
    this.#paths[depth] = joined(outer, isName ? hashOfBytes(this.#bytes, from, to) : 0x2a)
  }

  #countValue(value: number): void {
    this.#tally.countValue(this.#slot(), value)
  }

  #slot(): number {
    const path = this.#paths[this.#depth]!
    const slot = this.#tally.find(path)
    return slot < 0 ? this.#tally.open(path, this.#name()) : slot
  }

  #name(): string {
    const first = Math.max(1, this.#depth - mostNamed + 1)
    let name = first === 1 ? this.#base : `${this.#base}.`
    for (let depth = first; depth <= this.#depth; depth++) {
      const from = this.#keyFrom[depth]!
      if (!this.#isObject[depth]) name += '[]'
      else if (from === -2) name += '.*'
      else if (from >= 0) name += `.${latin1(this.#bytes, from, this.#keyTo[depth]!)}`
    }
    return name
  }
}

const endsLiteral = new Uint8Array(256)
for (const end of '{}[],:" \t\n\r') endsLiteral[end.charCodeAt(0)] = 1

/** A number or an id for a key names no kind of thing, and differs with each answer. */
function isStable(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from > longestKey) return false
  let digits = 0
  for (let at = from; at < to; at++) if (bytes[at]! >= 0x30 && bytes[at]! <= 0x39) digits++
  return digits < 4 && !(digits > 0 && bytes[from]! >= 0x30 && bytes[from]! <= 0x39)
}
