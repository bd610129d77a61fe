import { createRandom, pickIndex, type Random } from '../../src/base/random.ts'
import type { Discovered } from '../../src/contracts/frontier.ts'

/**
 * A web to discover: hosts of Zipf-like sizes, pages with 60 links, 45 to their own host and 15 elsewhere, about half of
 * them seen before. It keeps one number for each host, so it may be as large as one likes.
 */
const linksOfPage = 60
const ownLinks = 45

export class Web {
  /** Different URLs yielded so far. */
  yielded = 0
  readonly #random: Random
  readonly #sizes: Uint32Array
  readonly #shares: Float64Array

  constructor(hosts: number, seed = 1) {
    this.#random = createRandom(seed)
    this.#sizes = new Uint32Array(hosts)
    this.#shares = new Float64Array(hosts)
    let sum = 0
    for (let rank = 0; rank < hosts; rank++) {
      sum += 1 / (rank + 1)
      this.#shares[rank] = sum
    }
  }

  get hosts(): number {
    return this.#sizes.reduce((count, size) => count + (size > 0 ? 1 : 0), 0)
  }

  /** As if so many URLs had been yielded already. */
  grow(urls: number): void {
    const all = this.#shares.at(-1)!
    for (let host = 0; host < this.#sizes.length; host++) this.#sizes[host] = urls / all / (host + 1)
  }

  /** The links of one page of some host. */
  page(): Discovered[] {
    const own = this.#pickHost()
    const referrer = urlOf(own, 0)
    const links: Discovered[] = []
    for (let n = 0; n < linksOfPage; n++)
      links.push(this.#link(n < ownLinks ? own : this.#pickHost(), referrer))
    return links
  }

  #link(host: number, referrer: string): Discovered {
    const size = this.#sizes[host]!
    const isNew = size === 0 || this.#random() < 0.5
    const page = isNew ? size : pickIndex(this.#random, size)
    if (isNew) {
      this.#sizes[host] = size + 1
      this.yielded++
    }
    return {
      request: {
        id: idOf(host, page),
        url: urlOf(host, page),
        method: 'GET',
        headers: {},
        idempotent: true,
        source: 'web',
        host: `www.host-${host}.example`,
        depth: 3,
        priority: 4,
        referrer,
      },
    }
  }

  #pickHost(): number {
    const wanted = this.#random() * this.#shares.at(-1)!
    let low = 0
    let high = this.#shares.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#shares[middle]! < wanted) low = middle + 1
      else high = middle
    }
    return low
  }
}

function urlOf(host: number, page: number): string {
  return `https://www.host-${host}.example/section-${page % 97}/article-${page}.html`
}

/** Sixteen characters that look like a digest, other ones for each page. */
function idOf(host: number, page: number): string {
  const one = Math.imul(host ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(page + 1, 0xc2b2ae35)
  return (
    (one >>> 0).toString(36).padStart(7, 'A') +
    host.toString(36).padStart(4, '-') +
    page.toString(36).padStart(5, '_')
  )
}
