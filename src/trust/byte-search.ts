import { Buffer } from 'node:buffer'

/** Searches in bytes for the readers of this room. All go forward only. */

/**
 * Where such a byte comes next; `to` if nowhere. A call of `indexOf` costs as much as some 30 bytes looked at here, and asking
 * an array for its length as much as four, so ends are handed on.
 */
export function nextByte(bytes: Uint8Array, byte: number, from: number, to: number): number {
  const near = from + 32
  const most = near < to ? near : to
  let at = from
  for (; at < most; at++) if (bytes[at] === byte) return at
  if (at >= to) return to
  const found = bytes.indexOf(byte, at)
  return found < 0 || found > to ? to : found
}

/** Where the comment ends whose `<!` is before `from`: behind it, or at `to`. Its two dashes may be those of the end, as in `<!-->`. */
export function endOfComment(bytes: Uint8Array, from: number, to: number): number {
  let at = from + 1
  for (;;) {
    at = nextByte(bytes, 0x3e, at, to)
    if (at >= to) return to
    const isBang = bytes[at - 1] === 0x21 && at >= from + 4
    const last = isBang ? at - 1 : at
    if (bytes[last - 1] === 0x2d && bytes[last - 2] === 0x2d) return at + 1
    at++
  }
}

export function startsWith(bytes: Uint8Array, from: number, text: string): boolean {
  for (let at = 0; at < text.length; at++) if (bytes[from + at] !== text.charCodeAt(at)) return false
  return true
}

/** Where `</name` stands; `name` in lower case. At `to` if nowhere. */
export function endTag(bytes: Uint8Array, from: number, to: number, name: string): number {
  let at = from
  for (;;) {
    at = nextByte(bytes, 0x3c, at, to)
    if (at >= to) return to
    if (bytes[at + 1] === 0x2f && isNameAt(bytes, at + 2, name)) return at
    at++
  }
}

function isNameAt(bytes: Uint8Array, from: number, name: string): boolean {
  for (let at = 0; at < name.length; at++) {
    if ((bytes[from + at]! | 0x20) !== name.charCodeAt(at)) return false
  }
  return true
}

export function latin1(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, Math.max(0, to - from)).toString('latin1')
}
