import type { CheerioAPI } from 'cheerio'
import { atFirstUse } from '../base/at-first-use.ts'
import { isHtmlType, isXmlType, mimeTypeOf } from '../base/mime-type.ts'
import type { Page } from '../contracts/page.ts'
import { parseHtml } from './html-tree.ts'
import type { Dialect } from './read-markup.ts'
import { parseXml } from './xml-tree.ts'

/** cheerio costs 150 ms and 15 MB to load, and a source that reads JSON should not pay. */
const cheerio = atFirstUse<Pick<typeof import('cheerio'), 'load'>>('cheerio')

/** Parses as a browser would (parse5), or as XML where its type (`page.mimeType`) is XML. Throws PAGE_OVER_BUDGET. */
export function parseMarkup(text: string, mimeType: string): CheerioAPI {
  const { load } = cheerio()
  return isXmlType(mimeType) && !isHtmlType(mimeType)
    ? load(parseXml(text), { xml: true })
    : load(parseHtml(text))
}

/** How a page of this type (`page.mimeType`) is read: XHTML ends its elements itself, as all XML does. */
export function dialectOf(mimeType: string): Dialect {
  return isXmlType(mimeType) ? 'xml' : 'html'
}

/**
 * Whether a page is HTML, XHTML included: declared as such, or told by its first bytes where it declares nothing. Of a
 * Content-Type header alone it says what that declares.
 */
export function isHtml(page: Pick<Page, 'mimeType'> | string): boolean {
  return isHtmlType(typeof page === 'string' ? (mimeTypeOf(page)?.essence ?? '') : page.mimeType)
}
