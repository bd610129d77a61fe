/**
 * What a source may use to read pages and to choose links, beyond `defineSource` and the page itself: `regatta/source`.
 * The plugins that come with Regatta use nothing else.
 */

import '../contracts/needs-node.ts'

export { canonicalUrl, fetchableUrl } from '../admission/canonical-url.ts'
export {
  compilePattern,
  createScope,
  type Scope,
  type ScopeKind,
  type ScopeOptions,
} from '../admission/scope.ts'
export { faultOfAccess } from './access.ts'
export { type Api, type ApiChild, type ApiData, type ApiList, type ApiLogin, crawlApi } from './api-crawl.ts'
export { fillUrl, placesIn } from './api-template.ts'
export { type Content, readContent } from './content.ts'
export { type Directives, readDirectives } from './directives.ts'
export { readFeed } from './feed.ts'
export { type FieldSelector, readFieldSelector, selectFields } from './field-selectors.ts'
export { isPointer, valueAt } from './json-pointer.ts'
export { keyIn, keyVariable } from './keys.ts'
export { type HeaderLink, linkWith, readLinkHeader } from './link-header.ts'
export { asksNotToFollow } from './links.ts'
export { listedNames } from './listed-names.ts'
export { type BarePageOptions, createPage, type PageInput, type PageOptions } from './make-page.ts'
export { isHtml } from './markup.ts'
export { numeric } from './numeric.ts'
export { type CsvOptions, type CsvRow, readCsv } from './read-csv.ts'
export { type Line, readEntries, readLines, readText, readUrls, WrongLines } from './read-lines.ts'
export { readRows } from './read-rows.ts'
export { formatOf, type RecordFormat, type RecordOptions, type Records, readRecords } from './records.ts'
export { file, flag, list, wholeNumber } from './schema.ts'
export { baseUrl, endpoint, type QueryValues } from './service-address.ts'
export { readSitemaps, type SitemapOptions } from './sitemap.ts'
