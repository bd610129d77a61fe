import type { CheerioAPI } from 'cheerio'
import { atFirstUse } from '../base/at-first-use.ts'
import { parseHtml } from './html-tree.ts'
import { parseXml } from './xml-tree.ts'

/** cheerio costs 150 ms and 15 MB to load, and a source that reads JSON should not pay. */
const cheerio = atFirstUse<Pick<typeof import('cheerio'), 'load'>>('cheerio')

/** Parses as a browser would (parse5), or as XML where the content type says so. Throws PAGE_OVER_BUDGET. */
export function parseMarkup(text: string, contentType: string): CheerioAPI {
  const { load } = cheerio()
  return isXml(contentType) ? load(parseXml(text), { xml: true }) : load(parseHtml(text))
}

/** Whether a Content-Type header names HTML, XHTML included. */
export function isHtml(contentType: string): boolean {
  return /^\s*(text\/html|application\/xhtml\+xml)\b/i.test(contentType)
}

function isXml(contentType: string): boolean {
  return /^\s*[\w.+-]+\/([\w.-]+\+)?xml\b/i.test(contentType) && !isHtml(contentType)
}
