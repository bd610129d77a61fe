import { latin1 } from './byte-search.ts'
import { isBlank } from './element-names.ts'

/**
 * Scripts are told apart by how they begin, or by their address, up to the first digit: where one has a nonce in each answer,
 * another that was exchanged must not hide behind it.
 */
const longest = 24

/** Where the beginning of a script ends: at white space, as what follows `var` may be new each time, at a digit, a quote, or after 24 bytes. */
export function endOfBeginning(bytes: Uint8Array, from: number, to: number): number {
  const most = Math.min(to, from + longest)
  let at = from
  while (at < most && !ends(bytes[at]!)) at++
  return at
}

/** Where the host ends that a script comes from, or the first folder of a path; at a digit, a query, or after 24 bytes. */
export function endOfSource(bytes: Uint8Array, from: number, to: number): number {
  const end = endOfBeginning(bytes, from, to)
  const slash = bytes.subarray(from + 1, end).indexOf(0x2f)
  return slash < 0 ? end : from + 1 + slash
}

function ends(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    byte <= 0x20 ||
    byte === 0x22 ||
    byte === 0x27 ||
    byte === 0x60 ||
    byte === 0x3f
  )
}

/** Behind `https://` or `//`, where an address begins with that. */
export function afterScheme(bytes: Uint8Array, from: number, to: number): number {
  const most = Math.min(to - 1, from + 7)
  for (let at = from; at < most; at++) if (bytes[at] === 0x2f && bytes[at + 1] === 0x2f) return at + 2
  return from
}

/** Whether a script's type says that it holds data. */
export function isDataType(bytes: Uint8Array, from: number, to: number): boolean {
  return /\bjson\b|^importmap$|^speculationrules$/i.test(latin1(bytes, from, Math.min(to, from + 64)))
}

/** Whether what stands there begins as JSON does, and not as a block of statements. */
export function beginsLikeJson(bytes: Uint8Array, from: number, to: number): boolean {
  if (bytes[from] !== 0x7b && bytes[from] !== 0x5b) return false
  let next = from + 1
  while (next < to && isBlank(bytes[next]!)) next++
  return bytes[next] === 0x22 || bytes[next] === 0x7b || bytes[next] === 0x7d || bytes[next] === 0x5d
}
