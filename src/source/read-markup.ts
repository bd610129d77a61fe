import type { Tokenizer } from 'htmlparser2'
import { type Attributes, emptyDictionary, noAttributes } from './attributes.ts'
import { knownTags, type Tag, tagAt } from './html-tags.ts'
import { createTokenizer } from './html-tokenizer.ts'
import { cells, type ElementHandler, OpenElements } from './open-elements.ts'
import { mostAttributes } from './page-budget.ts'

/**
 * HTML as a sequence of starts, ends and texts that fit together, in one pass and in the memory of the open elements: end
 * tags that are left out come, those too many do not, and `html`, `head`, `body`, `tbody` and `tr` are there whether
 * the page names them or not. By the rules of the HTML standard ("tree construction"), as far as they look back only. Two of
 * them look elsewhere and are left out: what a table has no place for stays where it is, and formatting that ends in the
 * wrong order ends with the box that it stands in. What is open, and how far an end reaches, knows open-elements.ts.
 *
 * As browsers do, nothing lies deeper than 512 elements: what would stands beside. A tag keeps its first 512 attributes.
 */
export interface MarkupHandler extends ElementHandler {
  /** Names of the attributes that it needs of this tag; null for all. */
  attributesOf(tag: Tag): ReadonlySet<string> | null
  text(data: string): void
  comment?(data: string): void
  doctype?(data: string): void
}

/** `html` knows what ends by itself; in `xml` (XHTML, too) only what says so ends, and any element may be empty. */
export type Dialect = 'html' | 'xml'

export function readMarkup(text: string, dialect: Dialect, handler: MarkupHandler): void {
  const page = text.includes('\r') ? text.replaceAll(/\r\n?/g, '\n') : text
  const reader = new MarkupReader(page, dialect, handler)
  const takesCdata = () => dialect === 'xml' || reader.isInForeignContext()
  const tokenizer = createTokenizer({ recognizeSelfClosing: dialect === 'xml' }, reader, takesCdata)
  tokenizer.write(page)
  tokenizer.end()
}

type Callbacks = ConstructorParameters<typeof Tokenizer>[1]

class MarkupReader implements Callbacks {
  readonly #page: string
  readonly #handler: MarkupHandler
  readonly #isXml: boolean
  /** NUL is in few pages, and all that are asked for it pay. */
  readonly #hasNul: boolean
  readonly #elements: OpenElements
  #hasDoctype = false
  #hasHead = false
  #headEnded = false
  /** Between the head and the body; it belongs to neither. */
  #spaceBeforeBody = ''
  #hasBody = false
  #skipsNewline = false

  #tag: Tag = p
  #wanted: ReadonlySet<string> | null = nothing
  #keepsCase = false
  #attributes: Record<string, string> = noAttributes
  #attributeCount = 0
  #name: string | undefined
  #value = ''

  constructor(page: string, dialect: Dialect, handler: MarkupHandler) {
    this.#page = page
    this.#handler = handler
    this.#isXml = dialect === 'xml'
    this.#hasNul = page.includes('\0')
    this.#elements = new OpenElements(handler, this.#isXml)
  }

  /** The tokenizer asks, too: no tag of SVG makes a raw text. */
  isInForeignContext(): boolean {
    return this.#elements.isInForeignContext()
  }

