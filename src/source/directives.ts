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
 * crawler's user agent. The strictest wins, as for all search engines. `none` is both; what is not understood is ignored.
 * A page that is no HTML is judged by its header alone. Never throws.
 */
export function readDirectives(
  page: Pick<Page, 'headers' | 'mimeType' | 'document'>,
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
  return { noindex: none || words.has('noindex'), nofollow: none || words.has('nofollow') }
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

function splitWords(text: string): string[] {
  return text
    .toLowerCase()
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean)
}
