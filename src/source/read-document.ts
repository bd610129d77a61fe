import { ownString } from '../base/own-string.ts'
import type { PageDocument, PageForm, PageHeading, PageMeta } from '../contracts/document.ts'
import type { PageLink, PageLinks } from '../contracts/page.ts'
import type { Attributes } from './attributes.ts'
import { refreshTarget } from './declared-refresh.ts'
import { documentUrl } from './document-url.ts'
import { isPreformatted, knownTags, type Tag } from './html-tags.ts'
import { baseOf, LinkList, type PageAddress, relOf } from './links.ts'
import { mostForms, mostHeadings, mostMetas } from './page-budget.ts'
import { type Dialect, type MarkupHandler, readMarkup } from './read-markup.ts'
import { oneLine, TextLines } from './text-lines.ts'

/**
 * A page in one pass and without a tree: what a person reads of it, where it leads to, and what it says to robots. Linear in
 * its length, whatever it is made of. What is taken out of it does not keep the page's text in memory.
 */
export function readDocument(
  text: string,
  dialect: Dialect,
  { url, encoding }: Pick<PageAddress, 'url' | 'encoding'>,
): PageDocument {
  const found = new DocumentReader()
  readMarkup(text, dialect, found)
  return new ReadDocument(found, { url, encoding, base: baseOf(found.base, url, encoding) })
}

/** Gathers while the page goes by; what costs is done when it is asked for. */
class DocumentReader implements MarkupHandler {
  readonly lines = new TextLines()
  readonly headings: PageHeading[] = []
  readonly metas: PageMeta[] = []
  readonly links = new LinkList()
  readonly forms: Attributes[] = []
  title: string | undefined
  language = ''
  base: string | undefined
  canonical: string | undefined
  /** How deep within what nobody reads, within templates that are not shown, within `pre`. */
  #silent = 0
  #templates = 0
  #preformatted = 0
  /** For each open template, whether it is shown. */
  readonly #shown: boolean[] = []
  #depth = 0
  #heading: { readonly level: number; readonly from: number; readonly depth: number } | undefined
  #title: string | undefined

  attributesOf(tag: Tag): ReadonlySet<string> {
    return wanted.get(tag) ?? nothing
  }

