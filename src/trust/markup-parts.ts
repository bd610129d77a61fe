import { hashOfBytes, hashStart, hashStep, joined, mixed } from './byte-hash.ts'
import { endOfComment, endTag, latin1, nextByte, startsWith } from './byte-search.ts'
import { LinkHashes } from './comparable-link.ts'
import {
  endOfToken,
  isBlank,
  isLetter,
  linkAttributes,
  listElements,
  namedElements,
  nameHash,
  nameStep,
  namingAttributes,
  rawElements,
  voidElements,
} from './element-names.ts'
import { countJson } from './json-parts.ts'
import type { PartTally } from './part-tally.ts'
import { afterScheme, beginsLikeJson, endOfBeginning, endOfSource, isDataType } from './script-beginning.ts'
import { TagAttributes } from './tag-attributes.ts'

/**
 * HTML and XML as parts: each element, text and attribute under the names of the last three elements that lead to it, such
 * as `ul.list>li>a@href`. No positions, so that one item more in a list is a difference of its own and nothing else moves.
 *
 * One pass over the bytes, without strings, and not the standard's parser: both answers are read in the same way, so all that
 * matters is that nothing a browser would take for markup is passed over here. Comments, declarations, and the white
 * space between tags are parts without a place. What is still open at the end is one as well: a page that was cut within a
 * long text differs in nothing else.
 */
export function countMarkup(bytes: Uint8Array, isXml: boolean, url: string, tally: PartTally): void {
  new MarkupReader(bytes, isXml, url, tally).read()
}

/** Elements in a path. */
const tail = 3
const deepest = 256
/** How far up an end tag looks for its element. */
const farthest = 48

const elementKind = 1
const textKind = 2
const attributeKind = 3
const openKind = 4
const dataKind = 5
/** These two have no place: only that there is one more, or one less. */
const commentKind = 6
const blankKind = 7

const scriptName = nameHash('script')
const className = nameHash('class')
const idName = nameHash('id')
const srcName = nameHash('src')
const typeName = nameHash('type')
const nonceName = nameHash('nonce')

const lessThan = 0x3c
const greaterThan = 0x3e
const slash = 0x2f

class MarkupReader {
  readonly #bytes: Uint8Array
  readonly #length: number
  readonly #isXml: boolean
  readonly #tally: PartTally
  readonly #links: LinkHashes
  readonly #attributes = new TagAttributes()

  /** The open elements: hash of the name, hash of name and token, and where both stand. */
  readonly #names = new Int32Array(deepest + 1)
  readonly #frames = new Int32Array(deepest + 1)
  readonly #spots = new Int32Array((deepest + 1) * 4)
  #depth = 0

  /** The text since the last tag. */
  #text = hashStart
  #hasText = false
  #isSpaced = false

  constructor(bytes: Uint8Array, isXml: boolean, url: string, tally: PartTally) {
    this.#bytes = bytes
    this.#length = bytes.length
    this.#isXml = isXml
    this.#tally = tally
    this.#links = new LinkHashes(url)
  }

  read(): void {
    const bytes = this.#bytes
    const length = this.#length
    let at = 0
    while (at < length) {
      if (bytes[at] !== lessThan) {
        at = this.#addText(at, length, lessThan)
        continue
      }
      const next = at + 1 < length ? bytes[at + 1]! : 0
      if (isLetter(next)) at = this.#readOpenTag(at + 1)
      else if (next === slash) at = this.#readCloseTag(at + 2)
      else if (next === 0x21) at = this.#passDeclaration(at + 2)
      else if (next === 0x3f) at = this.#countAside(at + 2, this.#behindTag(at + 2))
      else at = this.#addText(at, at + 1)
    }
    this.#endText()
    if (this.#depth > 0) this.#tally.count(this.#slot(openKind))
  }

  /** Up to `stop`, where one is given. White space is one blank, and none at both ends. */
  #addText(from: number, to: number, stop = -1): number {
    const bytes = this.#bytes
    let at = from
    let hash = this.#text
    let isSpaced = this.#isSpaced
    let hasText = this.#hasText
    for (; at < to; at++) {
      const byte = bytes[at]!
      if (byte === stop) break
      if (byte <= 0x20) isSpaced = true
      else {
        if (isSpaced && hasText) hash = hashStep(hash, 0x20)
        isSpaced = false
        hasText = true
        hash = hashStep(hash, byte)
      }
    }
    this.#text = hash
    this.#isSpaced = isSpaced
    this.#hasText = hasText
    return at
  }

