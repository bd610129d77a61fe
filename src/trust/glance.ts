import { crc32 } from 'node:zlib'
import type { HttpResponse } from '../contracts/outcome.ts'
import { sizeOfBody } from '../contracts/response-body.ts'
import { familyOf } from './body-family.ts'
import { hashOfText, hashStart, hashStep, joined, mixed } from './byte-hash.ts'
import { endOfToken, isBlank, isLetter, nameHash, nameStep } from './element-names.ts'

/**
 * What every answer is looked at for, at the cost of microseconds: whether one exit brings for many URLs what others bring for
 * none, the same body or the same skeleton.
 */
export interface Glance {
  /** A hash of the whole body and its size, 53 bits; of a body in a file its beginning, its end and its size. */
  readonly body: number
  /** A hash of status, kind of body, and the set of element names with their first class; of JSON the set of its keys. 32 bits. */
  readonly skeleton: number
}

export function glanceAt(response: HttpResponse): Glance {
  const { body, file, headers, status } = response
  const type = familyOf(body, headers['content-type'])
  const sum = file === undefined ? crc32(body) : crc32(file.tail, crc32(body))
  const seed = joined(hashOfText(type), status)
  const set = type === 'html' || type === 'xml' ? elementSet(body) : type === 'json' ? keySet(body) : 0
  return {
    body: (sizeOfBody(response) % 0x20_0000) * 0x1_0000_0000 + sum,
    skeleton: joined(seed, set) >>> 0,
  }
}

/**
 * A set of hashes that is summed up as it grows. Memory for one glance, used again by the next: a glance must allocate
 * nothing per tag. A page with more kinds of elements than fit has its first ones counted.
 */
const room = 2_048
const most = 1_024
const table = new Int32Array(room)
const used = new Int32Array(most)
let size = 0
let sum = 0

function clear(): void {
  for (let each = 0; each < size; each++) table[used[each]!] = 0
  size = 0
  sum = 0
}

function add(hash: number): void {
  let slot = hash & (room - 1)
  while (table[slot] !== 0) {
    if (table[slot] === hash) return
    slot = (slot + 1) & (room - 1)
  }
  if (hash === 0 || size === most) return
  table[slot] = hash
  used[size++] = slot
  sum = (sum + hash) | 0
}

const lessThan = 0x3c
const greaterThan = 0x3e
const scriptName = nameHash('script')
const styleName = nameHash('style')

function elementSet(bytes: Uint8Array): number {
  clear()
  const last = bytes.length - 1
  let at = 0
  while (at < last) {
    if (bytes[at++] !== lessThan) continue
    if (isLetter(bytes[at]!)) at = readTag(bytes, at)
    else if (bytes[at] === 0x21 && bytes[at + 1] === 0x2d && bytes[at + 2] === 0x2d)
      at = endOfComment(bytes, at + 1)
  }
  return mixed(sum)
}

/** Adds the element, and goes to the end of its tag; for a script or a style sheet to where it ends. */
function readTag(bytes: Uint8Array, from: number): number {
  const { length } = bytes
  let name = hashStart
  let at = from
  while (at < length && bytes[at]! > 0x20 && bytes[at] !== greaterThan && bytes[at] !== 0x2f)
    name = nameStep(name, bytes[at++]!)
  let frame = mixed(name)
  let mark = 0
  for (; at < length; at++) {
    const byte = bytes[at]!
    if (mark !== 0) {
      if (byte === mark) mark = 0
    } else if (byte === greaterThan) break
    else if (byte === 0x22 || byte === 0x27) {
      if (bytes[at - 1] === 0x3d) mark = byte
    } else if (byte === 0x73 && bytes[at + 1] === 0x3d && isClass(bytes, at))
      frame = framed(name, bytes, at + 2)
  }
  add(frame)
  if (name !== scriptName && name !== styleName) return at
  for (; at < length; at++) {
    if (bytes[at] === lessThan && bytes[at + 1] === 0x2f && (bytes[at + 2]! | 0x20) === 0x73) return at
  }
  return at
}

/** ` class`, up to its last letter, which is at `at`. */
function isClass(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at - 1] === 0x73 &&
    bytes[at - 2] === 0x61 &&
    bytes[at - 3] === 0x6c &&
    bytes[at - 4] === 0x63 &&
    isBlank(bytes[at - 5]!)
  )
}

function framed(name: number, bytes: Uint8Array, from: number): number {
  const start = bytes[from] === 0x22 || bytes[from] === 0x27 ? from + 1 : from
  const end = endOfToken(bytes, start, bytes.length)
  let hash = hashStart
  for (let at = start; at < end; at++) hash = hashStep(hash, bytes[at]!)
  return end > start ? joined(name, mixed(hash)) : mixed(name)
}

function endOfComment(bytes: Uint8Array, from: number): number {
  for (let at = from; at < bytes.length; at++) {
    if (bytes[at] === greaterThan && bytes[at - 1] === 0x2d && bytes[at - 2] === 0x2d) return at
  }
  return bytes.length
}

/** Texts with a colon behind them. */
function keySet(bytes: Uint8Array): number {
  clear()
  const { length } = bytes
  let at = 0
  while (at < length) {
    if (bytes[at++] !== 0x22) continue
    let hash = hashStart
    while (at < length && bytes[at] !== 0x22) {
      if (bytes[at] === 0x5c) at++
      hash = hashStep(hash, bytes[at++]!)
    }
    at++
    while (at < length && isBlank(bytes[at]!)) at++
    if (bytes[at] === 0x3a) add(mixed(hash))
  }
  return mixed(sum)
}
