import type { CheerioAPI } from 'cheerio'
import { atFirstUse } from '../base/at-first-use.ts'
import { isHtmlType, isXmlType, mimeTypeOf } from '../base/mime-type.ts'
import { assertArgument } from '../contracts/arguments.ts'
import type { Page } from '../contracts/page.ts'
import type { TreeKind } from '../contracts/source.ts'
import { parsePlainly } from './plain-tree.ts'
import type { Dialect } from './read-markup.ts'
import { parseByStandard } from './standard-tree.ts'
import { parseXml } from './xml-tree.ts'

/** cheerio costs 150 ms and 15 MB to load, and a source that reads JSON should not pay. */
const cheerio = atFirstUse<Pick<typeof import('cheerio'), 'load'>>('cheerio')

/**
 * HTML as `tree` says, or XML where its type (`page.mimeType`) is XML. The default was chosen by measurement: on 200 pages of
 * the Python documentation with four selectors the standard's tree takes 11.8 ms a page, the plain one 5.1 (cheerio over
 * htmlparser2's own: 5.4). Throws PAGE_OVER_BUDGET.
 */
export function parseMarkup(text: string, mimeType: string, tree: TreeKind = 'plain'): CheerioAPI {
  const { load } = cheerio()
  if (!isXmlType(mimeType)) return load(tree === 'plain' ? parsePlainly(text, 'html') : parseByStandard(text))
  return isHtmlType(mimeType) ? load(parsePlainly(text, 'xml')) : load(parseXml(text), { xml: true })
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
  const isPage = typeof page === 'string' || typeof page?.mimeType === 'string'
  assertArgument(isPage, 'isHtml()', 'page', 'a page or a Content-Type', page)
  return isHtmlType(typeof page === 'string' ? (mimeTypeOf(page)?.essence ?? '') : page.mimeType)
}
