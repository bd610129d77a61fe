import type { Parser } from 'htmlparser2'
import { fetchableUrl } from '../admission/canonical-url.ts'
import { atFirstUse } from '../base/at-first-use.ts'
import { mostXmlDepth, tooCostly } from './page-budget.ts'

/**
 * Text in, entries out, for every form of sitemap: urlset, sitemapindex, RSS (0.9 to 2.0), Atom, JSON Feed, and a plain list of
 * URLs. The form is told by the root element, and of a list by its first line. What has no known root and no URL in its first line
 * is no sitemap: a page in its place asks for nothing. htmlparser2 in XML mode takes what real files contain: missing
 * namespaces, stray ampersands, an end that never came.
 */
export interface Entry {
  readonly kind: 'page' | 'sitemap'
  readonly url: string
}

const htmlparser = atFirstUse<typeof import('htmlparser2')>('htmlparser2')

/** Characters of one entry; the protocol allows 2,048. */
const longestEntry = 8_192

/** What may stand at the outside. A file of entries alone has lost its root. */
const roots: ReadonlySet<string> = new Set(['urlset', 'sitemapindex', 'rss', 'rdf', 'feed', 'url', 'sitemap'])
const holders: ReadonlySet<string> = new Set(['url', 'sitemap', 'item', 'entry'])

/** The open element that an entry is read of. */
interface Holder {
  readonly name: string
  /** `sm:` of `sm:url`: only children of the same prefix are its own, so `image:loc` is none. */
  readonly prefix: string
  readonly depth: number
  readonly base: string
  address: string | undefined
  /** What names it, and is often an address, too. */
  identity: string | undefined
}

type Attributes = Readonly<Record<string, string>>

export class EntryReader {
  /** Why it cannot be read on. */
  failure: unknown
  #mode: 'unknown' | 'xml' | 'lines' | 'json' = 'unknown'
  #rest = ''
  #found: Entry[] = []
  #holder: Holder | undefined
  /** The text of the element that is being read, and its depth. */
  #text: string | undefined
  #textDepth = 0
  #depth = 0
  #isKnown = false
  /** `xml:base` of the open elements, the file's own address first. */
  readonly #bases: { readonly depth: number; readonly url: string }[]
  readonly #xml: Parser

  constructor(base: string) {
    this.#bases = [{ depth: 0, url: base }]
    this.#xml = new (htmlparser().Parser)(
      {
        onopentag: (name, attributes) => this.#open(name, attributes),
        ontext: (text) => {
          if (this.#text !== undefined && this.#text.length < longestEntry) this.#text += text
        },
        // What the parser ends itself at the end of a cut file may be half a URL.
        onclosetag: (name, isImplied) => this.#close(name, isImplied),
      },
      { xmlMode: true, decodeEntities: true, lowerCaseTags: true, lowerCaseAttributeNames: true },
    )
  }

