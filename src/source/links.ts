import type { CheerioAPI } from 'cheerio'
import type { PageLink, PageLinks } from '../contracts/page.ts'
import { documentUrl } from './document-url.ts'
import { mostLinkCharacters, mostLinks } from './page-budget.ts'

/**
 * The links behind a CSS selector, resolved as a browser does: against the first `<base href>`, else against `pageUrl`.
 * A query is in the document's encoding.
 * A link to a place on the page itself (`#top`) is no link at all. Of a link that comes twice, the one that may be
 * followed counts: a `nofollow` speaks of its own anchor only. Behind the first 100,000 links, or 16 million characters
 * of them, the rest is dropped: a long base address makes every link long.
 */
export function collectLinks(
  $: CheerioAPI,
  pageUrl: string,
  selector: string,
  encoding = 'utf-8',
): PageLinks {
  const base = baseUrl($, pageUrl, encoding)
  const links = new Map<string, PageLink>()
  let dropped = 0
  let characters = 0
  for (const element of $(selector)) {
    if (links.size >= mostLinks || characters > mostLinkCharacters) {
      dropped++
      continue
    }
    const reference = $(element).attr('href') ?? $(element).attr('src')
    if (reference !== undefined && isPlaceOnPage.test(reference)) continue
    const url = reference === undefined ? undefined : documentUrl(reference, base, encoding)
    if (url === undefined) {
      dropped++
      continue
    }
    const rel = ($(element).attr('rel') ?? '').toLowerCase().split(/\s+/).filter(Boolean)
    const known = links.get(url)
    if (known && !(known.rel.includes('nofollow') && !rel.includes('nofollow'))) continue
    characters += url.length
    links.set(url, { url, rel })
  }
  return { links: [...links.values()], dropped }
}

/** What relative addresses of the page are relative to. */
export function baseUrl($: CheerioAPI, pageUrl: string, encoding = 'utf-8'): string {
  const href = $('base[href]').first().attr('href')
  return (href !== undefined && documentUrl(href, pageUrl, encoding)) || pageUrl
}

/** A fragment, behind the white space and controls that the URL standard skips. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the standard skips all up to the blank
const isPlaceOnPage = /^[\0- ]*#/
