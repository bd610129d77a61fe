import { parseHttpDate } from '../base/http-date.ts'
import { assertArgument } from '../contracts/arguments.ts'
import type { Page } from '../contracts/page.ts'
import { isHtml } from './markup.ts'

/** What a page says about itself to robots, in meta elements and in the X-Robots-Tag header. */
export interface Directives {
  /** Keep no item of it. */
  readonly noindex: boolean
  /** Do not follow its links. */
  readonly nofollow: boolean
}

/**
 * Reads the directives meant for everybody (`robots`) and, where it is given, for `product`, the first word of the
 * crawler's user agent. The strictest wins, as for all search engines. `none` is both; a page that was fetched after its
 * `unavailable_after` is not to be indexed; what is not understood is ignored. A page that is no HTML is judged by its header
 * alone. Never throws.
 */
export function readDirectives(
  page: Pick<Page, 'headers' | 'mimeType' | 'document'> & Partial<Pick<Page, 'fetchedAt'>>,
  product = '',
): Directives {
  const isPage = typeof page?.headers === 'object' && page.headers !== null
  assertArgument(isPage, 'readDirectives()', 'page', 'a page', page)
  const words = new Set<string>()
  const header = page.headers['x-robots-tag']
  for (const line of Array.isArray(header) ? header : [header ?? '']) {
    for (const word of headerWords(line, product)) words.add(word)
  }
  if (isHtml(page)) {
    for (const { name, content } of page.document.metas) {
      if (name !== 'robots' && name !== (product || 'robots').toLowerCase()) continue
      for (const word of splitWords(content)) words.add(word)
    }
  }
  const none = words.has('none')
  const isOver = page.fetchedAt !== undefined && hasPassed(words, page.fetchedAt)
  return { noindex: none || isOver || words.has('noindex'), nofollow: none || words.has('nofollow') }
}

/** Whether the date of an `unavailable_after` lies before `now`, Unix time in ms. */
function hasPassed(words: Iterable<string>, now: number): boolean {
  for (const word of words) {
    const date = /^unavailable_after\s*:\s*(.*)$/s.exec(word)?.[1]
    const time = date === undefined ? undefined : parseHttpDate(date, now)
    if (time !== undefined && time <= now) return true
  }
  return false
}

/** `googlebot: noindex, nofollow` speaks to one robot; without a name it speaks to all. */
function headerWords(line: string, product: string): string[] {
  const words: string[] = []
  let forUs = true
  for (const part of splitWords(line)) {
    const [, agent, rest] = /^([\w-]+)\s*:\s*(.*)$/s.exec(part) ?? []
    // These two take a value after a colon, and are no robots.
    if (agent === undefined || agent === 'unavailable_after' || agent.startsWith('max-')) {
      if (forUs) words.push(part)
    } else {
      forUs = agent === product.toLowerCase()
      if (forUs && rest) words.push(rest)
    }
  }
  return words
}

/** At commas, but for the one behind a day of the week in a date. */
function splitWords(text: string): string[] {
  return text
    .toLowerCase()
    .split(/(?<!\b(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}),/)
    .map((word) => word.trim())
    .filter(Boolean)
}