  onopentagname(start: number, end: number): void {
    const tag = tagAt(this.#page, start, end)
    this.#tag = tag === image && !this.#elements.isInForeignContext() ? img : tag
    this.#wanted = this.#handler.attributesOf(this.#tag)
    this.#keepsCase = this.#wanted === null && this.#elements.foreignFor(this.#tag) !== undefined
    this.#attributes = noAttributes
    this.#attributeCount = 0
  }

  onattribname(start: number, end: number): void {
    this.#name = undefined
    const wanted = this.#wanted
    if (wanted?.size === 0 || this.#attributeCount >= mostAttributes) return
    const written = this.#slice(start, end)
    const name = this.#keepsCase ? written : written.toLowerCase()
    if (wanted !== null && !wanted.has(name)) return
    this.#name = name
    this.#value = ''
  }

  onattribdata(start: number, end: number): void {
    if (this.#name !== undefined) this.#value += this.#slice(start, end)
  }

  onattribentity(codePoint: number): void {
    if (this.#name !== undefined) this.#value += String.fromCodePoint(codePoint)
  }

  onattribend(): void {
    const name = this.#name
    if (name === undefined) return
    if (this.#attributes === noAttributes) this.#attributes = emptyDictionary()
    if (name in this.#attributes) return
    this.#attributes[name] = this.#value
    this.#attributeCount++
  }

  onopentagend(): void {
    this.#start(false)
  }

  onselfclosingtag(): void {
    this.#start(true)
  }

  onclosetag(start: number, end: number): void {
    this.#skipsNewline = false
    this.#hasDoctype = true // or it comes too late
    this.#end(tagAt(this.#page, start, end))
  }

  ontext(start: number, end: number): void {
    if (start < 0) return // the page ends within a tag
    const data = this.#page.slice(start, end)
    this.#text(this.#hasNul ? data.replaceAll('\0', '') : data)
  }

  ontextentity(codePoint: number): void {
    this.#text(String.fromCodePoint(codePoint))
  }

  oncdata(start: number, end: number, offset: number): void {
    this.ontext(start, end - offset)
  }

  oncomment(start: number, end: number, offset: number): void {
    this.#skipsNewline = false
    this.#handler.comment?.(this.#slice(start, end - offset))
  }

  ondeclaration(start: number, end: number): void {
    if (this.#elements.top !== undefined || this.#hasDoctype) return
    this.#hasDoctype = true
    this.#handler.doctype?.(this.#slice(start, end))
  }

  onprocessinginstruction(): void {}

  onend(): void {
    if (!this.#isXml) this.#beginBody(noAttributes)
    this.#elements.popTo(0)
  }

  #slice(start: number, end: number): string {
    const part = this.#page.slice(start, end)
    return this.#hasNul ? part.replaceAll('\0', '\uFFFD') : part
  }

  #text(data: string): void {
    if (this.#skipsNewline) {
      this.#skipsNewline = false
      if (data.startsWith('\n')) data = data.slice(1)
    }
    if (!this.#hasBody && !this.#isXml && this.#isBeforeBody()) {
      const content = data.replace(/^[\t\n\f ]+/, '')
      const space = data.slice(0, data.length - content.length)
      if (this.#headEnded) this.#spaceBeforeBody += space
      else if (space !== '' && this.#elements.top === head) this.#handler.text(space)
      if (content === '') return
      data = content
      this.#beginBody(noAttributes)
    }
    if (data !== '') this.#handler.text(data)
  }

  #start(isSelfClosing: boolean): void {
    const tag = this.#tag
    const attributes = this.#attributes
    this.#skipsNewline = false
    if (this.#isXml) {
      this.#elements.push(tag, attributes, this.#elements.foreignFor(tag))
      if (isSelfClosing || tag.isVoid) this.#elements.pop()
      return
    }
    if (this.#elements.isInForeignContext()) {
      if (!tag.isBreakout) {
        this.#elements.push(tag, attributes, this.#elements.foreignFor(tag))
        if (isSelfClosing) this.#elements.pop()
        return
      }
      this.#elements.leaveForeign()
    }
    if (tag === html || tag === head || tag === body || tag === frameset) return this.#frame(tag, attributes)
    if (!this.#hasBody && this.#isBeforeBody()) {
      if (tag.isOfHead) this.#beginHead(noAttributes)
      else this.#beginBody(noAttributes)
    }
    if (!this.#makeRoom(tag)) return
    const foreign = this.#elements.foreignFor(tag)
    this.#elements.push(tag, attributes, foreign)
    if (tag.isVoid || (foreign && isSelfClosing)) this.#elements.pop()
    else if (tag === pre || tag === textarea || tag === listing) this.#skipsNewline = true
  }

  /** The elements that a page has once, whether it names them or not. */
  #frame(tag: Tag, attributes: Attributes): void {
    if (this.#elements.has(template)) return
    if (tag === html) this.#beginHtml(attributes)
    else if (tag === head) this.#beginHead(attributes)
    else if (tag === body) this.#beginBody(attributes)
    else if (!this.#hasBody) {
      this.#beginBody(noAttributes)
      this.#elements.push(tag, attributes)
    }
  }

  #beginHtml(attributes: Attributes): void {
    if (this.#elements.top === undefined) this.#elements.push(html, attributes)
  }

  #beginHead(attributes: Attributes): void {
    this.#beginHtml(noAttributes)
    if (this.#hasHead) return
    this.#hasHead = true
    this.#elements.push(head, attributes)
  }

  #beginBody(attributes: Attributes): void {
    if (this.#hasBody) return
    this.#beginHead(noAttributes)
    this.#elements.popTo(1)
    this.#hasBody = true
    if (this.#spaceBeforeBody !== '') this.#handler.text(this.#spaceBeforeBody)
    this.#elements.push(body, attributes)
  }

  /** Not within an element of the head. */
  #isBeforeBody(): boolean {
    const top = this.#elements.top
    return top === undefined || ((top === html || top === head) && !this.#elements.isTopForeign)
  }

  /** Ends what this tag ends by its start, and begins what it must stand in. Says whether it has a place at all. */
  #makeRoom(tag: Tag): boolean {
    if (tag.endsParagraph && this.#elements.has(p)) this.#elements.endWithin(p, button)
    if (tag.level > 0) {
      if (this.#elements.top!.level > 0) this.#elements.pop()
      return true
    }
    switch (tag) {
      case a:
      case nobr:
        if (this.#elements.has(tag)) this.#elements.endFormatting(tag)
        break
      case li:
        this.#elements.endItem(li, li)
        break
      case dd:
      case dt:
        this.#elements.endItem(dd, dt)
        break
      case option:
        this.#elements.popIf(option)
        break
      case optgroup:
      case hr:
        if (!this.#elements.has(select)) break
        this.#elements.popIf(option)
        this.#elements.popIf(optgroup)
        break
      case button:
        if (this.#elements.has(button)) this.#elements.endWithin(button)
        break
      case form:
        return !this.#elements.has(form) || this.#elements.has(template)
      case select:
      case input:
      case textarea:
        if (this.#elements.has(select) && this.#elements.endWithin(select)) return tag !== select
        break
      case table:
        this.#elements.endTableIn()
        break
      case col:
        this.#elements.endRows(rowGroups)
        if (this.#elements.top === table) this.#elements.push(colgroup)
        break
      case caption:
      case colgroup:
      case tbody:
      case thead:
      case tfoot:
        this.#elements.endRows(tableParts)
        break
      case tr:
        this.#elements.endRows(rows)
        if (this.#elements.top === table) this.#elements.push(tbody)
        break
      case td:
      case th:
        this.#elements.endRows(cells)
        if (this.#elements.top === table) this.#elements.push(tbody)
        if (rowGroups.has(this.#elements.top!)) this.#elements.push(tr)
        break
      case rb:
      case rtc:
        this.#elements.endImplied()
        break
      case rt:
      case rp:
        this.#elements.endImplied(rtc)
    }
    return true
  }

  #end(tag: Tag): void {
    this.#skipsNewline = false
    if (this.#elements.takesLeftOut(tag)) return
    if (this.#isXml) {
      if (this.#elements.has(tag)) this.#elements.endInnermost(tag)
      return
    }
    if (this.#elements.isTopForeign) {
      if (this.#elements.endForeign(tag)) return
      if (tag === p || tag === br) this.#elements.leaveForeign()
    }
    if (tag === html || tag === head || tag === body) return this.#endFrame(tag)
    if (!this.#hasBody && this.#isBeforeBody() && tag !== br) return
    if (tag === br || (tag === p && (!this.#elements.has(p) || !this.#elements.endWithin(p, button)))) {
      if (!this.#hasBody && this.#isBeforeBody()) this.#beginBody(noAttributes)
      this.#elements.push(tag)
      this.#elements.pop()
      return
    }
    if (tag === p || tag.isVoid) return
    if (tag.level > 0) this.#elements.endHeading()
    else if (!this.#elements.awaitsEndOf(tag)) return
    else if (tag === template || tag === noscript) this.#elements.endInnermost(tag)
    else if (tag === li) this.#elements.endWithin(li, ol, ul)
    else if (tag === form) this.#elements.endForm()
    else if (tableParts.has(tag) || tag === table) this.#elements.endTablePart(tag)
    else if (tag.isFormatting) this.#elements.endFormatting(tag)
    else if (tag.isSpecial) this.#elements.endWithin(tag)
    else this.#elements.endInline(tag)
  }

  /** What comes behind the body still belongs to it. */
  #endFrame(tag: Tag): void {
    if (this.#hasBody || !this.#isBeforeBody()) return
    if (tag !== head) return this.#beginBody(noAttributes)
    this.#beginHead(noAttributes)
    this.#headEnded = true
  }
}

const [html, head, body, frameset] = knownTags('html', 'head', 'body', 'frameset')
const [p, a, nobr, br, hr, pre, listing] = knownTags('p', 'a', 'nobr', 'br', 'hr', 'pre', 'listing')
const [ol, ul, li, dd, dt] = knownTags('ol', 'ul', 'li', 'dd', 'dt')
const [form, button, select, input, textarea] = knownTags('form', 'button', 'select', 'input', 'textarea')
const [option, optgroup, template, noscript] = knownTags('option', 'optgroup', 'template', 'noscript')
const [table, caption, colgroup, col] = knownTags('table', 'caption', 'colgroup', 'col')
const [tbody, thead, tfoot, tr, td, th] = knownTags('tbody', 'thead', 'tfoot', 'tr', 'td', 'th')
const [image, img, rb, rt, rtc, rp] = knownTags('image', 'img', 'rb', 'rt', 'rtc', 'rp')

const rowGroups = new Set([tbody, thead, tfoot])
const rows = new Set([tr, ...cells, caption, colgroup])
const tableParts = new Set([...rowGroups, ...rows])
const nothing: ReadonlySet<string> = new Set()
