import { type Attributes, noAttributes } from './attributes.ts'
import { idsOfTags, knownTags, type Tag } from './html-tags.ts'
import { mostOpen } from './page-budget.ts'

/**
 * The elements that are open at some place of a page, outermost first: the HTML standard's "stack of open elements", with its
 * scopes. It knows how far an end tag reaches; which tags end and begin which is known by its owner (read-markup.ts).
 * Most questions are answered by counting, since nearly all of them are about elements that are not there.
 */
export interface ElementHandler {
  /** An element begins; one that is void ends at once. `isForeign`: of SVG or MathML. */
  open(tag: Tag, attributes: Attributes, isForeign: boolean): void
  close(tag: Tag): void
}

export class OpenElements {
  readonly #handler: ElementHandler
  readonly #isXml: boolean
  /**
   * For each its tag, the foreign element that it belongs to (`svg`, `math`), whether HTML may stand in it although it is
   * foreign, and whether its end tag has come too early.
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

  constructor(handler: ElementHandler, isXml: boolean) {
    this.#handler = handler
    this.#isXml = isXml
  }

  /** The innermost one. */
  get top(): Tag | undefined {
    return this.#tags[this.#tags.length - 1]
  }

  /** Whether the innermost one is of SVG or MathML. */
  get isTopForeign(): boolean {
    return this.#foreign[this.#foreign.length - 1] !== undefined
  }

  /** Whether what comes next is of SVG or MathML, too. */
  isInForeignContext(): boolean {
    const top = this.#tags.length - 1
    return top >= 0 && this.#foreign[top] !== undefined && !this.#integrates[top]
  }

  /** The foreign element that this one would belong to. */
  foreignFor(tag: Tag): Tag | undefined {
    if (this.isInForeignContext()) return this.#foreign.at(-1)
    return tag === svg || tag === math ? tag : undefined
  }

  has(tag: Tag): boolean {
    return tag.id === 0 ? this.#unknown.has(tag.name) : this.#open[tag.id]! > 0
  }

  /** Whether one is there whose end tag has not come. */
  awaitsEndOf(tag: Tag): boolean {
    return this.has(tag) && this.#open[tag.id] !== this.#waiting[tag.id]
  }

  /** Whether this end tag belongs to one that has ended to make room. */
  takesLeftOut(tag: Tag): boolean {
    const leftOut = this.#leftOut.get(tag.name) ?? 0
    if (leftOut > 0) this.#leftOut.set(tag.name, leftOut - 1)
    return leftOut > 0
  }

