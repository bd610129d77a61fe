import type { Glance } from './glance.ts'

/**
 * The same answer to different questions. A lie is mostly one page for many URLs, and a block page is; but so is the shell of
 * an application or a page that says "not found" with 200, and those come over every exit. So an answer is odd when one exit
 * alone has brought these bytes for more than one URL, or a skeleton that no other exit has ever brought, at a host whose pages
 * are otherwise known by their skeletons. Odd is no verdict: it is worth a comparison.
 */
interface Sighting {
  /** The only exit that has brought it, or -1 when there are more. */
  proxy: number
  /** What it was brought for first. */
  readonly url: number
}

const several = -1
const remembered = 4_096
/** Pages of a host before a new skeleton says anything. */
const fewest = 10
/** Share of pages with a new skeleton above which that is usual here. */
const usuallyNew = 0.15

export class Oddities {
  readonly #bodies = new Map<number, Sighting>()
  readonly #skeletons = new Map<number, Sighting>()
  #pages = 0
  /** Share of pages whose skeleton was new, the latest weighing most. */
  #novelty = 1

  isOdd(proxy: number, url: string, { body, skeleton }: Glance): boolean {
    const id = hashOf(url)
    this.#pages++
    const sameBody = this.#see(this.#bodies, body, proxy, id)
    const isNew = this.#see(this.#skeletons, skeleton, proxy, id) === 'first'
    const isStrange = isNew && this.#pages > fewest && this.#novelty < usuallyNew
    this.#novelty += (Number(isNew) - this.#novelty) / Math.min(this.#pages, 32)
    return sameBody === 'again' || isStrange
  }

  /** It is the page's own after all: others have brought it. */
  clears({ body, skeleton }: Glance): void {
    for (const [seen, key] of [
      [this.#bodies, body],
      [this.#skeletons, skeleton],
    ] as const) {
      const sighting = seen.get(key)
      if (sighting) sighting.proxy = several
    }
  }

  /** `again`: this exit alone has brought it, and for another URL before. */
  #see(seen: Map<number, Sighting>, key: number, proxy: number, url: number): 'first' | 'again' | 'known' {
    const sighting = seen.get(key)
    if (!sighting) {
      seen.set(key, { proxy, url })
      if (seen.size > remembered) seen.delete(seen.keys().next().value!)
      return 'first'
    }
    if (sighting.proxy !== proxy) sighting.proxy = several
    return sighting.proxy === proxy && sighting.url !== url ? 'again' : 'known'
  }
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
