/**
 * What only a proxy would add, the site may still have put there itself. The way to tell is to ask other exits: when
 * three distinct ones bring the same oddity for the same URL, it is the site's own. With two injecting proxies among a
 * hundred that never happens by chance. A fleet too small for three exits is content with six sightings. Once two URLs
 * are settled, the host is; so it is when five exits bring the oddity and most good pages cannot be without it, because
 * fewer of those came. At most 32 open doubts are remembered; the oldest goes first.
 */
const distinctExits = 3
const sightingsInAll = 6
const settledUrls = 2
const commonExits = 5
const remembered = 32

interface Doubt {
  readonly exits: string[]
  sightings: number
}

export class Doubts {
  readonly #open = new Map<string, Doubt>()
  readonly #settled = new Map<string, number>()
  readonly #host = new Map<string, Doubt>()

  /** `goodPages`: how many pages of the host had nothing odd. */
  agree(doubt: string, url: string, exit: string, goodPages: number): boolean {
    const settled = this.#settled.get(doubt) ?? 0
    if (settled >= settledUrls) return true
    if (this.#isCommon(doubt, exit, goodPages)) {
      this.#settled.set(doubt, settledUrls)
      return true
    }
    const key = `${doubt} ${url}`
    let seen = this.#open.get(key)
    if (seen === undefined) {
      seen = { exits: [], sightings: 0 }
      this.#open.set(key, seen)
      if (this.#open.size > remembered) this.#open.delete(this.#open.keys().next().value!)
    }
    seen.sightings++
    if (!seen.exits.includes(exit)) seen.exits.push(exit)
    if (seen.exits.length < distinctExits && seen.sightings < sightingsInAll) return false
    this.#open.delete(key)
    this.#settled.set(doubt, settled + 1)
    return true
  }

  #isCommon(doubt: string, exit: string, goodPages: number): boolean {
    let seen = this.#host.get(doubt)
    if (seen === undefined) {
      seen = { exits: [], sightings: 0 }
      this.#host.set(doubt, seen)
      if (this.#host.size > remembered) this.#host.delete(this.#host.keys().next().value!)
    }
    seen.sightings++
    if (seen.exits.length < commonExits && !seen.exits.includes(exit)) seen.exits.push(exit)
    return seen.exits.length >= commonExits && seen.sightings > 5 * (goodPages + 1)
  }
}