  take(text: string): Entry[] {
    if (this.#mode === 'unknown') {
      this.#rest = (this.#rest + text).trimStart()
      if (!this.#begin()) return []
      text = this.#rest
      this.#rest = ''
    }
    this.#write(text)
    return this.#drain()
  }

  end(text: string): Entry[] {
    const entries = this.take(text)
    if (this.#mode === 'unknown' && this.#rest !== '') entries.push(...this.take('\n'))
    if (this.failure === undefined) this.#finish()
    return [...entries, ...this.#drain()]
  }

  #finish(): void {
    if (this.#mode === 'xml') this.#xml.end()
    else if (this.#mode === 'lines') this.#lines('\n')
    else if (this.#mode === 'json') this.#readFeed()
  }

  /** Whether enough of it is there to tell what it is. */
  #begin(): boolean {
    if (this.#rest === '') return false
    if (this.#rest[0] === '<') this.#mode = 'xml'
    else if (this.#rest[0] === '{') this.#mode = 'json'
    else {
      const line = /^[^\r\n]*(?=[\r\n])/.exec(this.#rest)?.[0]
      if (line === undefined && this.#rest.length < longestEntry) return false
      if (isUrl(line ?? '')) this.#mode = 'lines'
      else this.failure ??= new Error('it is no sitemap: it begins with neither XML nor a URL')
    }
    return this.failure === undefined
  }

  /** What stands before the place where it went wrong is good. */
  #write(text: string): void {
    if (this.failure !== undefined) return
    try {
      if (this.#mode === 'xml') this.#xml.write(text)
      else if (this.#mode === 'json') this.#rest += text
      else this.#lines(text)
    } catch (error) {
      this.failure = error
    }
  }

  /** JSON Feed (jsonfeed.org): read as a whole, since nothing tells where an item of it ends. */
  #readFeed(): void {
    const feed = parsedJson(this.#rest)
    this.#rest = ''
    if (typeof feed?.version !== 'string' || !/^https?:\/\/(www\.)?jsonfeed\.org\//.test(feed.version)) {
      this.failure ??= new Error('it is no sitemap: it is JSON, and no JSON Feed')
      return
    }
    for (const item of Array.isArray(feed.items) ? (feed.items as (Record<string, unknown> | null)[]) : []) {
      const address = [item?.url, item?.external_url, item?.id].find(
        (each) => typeof each === 'string' && each.trim() !== '' && (each !== item?.id || isUrl(each)),
      )
      const url = typeof address === 'string' ? fetchableUrl(address.trim(), this.#base) : undefined
      if (url !== undefined) this.#found.push({ kind: 'page', url })
    }
    const next = typeof feed.next_url === 'string' ? fetchableUrl(feed.next_url, this.#base) : undefined
    if (next !== undefined) this.#found.push({ kind: 'sitemap', url: next })
  }

  #lines(text: string): void {
    const lines = text.split(/\r\n|\r|\n/)
    // A line that goes on is not looked through again, and one without end is not kept.
    lines[0] = this.#rest + lines[0]!
    this.#rest = (lines.pop() ?? '').slice(0, longestEntry)
    for (const line of lines) {
      const url = line.length < longestEntry && isUrl(line) ? fetchableUrl(line.trim()) : undefined
      if (url !== undefined) this.#found.push({ kind: 'page', url })
    }
  }

  get #base(): string {
    return this.#bases.at(-1)!.url
  }

  #open(tag: string, attributes: Attributes): void {
    if (++this.#depth > mostXmlDepth) throw tooCostly(`its elements nest more than ${mostXmlDepth} deep`)
    const [prefix, name] = partsOf(tag)
    if (this.#depth === 1) {
      const isKnown = roots.has(name)
      if (!isKnown && !this.#isKnown) throw new Error(`it is no sitemap: its root is <${tag.slice(0, 40)}>`)
      this.#isKnown = true
    }
    const base = attributes['xml:base']
    if (base !== undefined) {
      const url = fetchableUrl(base.trim(), this.#base)
      if (url !== undefined) this.#bases.push({ depth: this.#depth, url })
    }
    const holder = this.#holder
    if (holder === undefined) {
      if (!holders.has(name)) return
      const about = name === 'item' ? attributes['rdf:about'] : undefined
      this.#holder = {
        name,
        prefix,
        depth: this.#depth,
        base: this.#base,
        address: undefined,
        identity: about,
      }
    } else if (this.#depth === holder.depth + 1) {
      if (prefix === holder.prefix) this.#child(holder, name, attributes)
      else if (holder.name === 'item' && name === 'link') this.#readHref(holder, attributes)
    }
  }

  #child(holder: Holder, name: string, attributes: Attributes): void {
    const isAddress = name === (holder.name === 'url' || holder.name === 'sitemap' ? 'loc' : 'link')
    if (holder.name === 'entry' && isAddress) return this.#readHref(holder, attributes)
    const isName =
      (holder.name === 'item' && name === 'guid' && attributes.ispermalink?.toLowerCase() !== 'false') ||
      (holder.name === 'entry' && name === 'id')
    if (!isName && (!isAddress || holder.name === 'entry')) return
    this.#text = ''
    this.#textDepth = this.#depth
  }

  /** A link of Atom: in an entry, or among the items of RSS, where it stands in for one that is missing. */
  #readHref(holder: Holder, { rel = 'alternate', href }: Attributes): void {
    const relation = rel.trim().toLowerCase().replace('http://www.iana.org/assignments/relation/', '')
    if (href === undefined || relation !== 'alternate') return
    const url = fetchableUrl(unescaped(href.trim()), this.#base)
    // The first one is the page; further ones are its other languages and types.
    if (holder.name === 'entry') holder.address ??= url
    else holder.identity ??= url
  }

  #close(tag: string, isImplied: boolean): void {
    const holder = this.#holder
    if (this.#text !== undefined && this.#depth === this.#textDepth) {
      const [, name] = partsOf(tag)
      const text = this.#text
      this.#text = undefined
      if (holder !== undefined && !isImplied && text.length < longestEntry) {
        if (name === 'guid' || name === 'id') holder.identity ??= text
        else if (text.trim() !== '') holder.address ??= fetchableUrl(unescaped(text.trim()), this.#base)
      }
      // A page may start before its entry ends.
      if (name === 'loc' && holder?.address !== undefined) this.#settle(holder)
    }
    if (holder !== undefined && this.#depth === holder.depth) {
      if (!isImplied) this.#settle(holder)
      this.#holder = undefined
    }
    if (this.#bases.at(-1)!.depth === this.#depth && this.#depth > 0) this.#bases.pop()
    this.#depth--
  }

  #settle(holder: Holder): void {
    const { address, identity } = holder
    const url =
      address ??
      (identity !== undefined && isUrl(identity) ? fetchableUrl(identity.trim(), holder.base) : undefined)
    if (url !== undefined) this.#found.push({ kind: holder.name === 'sitemap' ? 'sitemap' : 'page', url })
    holder.address = undefined
    holder.identity = undefined
  }

  #drain(): Entry[] {
    const found = this.#found
    this.#found = []
    return found
  }
}

/** `sm:` and `url` of `sm:url`. */
function partsOf(tag: string): [prefix: string, name: string] {
  const colon = tag.indexOf(':')
  return [tag.slice(0, colon + 1), tag.slice(colon + 1)]
}

/** Written for HTML first and for XML then, or in a CDATA section as if it were none: no address has an `&amp;` in it. */
function unescaped(address: string): string {
  return address.replaceAll('&amp;', '&')
}

function parsedJson(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** Nothing but an absolute URL. */
function isUrl(line: string): boolean {
  return /^https?:\/\/\S+$/i.test(line.trim())
}
