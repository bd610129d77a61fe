import { hash } from 'node:crypto'

/**
 * A page that looks unlike its neighbours may be a block without a known word, or just an odd page. Two signs tell them
 * apart: a block page is the same whatever URL was asked for, and an odd page is the same whatever exit asked. So three
 * exits (or six sightings, in a small fleet) that bring the same bytes for one URL, and for that URL only, clear it.
 */
const exitsToClear = 3
const sightingsToClear = 6
const remembered = 64

interface Oddity {
  readonly url: string
  readonly exits: Set<string>
  sightings: number
  isTemplate: boolean
}

export class OddPages {
  readonly #seen = new Map<string, Oddity>()

  /** Whether this body is the URL's own after all. */
  clears(url: string, body: Uint8Array, exit: string): boolean {
    const digest = hash('sha1', body)
    let oddity = this.#seen.get(digest)
    if (!oddity) {
      oddity = { url, exits: new Set(), sightings: 0, isTemplate: false }
      this.#seen.set(digest, oddity)
      if (this.#seen.size > remembered) this.#seen.delete(this.#seen.keys().next().value!)
    }
    if (oddity.url !== url) oddity.isTemplate = true
    oddity.sightings++
    oddity.exits.add(exit)
    if (oddity.isTemplate) return false
    return oddity.exits.size >= exitsToClear || oddity.sightings >= sightingsToClear
  }
}