  open(tag: Tag, attributes: Attributes, isForeign: boolean): void {
    this.#depth++
    if (tag === template) {
      const isShown = attributes.shadowrootmode !== undefined
      this.#shown.push(isShown)
      if (isShown) return
      this.#templates++
      this.#silent++
      return
    }
    if (tag.isSilent) this.#silent++
    else if (this.#silent === 0) {
      if (tag.isBlock) this.lines.endLine()
      if (tag.level > 0) this.#heading ??= { level: tag.level, from: this.lines.length, depth: this.#depth }
      if (isPreformatted(tag)) this.#preformatted++
    }
    if (this.#templates > 0) return
    if (tag === title && !isForeign && this.title === undefined) this.#title = ''
    if (wanted.has(tag)) this.#read(tag, attributes, isForeign)
  }

  close(tag: Tag): void {
    if (tag === template) {
      if (!this.#shown.pop()) {
        this.#templates--
        this.#silent--
      }
    } else if (tag.isSilent) {
      this.#silent--
      if (tag === title && this.#title !== undefined) {
        this.title = ownString(oneLine(this.#title))
        this.#title = undefined
      }
    } else if (this.#silent === 0) {
      if (this.#heading?.depth === this.#depth) this.#endHeading(this.#heading)
      if (tag.isBlock) this.lines.endLine()
      if (isPreformatted(tag)) this.#preformatted--
    }
    this.#depth--
  }

  text(data: string): void {
    if (this.#silent === 0) {
      if (this.#preformatted > 0) this.lines.addLines(data)
      else this.lines.add(data)
    } else if (this.#title !== undefined) this.#title += data
  }

  #endHeading({ level, from }: { readonly level: number; readonly from: number }): void {
    this.#heading = undefined
    if (this.headings.length >= mostHeadings) return
    this.headings.push({ level, text: ownString(oneLine(this.lines.text(from))) })
  }

  #read(tag: Tag, attributes: Attributes, isForeign: boolean): void {
    if (tag === link) return this.#readLink(attributes)
    if (tag === meta) return this.#readMeta(attributes)
    const { href, src, 'xlink:href': xlink, rel = '' } = attributes
    const reference = href ?? src ?? (isForeign ? xlink : undefined)
    if (tag === base) this.base ??= href
    else if (tag === html) this.language = ownString((attributes.lang ?? attributes['xml:lang'] ?? '').trim())
    else if (tag === form) {
      if (this.forms.length < mostForms) this.forms.push(attributes)
    } else if (reference !== undefined) this.links.add(reference, rel)
  }

  #readLink({ href, rel = '', type = '' }: Attributes): void {
    if (href === undefined) return
    const words = relOf(rel)
    if (words.includes('canonical')) this.canonical ??= href
    else if (words.some((word) => otherPages.has(word)) && !words.includes('stylesheet') && isOfPage(type))
      this.links.add(href, rel)
  }

  #readMeta({ name, property, content, 'http-equiv': state }: Attributes): void {
    if (content === undefined) return
    if (state?.trim().toLowerCase() === 'refresh') {
      const target = refreshTarget(content)
      if (target !== undefined) this.links.add(target, '')
    }
    for (const each of [name, property]) {
      if (each === undefined || this.metas.length >= mostMetas) continue
      this.metas.push({ name: ownString(each.trim().toLowerCase()), content: ownString(content) })
    }
  }
}

class ReadDocument implements PageDocument {
  readonly title: string
  readonly language: string
  readonly base: string
  readonly canonical: string | undefined
  readonly metas: readonly PageMeta[]
  readonly #found: DocumentReader
  readonly #address: PageAddress
  #text: string | undefined
  #links: PageLinks | undefined

  constructor(found: DocumentReader, address: PageAddress) {
    this.#found = found
    this.#address = address
    this.title = found.title ?? ''
    this.language = found.language
    this.base = address.base
    this.canonical = found.canonical === undefined ? undefined : this.#resolved(found.canonical)
    this.metas = found.metas
  }

  get description(): string {
    const meta = this.metas.find(({ name }) => name === 'description' || name === 'og:description')
    return oneLine(meta?.content ?? '')
  }

  get text(): string {
    this.#text ??= this.#found.lines.text()
    return this.#text
  }

  get headings(): readonly PageHeading[] {
    return this.#found.headings
  }

  get links(): readonly PageLink[] {
    return this.#allLinks.links
  }

  get dropped(): number {
    return this.#allLinks.dropped
  }

  get forms(): readonly PageForm[] {
    return this.#found.forms.flatMap(({ action = '', method = '', rel = '' }) => {
      // Without an action it sends to the page itself, whatever the base is.
      const url = action.trim() === '' ? this.#address.url : this.#resolved(action)
      const isPost = method.trim().toLowerCase() === 'post'
      return url === undefined ? [] : [{ url, method: isPost ? 'POST' : 'GET', rel: relOf(rel) }]
    })
  }

  #resolved(reference: string): string | undefined {
    const { base, encoding } = this.#address
    return documentUrl(reference, base, encoding)
  }

  get #allLinks(): PageLinks {
    this.#links ??= this.#found.links.resolve(this.#address)
    return this.#links
  }
}

/** `alternate` may be a feed or data, too; those are no pages. */
function isOfPage(type: string): boolean {
  return type.trim() === '' || /^\s*(text\/html|application\/xhtml\+xml)/i.test(type)
}

/** What a `link` may say of another page of its site. */
const otherPages = new Set([
  ...['next', 'prev', 'previous', 'first', 'last', 'start', 'up', 'contents', 'toc', 'index', 'chapter'],
  ...['section', 'alternate'],
])

const [html, title, base, link, meta, form] = knownTags('html', 'title', 'base', 'link', 'meta', 'form')
const [template, a, area, iframe, frame] = knownTags('template', 'a', 'area', 'iframe', 'frame')

const nothing: ReadonlySet<string> = new Set()
const wanted = new Map<Tag, ReadonlySet<string>>([
  [a, new Set(['href', 'xlink:href', 'rel'])],
  [area, new Set(['href', 'rel'])],
  [iframe, new Set(['src'])],
  [frame, new Set(['src'])],
  [link, new Set(['href', 'rel', 'type'])],
  [meta, new Set(['name', 'property', 'content', 'http-equiv'])],
  [html, new Set(['lang', 'xml:lang'])],
  [base, new Set(['href'])],
  [form, new Set(['action', 'method', 'rel'])],
  [template, new Set(['shadowrootmode'])],
])
