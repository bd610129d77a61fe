import type { Page } from '../contracts/page.ts'
import { EntryReader } from './sitemap-entries.ts'

/** Entries that are read of one page. */
const mostEntries = 50_000

/**
 * The pages that a page names which is a feed or a sitemap itself: RSS (0.9 to 2.0), Atom, JSON Feed, XML sitemaps. Absolute, in
 * its order, each once. Empty for any other page, whatever its type says.
 */
export function readFeed(page: Pick<Page, 'url' | 'text'>): string[] {
  const text = page.text()
  if (!/^\s*[<{]/.test(text.slice(0, 200))) return []
  const reader = new EntryReader(page.url)
  const entries = [...reader.take(text), ...reader.end('')].slice(0, mostEntries)
  return [...new Set(entries.map(({ url }) => url))]
}
