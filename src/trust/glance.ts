import { crc32 } from 'node:zlib'
import type { HttpResponse } from '../contracts/outcome.ts'
import { sizeOfBody } from '../contracts/response-body.ts'
import { familyOf } from './body-family.ts'
import { hashOfText, hashStart, hashStep, joined, mixed } from './byte-hash.ts'
import { endOfComment, endTag, nextByte } from './byte-search.ts'
import { isBlank, isLetter, nameHash } from './element-names.ts'

/**
 * What every answer is looked at for, at the cost of microseconds: whether one exit brings for many URLs what others bring for
 * none, the same body or the same skeleton.
 */
export interface Glance {
  /** A hash of the body and its size, 53 bits; of a body in a file, or above 2 MiB, its beginning, its end and its size. */
  readonly body: number
  /** A hash of status, kind of body, and the set of element names with their first class; of JSON the set of its keys. 32 bits. */
  readonly skeleton: number
}

export function glanceAt(response: HttpResponse): Glance {
  const { body, file, headers, status } = response
  const type = familyOf(body, headers['content-type'])
  const tail = file?.tail ?? (body.length > 2 * checked ? body.subarray(-checked) : none)
  const sum = crc32(tail, crc32(tail === none ? body : body.subarray(0, checked)))
  clear()
  if (type === 'html' || type === 'xml') inBothEnds(body, addElements)
  else if (type === 'json') inBothEnds(body, addKeys)
  return {
    body: (sizeOfBody(response) % 0x20_0000) * 0x1_0000_0000 + sum,
    skeleton: joined(joined(hashOfText(type), status), mixed(total)) >>> 0,
  }
}

/** Of a longer body as many bytes at both ends are summed up. */
const checked = 1024 * 1024
/** What of a page is looked at for its skeleton: its beginning, where nearly all kinds of elements are, and its end. */
const beginning = 48 * 1024
const ending = 16 * 1024
const none = new Uint8Array(0)

function inBothEnds(body: Uint8Array, add: (bytes: Uint8Array) => void): void {
  if (body.length <= beginning + ending) add(body)
  else {
    add(body.subarray(0, beginning))
    add(body.subarray(-ending))
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
let total = 0

function clear(): void {
  for (let each = 0; each < size; each++) table[used[each]!] = 0
  size = 0
  total = 0
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
  total = (total + hash) | 0
}

const lessThan = 0x3c
const greaterThan = 0x3e
const slash = 0x2f
const equals = 0x3d
const quote = 0x22
const colon = 0x3a
const backslash = 0x5c
const dot = 0x2e
const longestKey = 48
const scriptName = nameHash('script')
const styleName = nameHash('style')

function addElements(bytes: Uint8Array): void {
  const { length } = bytes
  let at = nextByte(bytes, lessThan, 0, length) + 1
  while (at < length) {
    const byte = bytes[at]!
    if (isLetter(byte)) at = readTag(bytes, at, length)
    else if (byte === 0x21 && bytes[at + 1] === 0x2d && bytes[at + 2] === 0x2d)
      at = endOfComment(bytes, at + 2, length)
    at = nextByte(bytes, lessThan, at, length) + 1
  }
}

/** Adds the element, and goes to the end of its tag; for a script or a style sheet to where it ends. */
function readTag(bytes: Uint8Array, from: number, length: number): number {
  let name = hashStart
  let at = from
  for (; at < length; at++) {
    const byte = bytes[at]!
    if (byte <= 0x20 || byte === greaterThan || byte === slash) break
    name = hashStep(name, byte | 0x20)
  }
  let frame = 0
  while (at < length) {
    const byte = bytes[at++]!
    if (byte === greaterThan) break
    if (byte !== equals || at >= length) continue
    const hasClass = frame === 0 && bytes[at - 2] === 0x73 && isClass(bytes, at - 2)
    const mark = bytes[at]!
    const isQuoted = mark === 0x22 || mark === 0x27
    if (isQuoted) at++
    if (hasClass) frame = framed(name, bytes, at, length)
    if (isQuoted) at = nextByte(bytes, mark, at, length) + 1
  }
  add(frame === 0 ? mixed(name) : frame)
  if (name === scriptName) return endTag(bytes, at, length, 'script')
  return name === styleName ? endTag(bytes, at, length, 'style') : at
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

/** With the class up to its first digit: what follows differs with the build or the entry. */
function framed(name: number, bytes: Uint8Array, from: number, length: number): number {
  let hash = hashStep(name, dot)
  for (let at = from; at < length; at++) {
    const byte = bytes[at]!
    if (!isLetter(byte) && byte !== 0x2d && byte !== 0x5f) break
    hash = hashStep(hash, byte)
  }
  return mixed(hash)
}

/** The texts that have a colon behind them. */
function addKeys(bytes: Uint8Array): void {
  const { length } = bytes
  let at = 0
  while (at < length) {
    if (bytes[at++] !== quote) continue
    const from = at
    at = endOfString(bytes, from, length)
    let behind = at + 1
    while (behind < length && isBlank(bytes[behind]!)) behind++
    if (bytes[behind] === colon) addKey(bytes, from, at)
    at = behind
  }
}

function endOfString(bytes: Uint8Array, from: number, length: number): number {
  for (let at = from; at < length; at++) {
    const byte = bytes[at]!
    if (byte === quote) return at
    if (byte === backslash) at++
  }
  return length
}

/** Numbers and ids for keys name no kind of thing. */
function addKey(bytes: Uint8Array, from: number, to: number): void {
  let hash = hashStart
  let digits = 0
  for (let at = from; at < to; at++) {
    const byte = bytes[at]!
    if (byte >= 0x30 && byte <= 0x39) digits++
    hash = hashStep(hash, byte)
  }
  if (digits < 3 && to - from <= longestKey) add(mixed(hash))
}
