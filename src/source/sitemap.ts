import { Buffer } from 'node:buffer'
import { pipeline, Readable } from 'node:stream'
import { constants, createGunzip } from 'node:zlib'
import { fetchableUrl } from '../admission/canonical-url.ts'
import { chunksOf } from '../base/read-at-most.ts'
import { messageOf } from '../contracts/errors.ts'
import { documentEncoding } from './charset.ts'
import { decoderOf } from './encodings.ts'
import { type Entry, EntryReader } from './sitemap-entries.ts'

/**
 * Sitemaps (sitemaps.org): XML, feeds, plain text, gzip of each, and indexes of more. Read as a stream, so that the first
 * page starts while the fiftieth megabyte is still on its way, and within bounds, because the file is the site's word.
 */
export interface SitemapOptions {
  /** Gets a file; the context of `seeds` and `parse` has one that goes through the proxies. */
  fetch(url: string): Promise<Response>
  /** Told of every file that could not be read, or not to its end. */
  log(message: string): void
  /** Entries read of one file. Default 50,000, the protocol's own number. */
  readonly maxEntries?: number
  /** Bytes read of one file, unzipped. Default 50 MiB, the protocol's own number. */
  readonly maxBytes?: number
  /** Levels of indexes, the first file included. Default 3. */
  readonly maxDepth?: number
  /** Files read in all: an index may name 50,000. Default 1,000. */
  readonly maxFiles?: number
}

/** Bytes that tell the encoding. */
const headLength = 1_024

interface File {
  readonly url: string
  readonly depth: number
}

/**
 * The pages that sitemaps name: absolute http(s) URLs, each file's in its order, files breadth first; a page named twice
 * comes twice. `urls` are files, the context of a source will do as `options`. Pulled lazily: a file is fetched when its
 * first entry is wanted. Never rejects: a file that cannot be read is told to `log`, and the next one is read.
 */
export async function* readSitemaps(
  urls: readonly string[],
  options: SitemapOptions,
): AsyncGenerator<string> {
  const { maxDepth = 3, maxFiles = 1_000 } = options
  const files: File[] = urls.map((url) => ({ url, depth: 1 }))
  const seen = new Set(urls.map((url) => fetchableUrl(url) ?? url))
  for (let at = 0; at < files.length; at++) {
    const file = files[at]!
    let deeper = 0
    for await (const entry of readFile(file.url, options)) {
      if (entry.kind === 'page') yield entry.url
      else if (file.depth >= maxDepth) {
        if (deeper++ === 0) options.log(`Sitemap ${entry.url} lies deeper than ${maxDepth} levels.`)
      } else if (!seen.has(entry.url) && files.length < maxFiles) {
        seen.add(entry.url)
        files.push({ url: entry.url, depth: file.depth + 1 })
      }
    }
  }
}

async function* readFile(url: string, options: SitemapOptions): AsyncGenerator<Entry> {
  const { maxEntries = 50_000, maxBytes = 50 * 1024 * 1024 } = options
  let entries = 0
  let bytes = 0
  try {
    const response = await options.fetch(url)
    if (!response.ok) {
      await response.body?.cancel()
      options.log(`Sitemap ${url} answered ${response.status}.`)
      return
    }
    const reader = new EntryReader(response.url || url)
    let decoder: TextDecoder | undefined
    // A file may be packed once by its author and once by its server, which does not always say so.
    for await (const chunk of headed(unzipped(unzipped(chunksOf(response))), headLength)) {
      bytes += chunk.length
      decoder ??= decoderFor(chunk, response.headers.get('content-type'))
      for (const entry of reader.take(decoder.decode(chunk, { stream: true }))) {
        if (++entries > maxEntries) return options.log(`Sitemap ${url} has more than ${maxEntries} entries.`)
        yield entry
      }
      if (reader.failure !== undefined) throw reader.failure
      if (bytes > maxBytes) return options.log(`Sitemap ${url} has more than ${maxBytes} bytes.`)
    }
    for (const entry of reader.end(decoder?.decode() ?? '')) if (++entries <= maxEntries) yield entry
    if (reader.failure !== undefined) throw reader.failure
  } catch (error) {
    options.log(
      `Sitemap ${url} could not be read after ${entries} entries: ${messageOf(error).replace(/\.$/, '')}.`,
    )
  }
}

/** Told by its first two bytes, because names and content types lie. What a truncated file still holds is used. */
async function* unzipped(chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  const body = headed(chunks, 2)
  const { value: head = new Uint8Array(0) } = await body.next()
  const whole = resumed(head, body)
  if (head[0] !== 0x1f || head[1] !== 0x8b) return yield* whole
  const gunzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH })
  // A failure reaches the reader through `gunzip` itself.
  pipeline(Readable.from(whole), gunzip, () => undefined)
  yield* gunzip
}

/** The same bytes, the first chunk of which has `least` of them where there are so many. */
async function* headed(chunks: AsyncGenerator<Uint8Array>, least: number): AsyncGenerator<Uint8Array> {
  let head: Uint8Array = new Uint8Array(0)
  try {
    while (head.length < least) {
      const { done, value } = await chunks.next()
      if (done) break
      head = head.length === 0 ? value : Buffer.concat([head, value])
    }
    if (head.length > 0) yield head
    yield* chunks
  } finally {
    await chunks.return(undefined)
  }
}

/** Ends `chunks` also when it is left before the first of them. */
async function* resumed(head: Uint8Array, chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (head.length > 0) yield head
    yield* chunks
  } finally {
    await chunks.return(undefined)
  }
}

/** A list is UTF-8 by the protocol, and XML what it, its header or its first bytes say. */
function decoderFor(head: Uint8Array, contentType: string | null): TextDecoder {
  const start = head.findIndex((byte) => byte !== 0x20 && (byte < 0x09 || byte > 0x0d))
  const body = start > 0 ? head.subarray(start) : head
  const text = Buffer.from(body.buffer, body.byteOffset, Math.min(body.length, 8)).toString('latin1')
  const isXml = /^(?:\xef\xbb\xbf)?\s*\0?</.test(text)
  const headers = { 'content-type': contentType }
  return decoderOf(documentEncoding(body, headers, isXml ? 'application/xml' : 'text/plain'))
}
