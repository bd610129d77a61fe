import { readFile, stat } from 'node:fs/promises'
import { basename, extname } from 'node:path'
import { canonicalUrl, fetchableUrl } from '../../admission/canonical-url.ts'
import { sniffMime } from '../../base/sniff-mime.ts'
import type { HarArchive, RecordedExchange } from '../../contracts/recording.ts'
import { readHarFile } from '../../har/har-file.ts'
import { documentText } from '../../source/charset.ts'
import { dialectOf, isHtml } from '../../source/markup.ts'
import { readDocument } from '../../source/read-document.ts'
import { UsageError } from '../command-failure.ts'

/**
 * A page out of a file instead of the network: a HAR archive, or what a browser or curl has saved. An archive holds more than
 * the page, and answers what the source asks besides; a saved page is an archive of one.
 */
export interface SavedPage {
  readonly archive: HarArchive
  /** The page itself. */
  readonly page: RecordedExchange
  /** How the URL of the page was found, where nobody has said it; undefined where that is plain. */
  readonly note: string | undefined
}

const jsonTypes = /[/+]json\b/i
const types: Readonly<Record<string, string>> = {
  '.json': 'application/json',
  '.ndjson': 'application/x-ndjson',
  '.jsonl': 'application/x-ndjson',
  '.xml': 'application/xml',
  '.rss': 'application/rss+xml',
  '.atom': 'application/atom+xml',
  '.csv': 'text/csv',
  '.txt': 'text/plain',
  '.xhtml': 'application/xhtml+xml',
  '.html': 'text/html',
  '.htm': 'text/html',
}

/** `url`: which page of the archive, or whose page this is. Throws UsageError, or HAR_INVALID. */
export async function readSavedPage(
  path: string,
  shown: string,
  url: string | undefined,
): Promise<SavedPage> {
  const found = await stat(path).catch((cause) => {
    throw new UsageError(`There is no file ${shown} to read a page from.`, { cause })
  })
  if (found.isDirectory()) throw new UsageError(`${shown} is a folder; name the file in it.`)
  if (await isArchive(path)) return pageOf(readHarFile(path), shown, url)
  const body = new Uint8Array(await readFile(path))
  if (body.length === 0) throw new UsageError(`${shown} is empty: there is no page in it.`)
  const contentType = types[extname(path).toLowerCase()]
  const headers = contentType === undefined ? {} : { 'content-type': contentType }
  const address = url === undefined ? addressOf(body, headers, shown) : { url, note: undefined }
  const page = {
    ...{ method: 'GET', url: address.url, requestHeaders: {}, status: 200 },
    ...{ headers, body, startedAt: found.mtimeMs },
  }
  const archive = { name: basename(path), comment: undefined, exchanges: [page], leftOut: [] }
  return { archive, page, note: address.note }
}

/** By its name, or by how it begins: some tools call it .json. */
async function isArchive(path: string): Promise<boolean> {
  if (extname(path).toLowerCase() === '.har') return true
  if (extname(path).toLowerCase() !== '.json') return false
  return /^\s*\{\s*"log"\s*:\s*\{/.test((await readFile(path, 'utf8')).slice(0, 1_000))
}

/** The page that is meant: the one of this URL, or the first document. */
function pageOf(archive: HarArchive, shown: string, url: string | undefined): SavedPage {
  const { exchanges, leftOut } = archive
  if (exchanges.length === 0) {
    const why = leftOut[0] ? ` (${leftOut[0].place}: ${leftOut[0].reason})` : ''
    throw new UsageError(`${shown} holds no answer${why}.`)
  }
  if (url !== undefined) return { archive, page: exchangeOf(archive, shown, url), note: undefined }
  const good = exchanges.filter(({ status }) => status >= 200 && status < 300)
  const page =
    good.find((each) => isHtml(mimeOf(each))) ??
    good.find((each) => jsonTypes.test(mimeOf(each))) ??
    good[0] ??
    exchanges.find(({ status }) => status < 300 || status >= 400) ??
    exchanges[0]!
  const others = exchanges.length - 1
  const note =
    others === 0 ? undefined : `of ${exchanges.length} answers the first document is taken: ${page.url}`
  return { archive, page, note }
}

function exchangeOf({ exchanges }: HarArchive, shown: string, url: string): RecordedExchange {
  const wanted = canonicalUrl(url)
  const same = exchanges.filter((each) => canonicalUrl(each.url) === wanted)
  const found = same.find(({ status }) => status < 300 || status >= 400) ?? same[0]
  if (found) return found
  const known = [...new Set(exchanges.map((each) => each.url))].slice(0, 5)
  throw new UsageError(
    `${shown} holds no answer of ${url}. It holds ${known.join(', ')}${exchanges.length > 5 ? ', …' : ''}.`,
  )
}

function mimeOf({ headers, body }: RecordedExchange): string {
  return sniffMime(headers, body)
}

/** What a saved page says of where it is from. */
function addressOf(
  body: Uint8Array,
  headers: Readonly<Record<string, string>>,
  shown: string,
): { readonly url: string; readonly note: string } {
  const mimeType = sniffMime(headers, body)
  const { text } = documentText(body, headers, mimeType)
  // As Internet Explorer, Chrome and Firefox write it.
  const saved = /<!--\s*saved from url=\(\d+\)(\S+?)\s*-->/i.exec(text.slice(0, 10_000))?.[1]
  const base = fetchableUrl(saved ?? '')
  if (base !== undefined) return { url: base, note: `its URL is that which it was saved from: ${base}` }
  const said = isHtml(mimeType) ? documentAddress(text, mimeType) : undefined
  if (said !== undefined) return { url: said, note: `its URL is the one that it names: ${said}` }
  const made = new URL(encodeURIComponent(basename(shown)), 'https://example.com/').href
  return { url: made, note: `nothing says which URL it has; ${made} stands for it (name one to change that)` }
}

function documentAddress(text: string, mimeType: string): string | undefined {
  const { canonical, metas } = readDocument(text, dialectOf(mimeType), {
    url: 'https://example.invalid/',
    encoding: 'utf-8',
  })
  const said = [canonical, metas.find(({ name }) => name === 'og:url')?.content]
  return said
    .map((each) => fetchableUrl(each ?? ''))
    .find((each) => each !== undefined && !each.includes('example.invalid'))
}
