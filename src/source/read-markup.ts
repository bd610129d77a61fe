import type { Tokenizer } from 'htmlparser2'
import { idsOfTags, knownTag, type Tag, tagAt } from './html-tags.ts'
import { createTokenizer } from './html-tokenizer.ts'
import { mostAttributes, mostOpen } from './page-budget.ts'

/**
 * HTML as a sequence of starts, ends and texts that fit together, in one pass and in the memory of the open elements: end
 * tags that are left out come, those too many do not, and `html`, `head`, `body`, `tbody` and `tr` are there whether
 * the page names them or not. By the rules of the HTML standard ("tree construction"), as far as they look back only. Two of
 * them look elsewhere and are left out: what a table has no place for stays where it is, and formatting that ends in the
 * wrong order ends with the box that it stands in.
 *
 * As browsers do, nothing lies deeper than 512 elements: what would stands beside. A tag keeps its first 512 attributes.
 */
export interface MarkupHandler {
  /** Names of the attributes that it needs of this tag; null for all. */
  attributesOf(tag: Tag): ReadonlySet<string> | null
  /** An element begins; one that is void ends at once. `isForeign`: of SVG or MathML. */
  open(tag: Tag, attributes: Attributes, isForeign: boolean): void
  close(tag: Tag): void
  text(data: string): void
  comment?(data: string): void
  doctype?(data: string): void
}

