import type { Glance } from './glance.ts'

/**
 * The same answer to different questions. A lie is mostly one page for many URLs, and a block page is; but so is the shell of
 * an application or a page that says "not found" with 200, and those come over every exit. So an answer is odd when one exit
 * alone has brought these bytes for more than one URL, or a skeleton that no other exit has ever brought, at a host whose pages
 * are otherwise known by their skeletons. Odd is no verdict: it is worth a comparison.
 */
interface Sighting {
  /** What it was brought for first. */
  readonly url: number
  /** Exits that have brought it for something else, or as the only ones; no more than it takes. */
  readonly exits: number[]
  /** What a comparison has shown: it is the page's own, or made up by an exit. */
  isTrue: boolean | undefined
}

/** Bodies and skeletons that are remembered at least; twice as many at most. */
const remembered = 2_048
/** Exits that must bring the same before it is thought of as the host's own without a comparison. */
const enoughExits = 4
/** Pages of a host before a new skeleton says anything. */
const fewest = 10
/** Share of pages with a new skeleton above which that is usual here. */
const usuallyNew = 0.15

/** Two generations: what is seen again stays, and the rest goes all at once, which costs less than one by one. */
class Sightings {
  #young = new Map<number, Sighting>()
  #old = new Map<number, Sighting>()

  /** What is known of it; it is remembered as brought for this URL when nothing is. */
  of(key: number, url: number): Sighting {
    const known = this.#young.get(key)
    if (known) return known
    const sighting = this.#old.get(key) ?? { url, exits: [], isTrue: undefined }
    this.#young.set(key, sighting)
    if (this.#young.size >= remembered) {
      this.#old = this.#young
      this.#young = new Map()
    }
    return sighting
  }
}

export class Oddities {
  readonly #bodies = new Sightings()
  readonly #skeletons = new Sightings()
  #pages = 0
  /** Share of pages whose skeleton was new, the latest weighing most. */
  #novelty = 1

  /** `isEnd`: it says that there is no page. Such an answer is odd until a comparison has shown that this host gives it. */
  isOdd(proxy: number, url: string, { body, skeleton }: Glance, isEnd: boolean): boolean {
    this.#pages++
    const id = hashOf(url)
    const isRepeat = isUnusual(this.#bodies.of(body, id), proxy, id)
    const form = this.#skeletons.of(skeleton, id)
    const isNew = isUnusual(form, proxy, undefined)
    const isStrange = isNew && this.#pages > fewest && this.#novelty < usuallyNew
    this.#novelty += (Number(isNew) - this.#novelty) / Math.min(this.#pages, 32)
    return isRepeat || isStrange || form.isTrue === false || (isEnd && form.isTrue === undefined)
  }

  /** Whether a comparison has shown that this host answers so. */
  isKnown({ skeleton }: Glance): boolean {
    return this.#skeletons.of(skeleton, 0).isTrue === true
  }

  /** A comparison has shown that this is the page's own, or that an exit has made it up. */
  learn(url: string, { body, skeleton }: Glance, isTrue: boolean): void {
    const id = hashOf(url)
    const seen = this.#bodies.of(body, id)
    // That a page is right says nothing of the same bytes in another place.
    if (!isTrue || seen.url !== id) seen.isTrue = isTrue
    const form = this.#skeletons.of(skeleton, id)
    if (isTrue) form.isTrue = true
    // A lie may look like the site's own pages.
    else form.isTrue ??= false
  }
}

/** Few exits have brought it, for another URL than it was brought for first where `url` is given. */
function isUnusual(sighting: Sighting, proxy: number, url: number | undefined): boolean {
  if (sighting.isTrue !== undefined) return !sighting.isTrue
  if (sighting.url === url) return false
  if (sighting.exits.length >= enoughExits) return false
  if (!sighting.exits.includes(proxy)) sighting.exits.push(proxy)
  return url !== undefined || sighting.exits.length === 1
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
