/**
 * An id folded to 64 bits: two independent 32-bit multiply-xorshift hashes, finished as in MurmurHash3, so that similar
 * ids lie far apart. The ids of a crawl are digests already (see admission/canonical-url.ts), so nobody can aim at a collision.
 */
export function fold(id: string, into: Uint32Array): void {
  let high = 0x9e3779b9 ^ id.length
  let low = 0x85ebca6b
  for (let at = 0; at < id.length; at++) {
    const unit = id.charCodeAt(at)
    high = Math.imul(high ^ unit, 0xcc9e2d51)
    high ^= high >>> 15
    low = Math.imul(low ^ unit, 0x1b873593)
    low ^= low >>> 13
  }
  high = finish(high)
  into[0] = high
  into[1] = finish(low ^ high)
}

function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
