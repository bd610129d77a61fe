import type { CheerioAPI } from 'cheerio'
import type { PageLink, PageLinks } from '../contracts/page.ts'
import { documentUrl } from './document-url.ts'
import { mostLinkCharacters, mostLinks } from './page-budget.ts'

/** What addresses of a page are resolved with. */
export interface PageAddress {
  /** The page's own. */
  readonly url: string
  /** What relative ones are relative to: the same where the page names no other. */
  readonly base: string
  /** Of the document: the query of a link is in it. */
  readonly encoding: string
}

/**
 * The links of a page, resolved as a browser does: against the first `<base href>`, else against the page's URL. A query is in
 * the document's encoding. A link to a place on the page itself (`#top`) is no link at all. Of a link that comes twice,
 * the one that may be followed counts: a `nofollow` speaks of its own anchor only. Behind the first 100,000 links, or 16
 * million characters of them, the rest is dropped: a long base address makes every link long.
 */
export class LinkList {
  /** By reference without fragment: most links of a page lead to few pages, and those are resolved once. */
  readonly #found = new Map<string, { rel: string; count: number }>()
  #rest = 0

  add(reference: string, rel: string): void {
    const hash = reference.indexOf('#')
    const place = hash < 0 ? reference : reference.slice(0, hash)
    // A blank before the fragment belongs to the URL; at its end it would not.
    const isInside = hash > 0 && reference.charCodeAt(hash - 1) <= 0x20
    const address = hash >= 0 && isEmpty.test(place) ? '#' : isInside ? `${place}#` : place
    const known = this.#found.get(address)
    if (known) {
      known.count++
      if (known.rel !== '' && asksNotToFollow(relOf(known.rel)) && !asksNotToFollow(relOf(rel)))
        known.rel = rel
    } else if (this.#found.size < mostLinks) this.#found.set(address, { rel, count: 1 })
    else this.#rest++
  }

  /** One more element that leads nowhere. */
  drop(): void {
    this.#rest++
  }

  resolve({ url: pageUrl, base, encoding }: PageAddress): PageLinks {
    const links = new Map<string, PageLink>()
    let dropped = this.#rest
    let characters = 0
    for (const [reference, { rel, count }] of this.#found) {
      if (reference === '#' && base === pageUrl) continue
      const url = characters > mostLinkCharacters ? undefined : documentUrl(reference, base, encoding)
      if (url === undefined) {
        dropped += count
        continue
      }
      const known = links.get(url)
      const words = relOf(rel)
      if (known && !(asksNotToFollow(known.rel) && !asksNotToFollow(words))) continue
      characters += url.length
      links.set(url, { url, rel: words })
    }
    return { links: [...links.values()], dropped }
  }
}

/** The links behind a CSS selector. */
export function collectLinks(
  $: CheerioAPI,
  pageUrl: string,
  selector: string,
  encoding = 'utf-8',
): PageLinks {
  const list = new LinkList()
  for (const element of $(selector)) {
    const { href, src, rel = '', 'xlink:href': foreign } = $(element).attr() ?? {}
    const reference = href ?? src ?? foreign
    if (reference === undefined) list.drop()
    else list.add(reference, rel)
  }
  return list.resolve({ url: pageUrl, base: baseUrl($, pageUrl, encoding), encoding })
}

/** What relative addresses of the page are relative to. */
export function baseUrl($: CheerioAPI, pageUrl: string, encoding = 'utf-8'): string {
  return baseOf($('base[href]').first().attr('href'), pageUrl, encoding)
}

/** The base that a page with this `<base href>` has. */
export function baseOf(href: string | undefined, pageUrl: string, encoding: string): string {
  return (href !== undefined && documentUrl(href, pageUrl, encoding)) || pageUrl
}

/** Its words, in lower case. */
export function relOf(rel: string): readonly string[] {
  return rel === '' ? noWords : rel.toLowerCase().split(/\s+/).filter(Boolean)
}

/**
 * Whether a link or a form with these words of `rel` asks not to be followed: `nofollow`, and what search engines treat
 * likewise, paid links (`sponsored`) and those that visitors wrote (`ugc`).
 */
export function asksNotToFollow(rel: readonly string[]): boolean {
  return rel.some((word) => word === 'nofollow' || word === 'sponsored' || word === 'ugc')
}

const noWords: readonly string[] = Object.freeze([])

/** Nothing but the white space and controls that the URL standard skips. */
const isEmpty = /^[\0- ]*$/