  push(tag: Tag, attributes: Attributes = noAttributes, foreign?: Tag): void {
    if (this.#tags.length >= mostOpen && !tag.isVoid) {
      const { name } = this.#tags.at(-1)!
      this.#leftOut.set(name, (this.#leftOut.get(name) ?? 0) + 1)
      this.pop()
    }
    this.#tags.push(tag)
    this.#foreign.push(foreign)
    this.#integrates.push(foreign === undefined ? false : (foreign === svg ? inSvg : inMath).has(tag.name))
    this.#late.push(false)
    if (foreign === undefined || this.#isXml) this.#count(tag, 1)
    this.#handler.open(tag, attributes, foreign !== undefined)
  }

  pop(): void {
    this.popTo(this.#tags.length - 1)
  }

  popIf(tag: Tag): void {
    if (this.#tags.at(-1) === tag) this.pop()
  }

  /** Ends all from `depth` on, and what waited for that. */
  popTo(depth: number): void {
    while (this.#tags.length > depth || this.#late.at(-1)) {
      const tag = this.#tags.pop()!
      if (this.#late.pop()) this.#waiting[tag.id]!--
      this.#integrates.pop()
      if (this.#foreign.pop() === undefined || this.#isXml) this.#count(tag, -1)
      this.#handler.close(tag)
    }
  }

  /** Back to where HTML may stand. */
  leaveForeign(): void {
    while (this.isInForeignContext()) this.pop()
  }

  /** Says whether it was the end of something foreign. */
  endForeign(tag: Tag): boolean {
    for (let at = this.#tags.length - 1; at >= 0 && this.#foreign[at]; at--) {
      if (this.#tags[at]!.name !== tag.name) continue
      this.popTo(at)
      return true
    }
    return false
  }

  /** Ends the innermost one, which is there, whatever stands in it. */
  endInnermost(tag: Tag): void {
    this.popTo(this.#tags.findLastIndex(({ name }) => name === tag.name))
  }

  /** Ends the innermost one in scope; says whether there is one. */
  endWithin(tag: Tag, fence?: Tag, other?: Tag): boolean {
    const tags = this.#tags
    const integrates = this.#integrates
    for (let at = tags.length - 1; at >= 0; at--) {
      const each = tags[at]!
      if (each === tag && !this.#foreign[at]) {
        this.popTo(at)
        return true
      }
      if (integrates[at]) return false
      if (!this.#foreign[at] && (each.isScope || each === fence || each === other)) return false
    }
    return false
  }

  endHeading(): void {
    for (let at = this.#tags.length - 1; at >= 0; at--) {
      if (this.#tags[at]!.level > 0 && !this.#foreign[at]) return this.popTo(at)
      if (this.#integrates[at] || (this.#tags[at]!.isScope && !this.#foreign[at])) return
    }
  }

  /** An item of a list ends the one before it, unless that holds a list of its own. */
  endItem(one: Tag, other: Tag): void {
    if (this.#open[one.id] === 0 && this.#open[other.id] === 0) return
    for (let at = this.#tags.length - 1; at >= 0; at--) {
      const each = this.#tags[at]!
      if (each === one || each === other) return this.popTo(at)
      if (this.#foreign[at] || (each.isSpecial && each !== address && each !== div && each !== p)) return
    }
  }

  /** Where boxes stand in it, it ends with the innermost of those around it: its boxes go on. */
  endFormatting(tag: Tag): void {
    let holdsBoxes = false
    for (let at = this.#tags.length - 1; at >= 0; at--) {
      const each = this.#tags[at]!
      if (each === tag && !this.#late[at] && !this.#foreign[at]) {
        if (holdsBoxes) this.#wait(at)
        else this.popTo(at)
        return
      }
      if (this.#integrates[at]) return
      if (this.#foreign[at]) continue
      if (each.isScope) return
      holdsBoxes ||= each.isSpecial
    }
  }

  endInline(tag: Tag): void {
    for (let at = this.#tags.length - 1; at >= 0; at--) {
      const each = this.#tags[at]!
      if (each === tag || (tag.id === 0 && each.name === tag.name)) return this.popTo(at)
      if (this.#integrates[at] || (each.isSpecial && !this.#foreign[at])) return
    }
  }

  endForm(): void {
    this.endImplied()
    for (let at = this.#tags.length - 1; at >= 0; at--) {
      if (this.#tags[at] === form) {
        if (at === this.#tags.length - 1) this.pop()
        else if (!this.#late[at]) this.#wait(at)
        return
      }
      if (this.#tags[at]!.isScope && this.#tags[at] !== table && !cells.has(this.#tags[at]!)) return
    }
  }

  endTablePart(tag: Tag): void {
    for (let at = this.#tags.length - 1; at >= 0; at--) {
      const each = this.#tags[at]!
      if (each === tag) return this.popTo(at)
      if (each === table || fences.has(each) || this.#integrates[at]) return
    }
  }

  /** Ends the outermost of these that belongs to the innermost table. */
  endRows(parts: ReadonlySet<Tag>): void {
    let outermost = -1
    for (let at = this.#tags.length - 1; at >= 0; at--) {
      const each = this.#tags[at]!
      if (parts.has(each)) outermost = at
      else if (each === table || fences.has(each) || this.#integrates[at]) break
    }
    if (outermost >= 0) this.popTo(outermost)
  }

  /** A table right in a table ends that one; one in a cell does not. */
  endTableIn(): void {
    if (this.#open[table.id] === 0) return
    for (let at = this.#tags.length - 1; at >= 0; at--) {
      const each = this.#tags[at]!
      if (each === table) return this.popTo(at)
      if (cells.has(each) || each === caption || fences.has(each) || this.#integrates[at]) return
    }
  }

  endImplied(but?: Tag): void {
    for (let top = this.#tags.at(-1)!; top?.isImplied && top !== but; top = this.#tags.at(-1)!) this.pop()
  }

  /** Its end has come; it ends with what stands in it. */
  #wait(at: number): void {
    this.#late[at] = true
    this.#waiting[this.#tags[at]!.id]!++
  }

  #count(tag: Tag, change: 1 | -1): void {
    this.#open[tag.id]! += change
    if (tag.id !== 0) return
    const count = (this.#unknown.get(tag.name) ?? 0) + change
    if (count > 0) this.#unknown.set(tag.name, count)
    else this.#unknown.delete(tag.name)
  }
}

const [html, svg, math, template, noscript] = knownTags('html', 'svg', 'math', 'template', 'noscript')
const [p, address, div, form, table] = knownTags('p', 'address', 'div', 'form', 'table')
const [caption, td, th] = knownTags('caption', 'td', 'th')

export const cells: ReadonlySet<Tag> = new Set([td, th])
/** What stands in these is apart: no end tag in them ends anything outside, in whatever order. */
const fences = new Set([template, noscript, html])
/** HTML may stand in these foreign elements ("integration points"). */
const inSvg = new Set(['foreignobject', 'desc', 'title'])
const inMath = new Set(['annotation-xml', 'mi', 'mo', 'mn', 'ms', 'mtext'])
