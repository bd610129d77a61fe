import { pipeline, Readable } from 'node:stream'
import { constants, createGunzip } from 'node:zlib'
import type { Parser } from 'htmlparser2'
import { fetchableUrl } from '../admission/canonical-url.ts'
import { atFirstUse } from '../base/at-first-use.ts'
import { chunksOf } from '../base/read-at-most.ts'
import { messageOf } from '../contracts/errors.ts'
import { mostXmlDepth, tooCostly } from './page-budget.ts'

/**
 * Sitemaps (sitemaps.org): XML, plain text, gzip of either, and indexes of more. Read as a stream, so that the first
 * page starts while the fiftieth megabyte is still on its way, and within bounds, because the file is the site's word.
 * htmlparser2 in XML mode takes what real files contain: missing namespaces, stray ampersands, an end that never came.
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

const htmlparser = atFirstUse<typeof import('htmlparser2')>('htmlparser2')

/** Characters of one entry; the protocol allows 2,048. */
const longestEntry = 8_192

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
  const seen = new Set(urls)
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

interface Entry {
  readonly kind: 'page' | 'sitemap'
  readonly url: string
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
    const decoder = new TextDecoder()
    for await (const chunk of unzipped(chunksOf(response))) {
      bytes += chunk.length
      for (const entry of reader.take(decoder.decode(chunk, { stream: true }))) {
        if (++entries > maxEntries) return options.log(`Sitemap ${url} has more than ${maxEntries} entries.`)
        yield entry
      }
      if (reader.failure !== undefined) throw reader.failure
      if (bytes > maxBytes) return options.log(`Sitemap ${url} has more than ${maxBytes} bytes.`)
    }
    for (const entry of reader.end(decoder.decode())) if (++entries <= maxEntries) yield entry
  } catch (error) {
    options.log(
      `Sitemap ${url} could not be read after ${entries} entries: ${messageOf(error).replace(/\.$/, '')}.`,
    )
  }
}

/** Text in, entries out. Decides by the first character that is no white space whether it is XML or a plain list. */
class EntryReader {
  /** Why it cannot be read on. */
  failure: unknown
  #base: string
  #mode: 'unknown' | 'xml' | 'lines' = 'unknown'
  #rest = ''
  #found: Entry[] = []
  /**
   * The open element that may hold a <loc>: `url`, `sitemap`, or either with a prefix, `sm:url`. Only a <loc> of the same
   * prefix counts: `image:loc` is none.
   */
  #holder: string | undefined
  #location: string | undefined
  #depth = 0
  #xml: Parser

  constructor(base: string) {
    this.#base = base
    this.#xml = new (htmlparser().Parser)(
      {
        onopentagname: (name) => this.#open(name),
        ontext: (text) => {
          if (this.#location !== undefined && this.#location.length < longestEntry) this.#location += text
        },
        // What the parser ends itself at the end of a cut file may be half a URL.
        onclosetag: (name, isImplied) => {
          this.#depth--
          if (!isImplied) this.#close(name)
        },
      },
      { xmlMode: true, decodeEntities: true, lowerCaseTags: true },
    )
  }

  take(text: string): Entry[] {
    if (this.#mode === 'unknown') {
      text = text.trimStart()
      if (text === '') return []
      this.#mode = text[0] === '<' ? 'xml' : 'lines'
    }
    if (this.#mode === 'xml') this.#write(text)
    else this.#lines(text)
    return this.#drain()
  }

  end(text: string): Entry[] {
    this.take(text)
    if (this.#mode === 'xml') this.#xml.end()
    else this.#lines('\n')
    return this.#drain()
  }

  /** What stands before the place where it went wrong is good. */
  #write(text: string): void {
    try {
      this.#xml.write(text)
    } catch (error) {
      this.failure = error
    }
  }

  #lines(text: string): void {
    const lines = text.split(/\r\n|\r|\n/)
    // A line that goes on is not looked through again, and one without end is not kept.
    lines[0] = this.#rest + lines[0]!
    this.#rest = (lines.pop() ?? '').slice(0, longestEntry)
    for (const line of lines) this.#add('page', line)
  }

  #open(name: string): void {
    if (++this.#depth > mostXmlDepth) throw tooCostly(`its elements nest more than ${mostXmlDepth} deep`)
    if (/^([\w-]+:)?(url|sitemap)$/.test(name)) this.#holder ??= name
    else if (this.#holder !== undefined && name === locationOf(this.#holder)) this.#location = ''
  }

  #close(name: string): void {
    if (name === this.#holder) this.#holder = undefined
    if (this.#location === undefined || this.#holder === undefined || name !== locationOf(this.#holder))
      return
    this.#add(this.#holder.endsWith('sitemap') ? 'sitemap' : 'page', this.#location)
    this.#location = undefined
  }

  #add(kind: Entry['kind'], reference: string): void {
    if (reference.length >= longestEntry) return
    const url = fetchableUrl(reference.trim(), this.#base)
    if (url !== undefined && reference.trim() !== '') this.#found.push({ kind, url })
  }

  #drain(): Entry[] {
    const found = this.#found
    this.#found = []
    return found
  }
}

function locationOf(holder: string): string {
  return holder.replace(/(url|sitemap)$/, 'loc')
}

/** Told by its first two bytes, because names and content types lie. What a truncated file still holds is used. */
async function* unzipped(chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  let head = new Uint8Array(0)
  while (head.length < 2) {
    const { done, value } = await chunks.next()
    if (done) break
    head = joined(head, value)
  }
  const body = headed(head, chunks)
  if (head[0] !== 0x1f || head[1] !== 0x8b) return yield* body
  const gunzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH })
  // A failure reaches the reader through `gunzip` itself.
  pipeline(Readable.from(body), gunzip, () => undefined)
  yield* gunzip
}

/** Ends `chunks` also when it is left before the first of them. */
async function* headed(head: Uint8Array, chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield head
    yield* chunks
  } finally {
    await chunks.return(undefined)
  }
}

function joined(one: Uint8Array, two: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(one.length + two.length)
  both.set(one)
  both.set(two, one.length)
  return both
}
