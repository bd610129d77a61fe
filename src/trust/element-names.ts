import { hashStart, hashStep } from './byte-hash.ts'

/**
 * What the readers of markup have to know of HTML: names as hashes of their bytes in lower case, so that no string is made
 * for a tag.
 */
export function isLetter(byte: number): boolean {
  const small = byte | 0x20
  return small >= 0x61 && small <= 0x7a
}

export function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x09 || byte === 0x0d || byte === 0x0c
}

/** One byte of a name more, without regard to case. */
export function nameStep(hash: number, byte: number): number {
  return hashStep(hash, byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte)
}

/** Names as `nameStep` hashes them, not finished. */
export function nameHash(name: string): number {
  let hash = hashStart
  for (let at = 0; at < name.length; at++) hash = nameStep(hash, name.charCodeAt(at))
  return hash
}

function hashes(names: string): ReadonlySet<number> {
  return new Set(names.trim().split(/\s+/).map(nameHash))
}

export const voidElements = hashes(
  'area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr',
)
/** Their content is text up to their end tag. */
export const rawElements = hashes('script style title textarea xmp iframe noembed noframes')
/** One ends the one before it, when its end tag was left out. */
export const listElements = hashes('li p dt dd tr td th option')
/** A person who fills in, or a machine that reads, knows them by their name. */
export const namedElements = hashes('meta link input select textarea button param form iframe')
export const namingAttributes = hashes('name property http-equiv itemprop rel')
export const linkAttributes = hashes(
  'href src action formaction data poster cite background longdesc xlink:href data-src data-href',
)

/**
 * Where the steady part of a class, an id or a name ends: what tools append (`css-1x2y3z`, `post-4711`, `item__3Fk`) differs
 * with the build or the entry, and would make a path for each. Equal to `from` when nothing of three letters is steady.
 */
export function endOfToken(bytes: Uint8Array, from: number, to: number): number {
  let at = from
  const most = Math.min(to, from + 32)
  while (at < most) {
    const byte = bytes[at]!
    if (!isLetter(byte) && byte !== 0x2d && byte !== 0x5f && byte !== 0x3a && byte !== 0x2e) break
    if (byte === 0x5f && bytes[at + 1] === 0x5f && at > from + 2) break
    at++
  }
  while (at > from && !isLetter(bytes[at - 1]!)) at--
  return at - from < 3 ? from : at
}
