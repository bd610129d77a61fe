import { createRandom, pickIndex, type Random } from '../../base/random.ts'
import type { Charset } from './encode-text.ts'
import { drawOffer, type Offer } from './offer.ts'
import { pathOf } from './site-paths.ts'
import type { SiteScript } from './site-schema.ts'
import { drawWords, translated } from './site-words.ts'
import type { Look } from './variation.ts'

/**
 * What the pages of a made-up site say, by their numbers: it follows from the seed alone, and where the site varies from
 * the look of a visit. A tree makes every page reachable at a known depth; random cross links make it look like the web.
 */
export interface SitePage {
  readonly path: string
  readonly title: string
  /** Random text that stands on this page and nowhere else. */
  readonly nonce: string
  readonly depth: number
  readonly charset: Charset
}

export class SiteContent {
  readonly seed: number
  readonly #script: SiteScript
  readonly #branching: number

  constructor(script: SiteScript, seed: number) {
    this.seed = script.seed ?? seed
    this.#script = script
    this.#branching =
      script.depth === undefined ? script.linksPerPage : Math.ceil(branchingFor(script.pages, script.depth))
  }

  page(index: number): SitePage {
    const random = this.#luck(index, 0)
    const nonce = pickIndex(random, 2 ** 32)
      .toString(16)
      .padStart(8, '0')
    const title = `Page ${index}: ${drawWords(random, 2).join(' ')}`
    const charset: Charset =
      random() >= this.#script.charsets ? 'utf-8' : random() < 0.5 ? 'windows-1252' : 'shift_jis'
    return { path: pathOf(index), title, nonce, depth: this.#depth(index), charset }
  }

  /** Title and text, in the words of a revision and in the language of the visitor. */
  wording(index: number, look: Look, revision: number): { title: string; paragraph: string } {
    const { varies } = this.#script
    const words = drawWords(this.#luck(index, 1), 40)
    let { title } = this.page(index)
    if (revision !== 0) {
      const change = this.#luck(index, 1, revision)
      for (let at = 0; at < words.length; at++) if (change() < 0.15) words[at] = drawWords(change, 1)[0]!
    }
    if (varies?.random) {
      const random = createRandom(Number.parseInt(look.token, 16) + index * 0x1_0000_0000)
      return {
        title: `Page ${index}: ${drawWords(random, 3).join(' ')}`,
        paragraph: drawWords(random, 40).join(' '),
      }
    }
    let paragraph = words.join(' ')
    if (varies?.country === 'language') {
      title = translated(title, look.country)
      paragraph = translated(paragraph, look.country)
    }
    return { title, paragraph }
  }

  offer(index: number, look: Look, revision: number): Offer {
    const country = this.#script.varies?.country === 'prices' ? look.country : undefined
    return drawOffer(this.#luck(index, 3, revision), index, country)
  }

  /** Four of eight pages, in the order of the mood. */
  related(index: number, look: Look): string[] {
    const random = this.#luck(index, 2, 1)
    const paths = Array.from({ length: 8 }, () => pathOf(pickIndex(random, this.#script.pages)))
    const order = createRandom(look.mood + 1)
    return paths
      .map((path) => ({ path, rank: order() }))
      .sort((one, other) => one.rank - other.rank)
      .slice(0, 4)
      .map(({ path }) => path)
  }

  /** Where a page leads to: the pages below it in the tree, and others. */
  links(index: number): string[] {
    const { pages, linksPerPage, duplicates, canonicals } = this.#script
    const targets: number[] = []
    const first = index * this.#branching + 1
    for (let child = first; child < Math.min(pages, first + this.#branching); child++) targets.push(child)
    const random = this.#luck(index, 2)
    while (targets.length < linksPerPage) targets.push(pickIndex(random, pages))
    const links: string[] = []
    for (const target of targets) {
      const luck = this.#luck(target, 3)
      const path = pathOf(target)
      links.push(luck() < this.#script.redirects ? `/moved/${target}` : path)
      if (luck() < duplicates) links.push(`${path}?utm_source=lab&amp;utm_medium=link#top`)
      if (luck() < canonicals) links.push(`${path}?print=1`)
    }
    return links
  }

  /** What only the start page leads to. */
  oddLinks(): string[] {
    const { nofollow, disallowed, missing } = this.#script
    const item = (href: string, attributes = '') => `<li><a href="${href}"${attributes}>${href}</a></li>`
    return [
      ...Array.from({ length: nofollow }, (_, i) => item(`/hidden/${i + 1}`, ' rel="nofollow"')),
      ...(nofollow > 0 ? [item('/quiet')] : []),
      ...Array.from({ length: disallowed }, (_, i) => item(`/disallowed/${i}`)),
      ...Array.from({ length: missing }, (_, i) => item(`/missing/${i}`)),
    ]
  }

  #depth(index: number): number {
    let depth = 0
    for (let at = index; at > 0; at = Math.floor((at - 1) / this.#branching)) depth++
    return depth
  }

  /** Purposes are 0 to 3. */
  #luck(index: number, purpose: number, revision = 0): Random {
    const shift = revision * 0x1_0000
    return createRandom((this.seed + shift) * 4 + purpose + index * 0x1_0000_0000)
  }
}

/** The smallest branching whose tree of this depth holds so many pages. */
function branchingFor(pages: number, depth: number): number {
  for (let branching = 1; ; branching++) {
    let level = 1
    let total = 1
    for (let i = 0; i < depth && total < pages; i++) total += level *= branching
    if (total >= pages) return branching
  }
}
