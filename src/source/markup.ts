import { createRequire } from 'node:module'
import type { CheerioAPI } from 'cheerio'
import { limitNesting } from '../admission/nesting.ts'

/**
 * cheerio costs 150 ms and 15 MB to load, and `page.$` is synchronous; a source that reads JSON should not pay. So it
 * is required at first use, which Node and Deno both do synchronously. An `import()` before every parse was rejected:
 * it would load for everybody, and make creating a page asynchronous.
 */
let cheerio: { load: typeof import('cheerio').load } | undefined

/** Parses as a browser would (parse5), or as XML where the content type says so. */
export function parseMarkup(text: string, contentType: string): CheerioAPI {
  cheerio ??= createRequire(import.meta.url)('cheerio') as NonNullable<typeof cheerio>
  if (isXml(contentType)) return cheerio.load(text, { xml: true })
  return cheerio.load(limitNesting(text))
}

export function isHtml(contentType: string): boolean {
  return /^\s*(text\/html|application\/xhtml\+xml)\b/i.test(contentType)
}

function isXml(contentType: string): boolean {
  return /^\s*[\w.+-]+\/([\w.-]+\+)?xml\b/i.test(contentType) && !isHtml(contentType)
}