/** Names in lower case, but as they are written in SVG. Of two of one name the first counts. */
export type Attributes = Readonly<Record<string, string>>

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
  /**
   * The open elements, outermost first: their tags, the foreign element that each belongs to (`svg`, `math`), whether HTML may
   * stand in it although it is foreign, and whether its end tag has come too early.
   */
  readonly #tags: Tag[] = []
  readonly #foreign: (Tag | undefined)[] = []
  readonly #integrates: boolean[] = []
  readonly #late: boolean[] = []
  /** How many of a kind are open, foreign ones left out, and how many of those only wait for what stands in them. */
  readonly #open = new Uint32Array(idsOfTags)
  readonly #waiting = new Uint32Array(idsOfTags)
  /** The same for those that the standard does not know. */
  readonly #unknown = new Map<string, number>()
  /** Ended to make room: their end tags are left out as well. */
  readonly #leftOut = new Map<string, number>()
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
  }

  isInForeignContext(): boolean {
    const top = this.#tags.length - 1
    return top >= 0 && this.#foreign[top] !== undefined && !this.#integrates[top]
  }

  onopentagname(start: number, end: number): void {
    const tag = tagAt(this.#page, start, end)
    this.#tag = tag === image && !this.isInForeignContext() ? img : tag
    this.#wanted = this.#handler.attributesOf(this.#tag)
    this.#keepsCase = this.#foreignFor(this.#tag) !== undefined
    this.#attributes = noAttributes
    this.#attributeCount = 0
  }

  onattribname(start: number, end: number): void {
    this.#name = undefined
    const wanted = this.#wanted
    if (wanted?.size === 0 || this.#attributeCount >= mostAttributes) return
    const written = this.#slice(start, end)
    const name = wanted === null && this.#keepsCase ? written : written.toLowerCase()
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
    if (this.#tags.length > 0 || this.#hasDoctype) return
    this.#hasDoctype = true
    this.#handler.doctype?.(this.#slice(start, end))
  }

  onprocessinginstruction(): void {}

  onend(): void {
    if (!this.#isXml) this.#beginBody(noAttributes)
    this.#popTo(0)
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
      else if (space !== '' && this.#tags.at(-1) === head) this.#handler.text(space)
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
      this.#push(tag, attributes, this.#foreignFor(tag))
      if (isSelfClosing || tag.isVoid) this.#pop()
      return
    }
    if (this.isInForeignContext()) {
      if (!tag.isBreakout) {
        this.#push(tag, attributes, this.#foreignFor(tag))
        if (isSelfClosing) this.#pop()
        return
      }
      while (this.isInForeignContext()) this.#pop()
    }
    if (tag === html || tag === head || tag === body || tag === frameset) return this.#frame(tag, attributes)
    if (!this.#hasBody && this.#isBeforeBody()) {
      if (tag.isOfHead) this.#beginHead(noAttributes)
      else this.#beginBody(noAttributes)
    }
    if (!this.#makeRoom(tag)) return
    const foreign = this.#foreignFor(tag)
    this.#push(tag, attributes, foreign)
    if (tag.isVoid || (foreign && isSelfClosing)) this.#pop()
    else if (tag === pre || tag === textarea || tag === listing) this.#skipsNewline = true
  }

  #foreignFor(tag: Tag): Tag | undefined {
    if (this.isInForeignContext()) return this.#foreign.at(-1)
    return tag === svg || tag === math ? tag : undefined
  }

  /** The elements that a page has once, whether it names them or not. */
  #frame(tag: Tag, attributes: Attributes): void {
    if (this.#open[template.id]! > 0) return
    if (tag === html) this.#beginHtml(attributes)
    else if (tag === head) this.#beginHead(attributes)
    else if (tag === body) this.#beginBody(attributes)
    else if (!this.#hasBody) {
      this.#beginBody(noAttributes)
      this.#push(tag, attributes, undefined)
    }
  }

  #beginHtml(attributes: Attributes): void {
    if (this.#tags.length === 0) this.#push(html, attributes, undefined)
  }

  #beginHead(attributes: Attributes): void {
    this.#beginHtml(noAttributes)
    if (this.#hasHead) return
    this.#hasHead = true
    this.#push(head, attributes, undefined)
  }

  #beginBody(attributes: Attributes): void {
    if (this.#hasBody) return
    this.#beginHead(noAttributes)
    this.#popTo(1)
    this.#hasBody = true
    if (this.#spaceBeforeBody !== '') this.#handler.text(this.#spaceBeforeBody)
    this.#push(body, attributes, undefined)
  }

  /** Not within an element of the head. */
  #isBeforeBody(): boolean {
    const top = this.#tags.at(-1)
    return top === undefined || ((top === html || top === head) && !this.#foreign.at(-1))
  }

  /** Ends what this tag ends by its start, and begins what it must stand in. Says whether it has a place at all. */
  #makeRoom(tag: Tag): boolean {
    if (tag.endsParagraph && this.#open[p.id]! > 0) this.#endWithin(p, button)
    if (tag.level > 0) {
      if (this.#tags.at(-1)!.level > 0) this.#pop()
      return true
    }
    switch (tag) {
      case a:
      case nobr:
        if (this.#open[tag.id]! > 0) this.#endFormatting(tag)
        break
      case li:
        this.#endItem(li, li)
        break
      case dd:
      case dt:
        this.#endItem(dd, dt)
        break
      case option:
        this.#popIf(option)
        break
      case optgroup:
      case hr:
        if (this.#open[select.id]! === 0) break
        this.#popIf(option)
        this.#popIf(optgroup)
        break
      case button:
        if (this.#open[button.id]! > 0) this.#endWithin(button)
        break
      case form:
        return this.#open[form.id] === 0 || this.#open[template.id]! > 0
      case select:
      case input:
      case textarea:
        if (this.#open[select.id]! > 0 && this.#endWithin(select)) return tag !== select
        break
      case table:
        this.#endTableIn()
        break
      case col:
        this.#endRows(rowGroups)
        if (this.#tags.at(-1) === table) this.#push(colgroup, noAttributes, undefined)
        break
      case caption:
      case colgroup:
      case tbody:
      case thead:
      case tfoot:
        this.#endRows(tableParts)
        break
      case tr:
        this.#endRows(rows)
        if (this.#tags.at(-1) === table) this.#push(tbody, noAttributes, undefined)
        break
      case td:
      case th:
        this.#endRows(cells)
        if (this.#tags.at(-1) === table) this.#push(tbody, noAttributes, undefined)
        if (rowGroups.has(this.#tags.at(-1)!)) this.#push(tr, noAttributes, undefined)
        break
      case rb:
      case rtc:
        this.#endImplied(undefined)
        break
      case rt:
      case rp:
        this.#endImplied(rtc)
    }
    return true
  }

  #end(tag: Tag): void {
    this.#skipsNewline = false
    const leftOut = this.#leftOut.get(tag.name) ?? 0
    if (leftOut > 0) {
      this.#leftOut.set(tag.name, leftOut - 1)
      return
    }
    if (this.#isXml) {
      if (this.#isOpen(tag)) this.#popTo(this.#tags.findLastIndex(({ name }) => name === tag.name))
      return
    }
    if (this.#foreign.at(-1) && this.#endForeign(tag)) return
    if (tag === html || tag === head || tag === body) return this.#endFrame(tag)
    if (!this.#hasBody && this.#isBeforeBody() && tag !== br) return
    if (tag === br || (tag === p && (this.#open[p.id] === 0 || !this.#endWithin(p, button)))) {
      if (!this.#hasBody && this.#isBeforeBody()) this.#beginBody(noAttributes)
      this.#push(tag, noAttributes, undefined)
      this.#pop()
      return
    }
    if (tag === p || tag.isVoid) return
    if (tag.level > 0) this.#endHeading()
    else if (!this.#isOpen(tag) || this.#open[tag.id] === this.#waiting[tag.id]) return
    else if (tag === template || tag === noscript) this.#popTo(this.#tags.lastIndexOf(tag))
    else if (tag === li) this.#endWithin(li, ol, ul)
    else if (tag === form) this.#endForm()
    else if (tableParts.has(tag) || tag === table) this.#endTablePart(tag)
    else if (tag.isFormatting) this.#endFormatting(tag)
    else if (tag.isSpecial) this.#endWithin(tag)
    else this.#endInline(tag)
  }

  /** What comes behind the body still belongs to it. */
  #endFrame(tag: Tag): void {
    if (this.#hasBody || !this.#isBeforeBody()) return
    if (tag !== head) return this.#beginBody(noAttributes)
    this.#beginHead(noAttributes)
    this.#headEnded = true
  }

  /** Says whether it was the end of something foreign. */
  #endForeign(tag: Tag): boolean {
    for (let at = this.#tags.length - 1; at >= 0 && this.#foreign[at]; at--) {
      if (this.#tags[at]!.name !== tag.name) continue
      this.#popTo(at)
      return true
    }
    if (tag === p || tag === br) while (this.isInForeignContext()) this.#pop()
    return false
  }

  #isOpen(tag: Tag): boolean {
    return tag.id === 0 ? this.#unknown.has(tag.name) : this.#open[tag.id]! > 0
  }

  /** Ends the innermost one in scope; says whether there is one. */
  #endWithin(tag: Tag, fence?: Tag, other?: Tag): boolean {
    const tags = this.#tags
    const integrates = this.#integrates
    for (let at = tags.length - 1; at >= 0; at--) {
      const each = tags[at]!
      if (each === tag && !this.#foreign[at]) {
        this.#popTo(at)
        return true
      }
      if (integrates[at]) return false
      if (!this.#foreign[at] && (each.isScope || each === fence || each === other)) return false
    }
    return false
  }

  #endHeading(): void {
    for (let at = this.#tags.length - 1; at >= 0; at--) {
      if (this.#tags[at]!.level > 0 && !this.#foreign[at]) return this.#popTo(at)
      if (this.#integrates[at] || (this.#tags[at]!.isScope && !this.#foreign[at])) return
    }
  }

  /** An item of a list ends the one before it, unless that holds a list of its own. */
  #endItem(one: Tag, other: Tag): void {
    if (this.#open[one.id] === 0 && this.#open[other.id] === 0) return
    for (let at = this.#tags.length - 1; at >= 0; at--) {
      const each = this.#tags[at]!
      if (each === one || each === other) return this.#popTo(at)
      if (this.#foreign[at] || (each.isSpecial && each !== address && each !== div && each !== p)) return
    }
  }

  /** Where boxes stand in it, it ends with the innermost of those around it: its boxes go on. */
  #endFormatting(tag: Tag): void {
    let holdsBoxes = false
    for (let at = this.#tags.length - 1; at >= 0; at--) {
      const each = this.#tags[at]!
      if (each === tag && !this.#late[at] && !this.#foreign[at]) {
        if (holdsBoxes) this.#wait(at)
        else this.#popTo(at)
        return
      }
      if (this.#integrates[at]) return
      if (this.#foreign[at]) continue
      if (each.isScope) return
      holdsBoxes ||= each.isSpecial
    }
  }

  #endInline(tag: Tag): void {
    for (let at = this.#tags.length - 1; at >= 0; at--) {
      const each = this.#tags[at]!
      if (each === tag || (tag.id === 0 && each.name === tag.name)) return this.#popTo(at)
      if (this.#integrates[at] || (each.isSpecial && !this.#foreign[at])) return
    }
  }

  #endForm(): void {
    this.#endImplied(undefined)
    for (let at = this.#tags.length - 1; at >= 0; at--) {
      if (this.#tags[at] === form) {
        if (at === this.#tags.length - 1) this.#pop()
        else if (!this.#late[at]) this.#wait(at)
        return
      }
      if (this.#tags[at]!.isScope && this.#tags[at] !== table && !cells.has(this.#tags[at]!)) return
    }
  }

  #endTablePart(tag: Tag): void {
    for (let at = this.#tags.length - 1; at >= 0; at--) {
      const each = this.#tags[at]!
      if (each === tag) return this.#popTo(at)
      if (each === table || fences.has(each) || this.#integrates[at]) return
    }
  }

  /** Ends the outermost of these that belongs to the innermost table. */
  #endRows(parts: ReadonlySet<Tag>): void {
    let outermost = -1
    for (let at = this.#tags.length - 1; at >= 0; at--) {
      const each = this.#tags[at]!
      if (parts.has(each)) outermost = at
      else if (each === table || fences.has(each) || this.#integrates[at]) break
    }
    if (outermost >= 0) this.#popTo(outermost)
  }

  /** A table right in a table ends that one; one in a cell does not. */
  #endTableIn(): void {
    if (this.#open[table.id] === 0) return
    for (let at = this.#tags.length - 1; at >= 0; at--) {
      const each = this.#tags[at]!
      if (each === table) return this.#popTo(at)
      if (cells.has(each) || each === caption || fences.has(each) || this.#integrates[at]) return
    }
  }

  #endImplied(but: Tag | undefined): void {
    for (let top = this.#tags.at(-1)!; top?.isImplied && top !== but; top = this.#tags.at(-1)!) this.#pop()
  }

  #popIf(tag: Tag): void {
    if (this.#tags.at(-1) === tag) this.#pop()
  }

  /** Its end has come; it ends with what stands in it. */
  #wait(at: number): void {
    this.#late[at] = true
    this.#waiting[this.#tags[at]!.id]!++
  }

  #push(tag: Tag, attributes: Attributes, foreign: Tag | undefined): void {
    if (this.#tags.length >= mostOpen && !tag.isVoid) {
      const top = this.#tags.at(-1)!
      this.#leftOut.set(top.name, (this.#leftOut.get(top.name) ?? 0) + 1)
      this.#popTo(this.#tags.length - 1)
    }
    this.#tags.push(tag)
    this.#foreign.push(foreign)
    this.#integrates.push(foreign === undefined ? false : (foreign === svg ? inSvg : inMath).has(tag.name))
    this.#late.push(false)
    if (foreign === undefined || this.#isXml) this.#count(tag, 1)
    this.#handler.open(tag, attributes, foreign !== undefined)
  }

  #count(tag: Tag, change: 1 | -1): void {
    this.#open[tag.id]! += change
    if (tag.id !== 0) return
    const count = (this.#unknown.get(tag.name) ?? 0) + change
    if (count > 0) this.#unknown.set(tag.name, count)
    else this.#unknown.delete(tag.name)
  }

  #pop(): void {
    this.#popTo(this.#tags.length - 1)
  }

  /** Ends all from `depth` on, and what waited for that. */
  #popTo(depth: number): void {
    while (this.#tags.length > depth || this.#late.at(-1)) {
      const tag = this.#tags.pop()!
      if (this.#late.pop()) this.#waiting[tag.id]!--
      this.#integrates.pop()
      if (this.#foreign.pop() === undefined || this.#isXml) this.#count(tag, -1)
      this.#handler.close(tag)
    }
  }
}

const [html, head, body, frameset, svg, math] = tags('html', 'head', 'body', 'frameset', 'svg', 'math')
const [p, a, nobr, li, dd, dt] = tags('p', 'a', 'nobr', 'li', 'dd', 'dt')
const [ol, ul, div, address, br, hr] = tags('ol', 'ul', 'div', 'address', 'br', 'hr')
const [form, button, select, input, textarea, option] = tags(
  ...(['form', 'button', 'select', 'input', 'textarea', 'option'] as const),
)
const [optgroup, pre, listing, template, noscript, image] = tags(
  ...(['optgroup', 'pre', 'listing', 'template', 'noscript', 'image'] as const),
)
const [table, caption, colgroup, col, tbody, thead] = tags(
  ...(['table', 'caption', 'colgroup', 'col', 'tbody', 'thead'] as const),
)
const [tfoot, tr, td, th, img, rb] = tags('tfoot', 'tr', 'td', 'th', 'img', 'rb')
const [rt, rtc, rp] = tags('rt', 'rtc', 'rp')

function tags<const Names extends readonly string[]>(...names: Names): { [At in keyof Names]: Tag } {
  return names.map(knownTag) as { [At in keyof Names]: Tag }
}

const cells = new Set([td, th])
const rowGroups = new Set([tbody, thead, tfoot])
const rows = new Set([tr, td, th, caption, colgroup])
const tableParts = new Set([...rowGroups, ...rows])
/** What stands in these is apart: no end tag in them ends anything outside, in whatever order. */
const fences = new Set([template, noscript, html])
/** HTML may stand in these foreign elements ("integration points"). */
const inSvg = new Set(['foreignobject', 'desc', 'title'])
const inMath = new Set(['annotation-xml', 'mi', 'mo', 'mn', 'ms', 'mtext'])
const nothing: ReadonlySet<string> = new Set()
/** No name is in it, `constructor` neither. */
export function emptyDictionary(): Record<string, string> {
  return { __proto__: null } as unknown as Record<string, string>
}
/** What a tag without attributes has. */
export const noAttributes: Record<string, string> = Object.freeze(emptyDictionary())
