import { hashStart } from './byte-hash.ts'
import { nextByte } from './byte-search.ts'
import { isBlank, nameStep } from './element-names.ts'

/** The attributes of one tag, by where they stand. One object for all tags of a page: nothing is allocated for a tag. */
const most = 128

const equals = 0x3d
const greaterThan = 0x3e
const slash = 0x2f

export class TagAttributes {
  /** How many there are; more than 128 are not told apart. */
  count = 0
  /** Whether the tag ends in `/>`. */
  closesItself = false
  /** Hashes of the names, as `nameHash` makes them. */
  readonly names = new Int32Array(most)
  readonly nameFrom = new Int32Array(most)
  readonly nameTo = new Int32Array(most)
  readonly valueFrom = new Int32Array(most)
  readonly valueTo = new Int32Array(most)

  /** Reads from behind the element's name; returns where the tag has ended. */
  read(bytes: Uint8Array, from: number, to: number): number {
    this.count = 0
    this.closesItself = false
    let at = from
    while (at < to) {
      const byte = bytes[at]!
      if (byte === greaterThan) return at + 1
      if (byte === slash || isBlank(byte)) {
        this.closesItself = byte === slash && bytes[at + 1] === greaterThan
        at++
      } else at = this.#readOne(bytes, at, to)
    }
    return to
  }

  /** Its number, or -1. */
  find(name: number): number {
    for (let each = 0; each < this.count; each++) if (this.names[each] === name) return each
    return -1
  }

  #readOne(bytes: Uint8Array, from: number, to: number): number {
    let name = nameStep(hashStart, bytes[from]!)
    let at = from + 1
    for (; at < to; at++) {
      const byte = bytes[at]!
      if (byte === equals || byte === greaterThan || byte === slash || isBlank(byte)) break
      name = nameStep(name, byte)
    }
    const nameTo = at
    while (at < to && isBlank(bytes[at]!)) at++
    let valueFrom = nameTo
    let valueTo = nameTo
    let end = at
    if (bytes[at] === equals && at < to) {
      at++
      while (at < to && isBlank(bytes[at]!)) at++
      const mark = bytes[at]
      if (mark === 0x22 || mark === 0x27) {
        valueFrom = at + 1
        valueTo = nextByte(bytes, mark, valueFrom, to)
        end = valueTo + 1
      } else {
        valueFrom = at
        while (at < to && bytes[at] !== greaterThan && !isBlank(bytes[at]!)) at++
        valueTo = at
        end = at
      }
    }
    if (this.count < most) {
      const each = this.count++
      this.names[each] = name
      this.nameFrom[each] = from
      this.nameTo[each] = nameTo
      this.valueFrom[each] = Math.min(valueFrom, to)
      this.valueTo[each] = Math.min(valueTo, to)
    }
    return Math.min(end, to)
  }
}