  #endText(): void {
    if (this.#hasText) this.#tally.countValue(this.#slot(textKind), mixed(this.#text))
    else if (this.#isSpaced) this.#tally.count(this.#placeless(blankKind, 'blank'))
    this.#text = hashStart
    this.#hasText = false
    this.#isSpaced = false
  }

  /** Comments, document types, and CDATA: text in XML, a comment elsewhere. */
  #passDeclaration(from: number): number {
    const bytes = this.#bytes
    if (bytes[from] === 0x2d && bytes[from + 1] === 0x2d) {
      return this.#countAside(from, endOfComment(bytes, from + 1, this.#length))
    }
    if (!this.#isXml || !startsWith(bytes, from, '[CDATA[')) {
      return this.#countAside(from, this.#behindTag(from))
    }
    let end = from + 7
    while (end < this.#length && !startsWith(bytes, end, ']]>')) end++
    this.#addText(from + 7, end)
    return end + 3
  }

  /** Comments and declarations do not part a text. */
  #countAside(from: number, end: number): number {
    const value = hashOfBytes(this.#bytes, from, Math.min(end, this.#length))
    this.#tally.countValue(this.#placeless(commentKind, 'comment'), value)
    return end
  }

  #readCloseTag(from: number): number {
    const bytes = this.#bytes
    if (from >= this.#length || !isLetter(bytes[from]!)) return this.#behindTag(from)
    this.#endText()
    let name = hashStart
    let at = from
    for (; at < this.#length; at++) {
      const byte = bytes[at]!
      if (endsName(byte)) break
      name = nameStep(name, byte)
    }
    const lowest = Math.max(1, this.#depth - farthest)
    for (let depth = this.#depth; depth >= lowest; depth--) {
      if (this.#names[depth] !== name) continue
      this.#depth = depth - 1
      break
    }
    return this.#behindTag(at)
  }

  #behindTag(from: number): number {
    return nextByte(this.#bytes, greaterThan, from, this.#length) + 1
  }

  #readOpenTag(from: number): number {
    const bytes = this.#bytes
    this.#endText()
    let name = hashStart
    let at = from
    for (; at < this.#length; at++) {
      const byte = bytes[at]!
      if (endsName(byte)) break
      name = nameStep(name, byte)
    }
    const behind = this.#attributes.read(bytes, at, this.#length)
    if (this.#depth > 0 && this.#names[this.#depth] === name && listElements.has(name)) this.#depth--
    this.#push(name, from, at)
    if (this.#isXml) {
      this.#countElement()
      if (this.#attributes.closesItself) this.#depth--
      return behind
    }
    if (name === scriptName) return this.#readScript(behind)
    this.#countElement()
    if (rawElements.has(name)) return this.#readRaw(behind, latin1(bytes, from, at).toLowerCase())
    if (this.#attributes.closesItself || voidElements.has(name)) this.#depth--
    return behind
  }

  /** An element on top of the open ones. Beyond the deepest all stand at one level. */
  #push(name: number, from: number, to: number): void {
    if (this.#depth < deepest) this.#depth++
    this.#names[this.#depth] = name
    this.#spots[this.#depth * 4] = from
    this.#spots[this.#depth * 4 + 1] = to
    const token = this.#tokenOf(name)
    const tokenFrom = token < 0 ? 0 : this.#attributes.valueFrom[token]!
    const tokenTo = token < 0 ? 0 : endOfToken(this.#bytes, tokenFrom, this.#attributes.valueTo[token]!)
    this.#setFrame(name, tokenFrom, tokenTo)
  }

  /** The attribute that tells elements of one name apart: the first class, else the id; for fields and facts their name. */
  #tokenOf(name: number): number {
    const isNamed = namedElements.has(name)
    let found = -1
    for (let each = 0; each < this.#attributes.count; each++) {
      const attribute = this.#attributes.names[each]!
      if (isNamed && namingAttributes.has(attribute)) return each
      if (attribute === className) found = each
      else if (attribute === idName && found < 0) found = each
    }
    return found
  }

  #setFrame(name: number, from: number, to: number): void {
    this.#spots[this.#depth * 4 + 2] = from
    this.#spots[this.#depth * 4 + 3] = to
    this.#frames[this.#depth] = to > from ? joined(name, hashOfBytes(this.#bytes, from, to)) : mixed(name)
  }

  /** Data in a script is read by its keys. */
  #readScript(from: number): number {
    const bytes = this.#bytes
    const attributes = this.#attributes
    const end = endTag(bytes, from, this.#length, 'script')
    const source = attributes.find(srcName)
    const type = attributes.find(typeName)
    let start = from
    let to = end
    if (source >= 0) {
      to = attributes.valueTo[source]!
      start = afterScheme(bytes, attributes.valueFrom[source]!, to)
    } else while (start < end && isBlank(bytes[start]!)) start++
    const isData =
      source < 0 &&
      ((type >= 0 && isDataType(bytes, attributes.valueFrom[type]!, attributes.valueTo[type]!)) ||
        beginsLikeJson(bytes, start, end))
    this.#setFrame(
      scriptName,
      start,
      isData ? start : source < 0 ? endOfBeginning(bytes, start, to) : endOfSource(bytes, start, to),
    )
    this.#countElement()
    if (isData) countJson(bytes, from, end, this.#tally, `${this.#name()} $`, this.#path(dataKind))
    else {
      this.#addText(from, end)
      this.#endText()
    }
    return this.#endRaw(end)
  }

  #readRaw(from: number, name: string): number {
    const end = endTag(this.#bytes, from, this.#length, name)
    this.#addText(from, end)
    this.#endText()
    return this.#endRaw(end)
  }

  /** Where its end tag is missing it stays open. */
  #endRaw(end: number): number {
    if (end < this.#length) this.#depth--
    return this.#behindTag(end)
  }

  #countElement(): void {
    const attributes = this.#attributes
    this.#tally.count(this.#slot(elementKind))
    for (let each = 0; each < attributes.count; each++) {
      const name = attributes.names[each]!
      // By its purpose it differs in every answer.
      if (name === nonceName) continue
      const from = attributes.valueFrom[each]!
      const to = attributes.valueTo[each]!
      const value = linkAttributes.has(name)
        ? this.#links.hash(this.#bytes, from, to)
        : this.#hashOfValue(from, to)
      this.#tally.countValue(this.#slot(joined(attributeKind, name), each), value)
    }
  }

  #hashOfValue(from: number, to: number): number {
    let first = from
    let last = to
    while (first < last && isBlank(this.#bytes[first]!)) first++
    while (last > first && isBlank(this.#bytes[last - 1]!)) last--
    return hashOfBytes(this.#bytes, first, last)
  }

  #slot(inner: number, attribute = -1): number {
    const path = this.#path(inner)
    const slot = this.#tally.find(path)
    return slot < 0 ? this.#tally.open(path, this.#nameOf(inner, attribute)) : slot
  }

  #placeless(kind: number, name: string): number {
    const slot = this.#tally.find(kind)
    return slot < 0 ? this.#tally.open(kind, name) : slot
  }

  #path(inner: number): number {
    const depth = this.#depth
    let path = inner
    for (let each = Math.max(1, depth - tail + 1); each <= depth; each++)
      path = joined(path, this.#frames[each]!)
    return path
  }

  #nameOf(inner: number, attribute: number): string {
    const name = this.#name()
    if (inner === elementKind) return name
    if (inner === openKind) return `${name} open`
    if (inner === textKind) return `${name} text`.trimStart()
    const { nameFrom, nameTo } = this.#attributes
    return `${name}@${readable(this.#bytes, nameFrom[attribute]!, nameTo[attribute]!)}`
  }

  /** As people read it, and part-path.ts does. */
  #name(): string {
    const path: string[] = []
    for (let each = Math.max(1, this.#depth - tail + 1); each <= this.#depth; each++) {
      const spot = each * 4
      const element = readable(this.#bytes, this.#spots[spot]!, this.#spots[spot + 1]!)
      const token = readable(this.#bytes, this.#spots[spot + 2]!, this.#spots[spot + 3]!)
      path.push(token === '' ? element : `${element}.${token}`)
    }
    return path.join('>')
  }
}

function endsName(byte: number): boolean {
  return byte === greaterThan || byte === slash || isBlank(byte)
}

/** Short, in lower case, and without what means something in a path. */
function readable(bytes: Uint8Array, from: number, to: number): string {
  return latin1(bytes, from, Math.min(to, from + 40))
    .toLowerCase()
    .replaceAll(/[^!-~]|[>@]/g, '_')
}
