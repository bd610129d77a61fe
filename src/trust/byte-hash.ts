/**
 * Hashes of bytes as they are, without a string in between: FNV-1a, byte by byte, finished with the mixer of murmur3 so that
 * what is joined of them (part-tally.ts) does not cancel out. Not for secrets.
 */
export const hashStart = 0x811c9dc5 | 0
const prime = 0x01000193

/** One byte more; `hash` is not finished. */
export function hashStep(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, prime)
}

/** Finishes a hash, or joins two: `mixed(one ^ Math.imul(other, 31))`. A whole number of 32 bits, with sign. */
export function mixed(hash: number): number {
  let h = hash
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** One thing under another, in this order. */
export function joined(outer: number, inner: number): number {
  return mixed(Math.imul(outer, 31) ^ inner)
}

export function hashOfBytes(bytes: Uint8Array, from: number, to: number, start = hashStart): number {
  let hash = start
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ bytes[at]!, prime)
  return mixed(hash)
}

/** The same as for the bytes, where the text is latin1. */
export function hashOfText(text: string, start = hashStart): number {
  let hash = start
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), prime)
  return mixed(hash)
}
