/**
 * Chance that depends on what is asked, not on when: the same seed and key give the same number, whatever the order of
 * requests. FNV-1a over the key, finished with the murmur3 mixer so that neighbouring keys do not give neighbouring numbers.
 */
export function pickHash(seed: number, key: string): number {
  let hash = 0x811c9dc5 ^ seed
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 0x1_0000_0000
}
