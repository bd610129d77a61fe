import { Buffer } from 'node:buffer'
import { hashOfBytes, hashOfText, hashStart, hashStep, joined, mixed } from './byte-hash.ts'
import { comparableLink } from './comparable-link.ts'
import {
  endOfToken,
  isBlank,
  isLetter,
  linkAttributes,
  listElements,
  namedElements,
  nameHash,
  nameStep,
  rawElements,
  voidElements,
} from './element-names.ts'
import { countJson } from './json-parts.ts'
import type { PartTally } from './part-tally.ts'

/**
 * HTML and XML as parts: each element, text and attribute under the names of the last three elements that lead to it, such
 * as `ul.list>li>a@href`. No positions, so that one item more in a list is a difference of its own and nothing else moves.
 *
 * One pass over the bytes, without strings, and not the standard's parser: both answers are read in the same way, so all that
 * matters is that nothing a browser would take for markup is passed over here. Comments do not count, as some servers
 * write their timing into them; `<!-->` is a whole one, as in browsers.
 */
const tail = 3
const deepest = 256
/** How far up an end tag looks for its element. */
const farthest = 48
const mostAttributes = 128

const elementKind = 1
const textKind = 2
const attributeKind = 3

const scriptName = nameHash('script')
const className = nameHash('class')
const idName = nameHash('id')
const names = new Set(['name', 'property', 'http-equiv', 'itemprop', 'rel'].map(nameHash))
const linkName = nameHash('link')
const srcName = nameHash('src')
const typeName = nameHash('type')
const nonceName = nameHash('nonce')

const rootHash = hashOfText('/')
const lessThan = 0x3c
const greaterThan = 0x3e
const slash = 0x2f

export function countMarkup(bytes: Uint8Array, isXml: boolean, url: string, tally: PartTally): void {
  new MarkupReader(bytes, isXml, url, tally).read()
}

class MarkupReader {
  readonly #bytes: Uint8Array
  readonly #isXml: boolean
  readonly #tally: PartTally
  readonly #url: URL | null
  readonly #origin: string
  /** The hash of what a relative link begins with, not finished. */
  readonly #folder: number

  /** The open elements: hash of name, hash of name and token, and where both stand. */
  readonly #names = new Int32Array(deepest + 1)
  readonly #frames = new Int32Array(deepest + 1)
  readonly #spots = new Int32Array((deepest + 1) * 4)
  #depth = 0

  /** The attributes of the tag that is being read: hash of name, and where name and value stand. */
  readonly #attributeNames = new Int32Array(mostAttributes)
  readonly #attributeSpots = new Int32Array(mostAttributes * 4)
  #attributes = 0
  #closesItself = false

  /** The text since the last tag. */
  #text = hashStart
  #hasText = false
  #isSpaced = false

  constructor(bytes: Uint8Array, isXml: boolean, url: string, tally: PartTally) {
    this.#bytes = bytes
    this.#isXml = isXml
    this.#tally = tally
    this.#url = URL.parse(url)
    this.#origin = this.#url?.origin ?? ''
    const path = this.#url?.pathname ?? '/'
    let folder = hashStart
    for (let at = 0; at <= path.lastIndexOf('/'); at++) folder = hashStep(folder, path.charCodeAt(at))
    this.#folder = folder
  }

  read(): void {
    const bytes = this.#bytes
    const { length } = bytes
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
      else if (next === 0x3f) at = after(bytes, greaterThan, at + 2)
      else {
        at = this.#addText(at, at + 1)
      }
    }
    this.#endText()
  }

  /** Up to `stop`, where one is given. White space is one blank, and none at both ends. */
  #addText(from: number, to: number, stop = -1): number {
    const bytes = this.#bytes
    let at = from
    let hash = this.#text
    for (; at < to; at++) {
      const byte = bytes[at]!
      if (byte === stop) break
      if (byte <= 0x20) this.#isSpaced = true
      else {
        if (this.#isSpaced) {
          if (this.#hasText) hash = hashStep(hash, 0x20)
          this.#isSpaced = false
        }
        this.#hasText = true
        hash = hashStep(hash, byte)
      }
    }
    this.#text = hash
    return at
  }

  #endText(): void {
    if (this.#hasText) this.#countValue(textKind, mixed(this.#text))
    this.#text = hashStart
    this.#hasText = false
    this.#isSpaced = false
  }

  /** Comments, document types, and CDATA: text in XML, a comment elsewhere. */
  #passDeclaration(from: number): number {
    const bytes = this.#bytes
    if (bytes[from] === 0x2d && bytes[from + 1] === 0x2d) {
      if (bytes[from + 2] === greaterThan) return from + 3
      if (bytes[from + 2] === 0x2d && bytes[from + 3] === greaterThan) return from + 4
      return endOfComment(bytes, from + 2)
    }
    if (this.#isXml && startsWith(bytes, from, '[CDATA[')) {
      let end = from + 7
      while (end < bytes.length && !startsWith(bytes, end, ']]>')) end++
      this.#addText(from + 7, end)
      return end + 3
    }
    return after(bytes, greaterThan, from)
  }

  #readCloseTag(from: number): number {
    const bytes = this.#bytes
    if (!isLetter(bytes[from] ?? 0)) return after(bytes, greaterThan, from)
    this.#endText()
    let hash = hashStart
    let at = from
    while (at < bytes.length && !endsName(bytes[at]!)) hash = nameStep(hash, bytes[at++]!)
    const lowest = Math.max(1, this.#depth - farthest)
    for (let depth = this.#depth; depth >= lowest; depth--) {
      if (this.#names[depth] === hash) {
        this.#depth = depth - 1
        break
      }
    }
    return after(bytes, greaterThan, at)
  }

  #readOpenTag(from: number): number {
    const bytes = this.#bytes
    this.#endText()
    let name = hashStart
    let at = from
    while (at < bytes.length && !endsName(bytes[at]!)) name = nameStep(name, bytes[at++]!)
    const nameTo = at
    at = this.#readAttributes(at)
    const isRaw = !this.#isXml && rawElements.has(name)
    if (listElements.has(name) && this.#names[this.#depth] === name && this.#depth > 0) this.#depth--
    this.#push(name, from, nameTo)
    if (name === scriptName && !this.#isXml) {
      const end = this.#readScript(at)
      this.#depth--
      return end
    }
    this.#countElement()
    if (isRaw) {
      const end = endOfRaw(bytes, at, from, nameTo)
      this.#addText(at, end)
      this.#endText()
      this.#depth--
      return after(bytes, greaterThan, end)
    }
    if (this.#closesItself || (!this.#isXml && voidElements.has(name))) this.#depth--
    return at
  }

  /** An element on top of the open ones. Beyond the deepest all stand at one level. */
  #push(name: number, from: number, nameTo: number): void {
    if (this.#depth < deepest) this.#depth++
    const depth = this.#depth
    this.#names[depth] = name
    this.#spots[depth * 4] = from
    this.#spots[depth * 4 + 1] = nameTo
    this.#setToken(name, this.#tokenAttribute(name))
  }

  /** The attribute that tells elements of one name apart: the first class, else the id; for fields and facts their name. */
  #tokenAttribute(name: number): number {
    const isNamed = namedElements.has(name) || name === linkName
    let found = -1
    for (let each = 0; each < this.#attributes; each++) {
      const attribute = this.#attributeNames[each]!
      if (isNamed && names.has(attribute)) return each
      if (attribute === className) found = each
      else if (attribute === idName && found < 0) found = each
    }
    return found
  }

  #setToken(name: number, attribute: number): void {
    const from = attribute < 0 ? 0 : this.#attributeSpots[attribute * 4 + 2]!
    const to = attribute < 0 ? 0 : endOfToken(this.#bytes, from, this.#attributeSpots[attribute * 4 + 3]!)
    this.#setFrame(name, from, to)
  }

  #setFrame(name: number, from: number, to: number): void {
    const depth = this.#depth
    this.#spots[depth * 4 + 2] = from
    this.#spots[depth * 4 + 3] = to
    this.#frames[depth] = to > from ? joined(name, hashOfBytes(this.#bytes, from, to)) : mixed(name)
  }

  /**
   * Scripts are told apart by how they begin, up to the first digit: where one has a nonce in each answer, the others must
   * not hide behind it. Data is read by its keys.
   */
  #readScript(from: number): number {
    const bytes = this.#bytes
    const end = endOfScript(bytes, from)
    const source = this.#find(srcName)
    let start = from
    let to = end
    if (source >= 0) {
      start = afterScheme(bytes, this.#attributeSpots[source * 4 + 2]!, this.#attributeSpots[source * 4 + 3]!)
      to = this.#attributeSpots[source * 4 + 3]!
    } else while (start < end && isBlank(bytes[start]!)) start++
    const type = this.#find(typeName)
    const isTyped = type >= 0 && holdsJson(bytes, this.#attributeSpots, type)
    const isData = isTyped || (source < 0 && looksLikeJson(bytes, start, end))
    this.#setFrame(scriptName, start, isData ? start : endOfBeginning(bytes, start, to))
    this.#countElement()
    if (isData) {
      countJson(bytes, from, end, this.#tally, `${this.#name()} $`, this.#path(elementKind))
    } else {
      this.#addText(from, end)
      this.#endText()
    }
    return after(bytes, greaterThan, end)
  }

  #find(name: number): number {
    for (let each = 0; each < this.#attributes; each++) if (this.#attributeNames[each] === name) return each
    return -1
  }

  /** Up to behind the `>`. */
  #readAttributes(from: number): number {
    const bytes = this.#bytes
    const { length } = bytes
    this.#attributes = 0
    this.#closesItself = false
    let at = from
    while (at < length) {
      const byte = bytes[at]!
      if (byte === greaterThan) return at + 1
      if (byte === slash || isBlank(byte)) {
        this.#closesItself = byte === slash && bytes[at + 1] === greaterThan
        at++
        continue
      }
      at = this.#readAttribute(at)
    }
    return length
  }

  #readAttribute(from: number): number {
    const bytes = this.#bytes
    const { length } = bytes
    let name = nameStep(hashStart, bytes[from]!)
    let at = from + 1
    while (at < length && bytes[at] !== 0x3d && !endsName(bytes[at]!)) name = nameStep(name, bytes[at++]!)
    const nameTo = at
    while (at < length && isBlank(bytes[at]!)) at++
    let valueFrom = nameTo
    let valueTo = nameTo
    if (bytes[at] === 0x3d) {
      at++
      while (at < length && isBlank(bytes[at]!)) at++
      const mark = bytes[at]
      if (mark === 0x22 || mark === 0x27) {
        valueFrom = ++at
        while (at < length && bytes[at] !== mark) at++
        valueTo = at++
      } else {
        valueFrom = at
        while (at < length && bytes[at] !== greaterThan && !isBlank(bytes[at]!)) at++
        valueTo = at
      }
    }
    if (this.#attributes < mostAttributes) {
      const spot = this.#attributes * 4
      this.#attributeNames[this.#attributes++] = name
      this.#attributeSpots[spot] = from
      this.#attributeSpots[spot + 1] = nameTo
      this.#attributeSpots[spot + 2] = valueFrom
      this.#attributeSpots[spot + 3] = valueTo
    }
    return Math.min(at, length)
  }

  #countElement(): void {
    const path = this.#path(elementKind)
    let slot = this.#tally.find(path)
    if (slot < 0) slot = this.#tally.open(path, this.#name())
    this.#tally.count(slot)
    for (let each = 0; each < this.#attributes; each++) {
      const name = this.#attributeNames[each]!
      // By its purpose it differs in every answer.
      if (name === nonceName) continue
      const from = this.#attributeSpots[each * 4 + 2]!
      const to = this.#attributeSpots[each * 4 + 3]!
      const value = linkAttributes.has(name) ? this.#hashOfLink(from, to) : this.#hashOfValue(from, to)
      this.#countValue(attributeKind, value, each)
    }
  }

  #hashOfValue(from: number, to: number): number {
    let first = from
    let last = to
    while (first < last && isBlank(this.#bytes[first]!)) first++
    while (last > first && isBlank(this.#bytes[last - 1]!)) last--
    return hashOfBytes(this.#bytes, first, last)
  }

  /** A link to the site itself counts the same whether it is written with the site's name or without. */
  #hashOfLink(from: number, to: number): number {
    const bytes = this.#bytes
    let first = from
    while (first < to && isBlank(bytes[first]!)) first++
    if (this.#origin !== '' && startsWith(bytes, first, this.#origin)) {
      const behind = first + this.#origin.length
      if (behind === to) return rootHash
      if (bytes[behind] === slash) first = behind
    }
    let isRelative = first < to && bytes[first] !== slash && bytes[first] !== 0x23 && bytes[first] !== 0x3f
    for (let at = first; at < to; at++) {
      const byte = bytes[at]!
      if (byte === 0x3f || byte === 0x3b)
        return hashOfText(comparableLink(latin1(bytes, first, to), this.#url))
      if (byte === 0x3a) isRelative = false
    }
    return hashOfBytes(bytes, first, to, isRelative ? this.#folder : hashStart)
  }

  #countValue(kind: number, value: number, attribute = -1): void {
    const inner = attribute < 0 ? kind : joined(kind, this.#attributeNames[attribute]!)
    const path = this.#path(inner)
    let slot = this.#tally.find(path)
    if (slot < 0) slot = this.#tally.open(path, this.#nameOf(attribute))
    this.#tally.countValue(slot, value)
  }

  #path(inner: number): number {
    const depth = this.#depth
    let path = inner
    for (let each = Math.max(1, depth - tail + 1); each <= depth; each++)
      path = joined(path, this.#frames[each]!)
    return path
  }

  #nameOf(attribute: number): string {
    if (attribute < 0) return `${this.#name()} text`.trimStart()
    const spot = attribute * 4
    return `${this.#name()}@${readable(this.#bytes, this.#attributeSpots[spot]!, this.#attributeSpots[spot + 1]!)}`
  }

  /** As people read it, and `part-path.ts` does. */
  #name(): string {
    const bytes = this.#bytes
    const path: string[] = []
    for (let each = Math.max(1, this.#depth - tail + 1); each <= this.#depth; each++) {
      const spot = each * 4
      const element = readable(bytes, this.#spots[spot]!, this.#spots[spot + 1]!)
      const token = readable(bytes, this.#spots[spot + 2]!, this.#spots[spot + 3]!)
      path.push(token === '' ? element : `${element}.${token}`)
    }
    return path.join('>')
  }
}

function endsName(byte: number): boolean {
  return byte === greaterThan || byte === slash || isBlank(byte)
}

/** Behind the next such byte, or at the end. */
function after(bytes: Uint8Array, byte: number, from: number): number {
  const at = bytes.indexOf(byte, from)
  return at < 0 ? bytes.length : at + 1
}

function endOfComment(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0x2d, from); at >= 0; at = bytes.indexOf(0x2d, at + 1)) {
    if (bytes[at + 1] !== 0x2d) continue
    if (bytes[at + 2] === greaterThan) return at + 3
    if (bytes[at + 2] === 0x21 && bytes[at + 3] === greaterThan) return at + 4
  }
  return bytes.length
}

/** Where `</name` stands; the name is the one at `nameFrom`. */
function endOfRaw(bytes: Uint8Array, from: number, nameFrom: number, nameTo: number): number {
  for (let at = bytes.indexOf(lessThan, from); at >= 0; at = bytes.indexOf(lessThan, at + 1)) {
    if (bytes[at + 1] !== slash) continue
    let same = 0
    while (nameFrom + same < nameTo && isSameLetter(bytes[at + 2 + same]!, bytes[nameFrom + same]!)) same++
    if (nameFrom + same === nameTo) return at
  }
  return bytes.length
}

function endOfScript(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(lessThan, from); at >= 0; at = bytes.indexOf(lessThan, at + 1)) {
    if (bytes[at + 1] === slash && (bytes[at + 2]! | 0x20) === 0x73 && isScriptAt(bytes, at + 2)) return at
  }
  return bytes.length
}

const script = 'script'

function isScriptAt(bytes: Uint8Array, from: number): boolean {
  for (let each = 0; each < script.length; each++) {
    if ((bytes[from + each]! | 0x20) !== script.charCodeAt(each)) return false
  }
  return true
}

function isSameLetter(one: number, other: number): boolean {
  return one === other || (isLetter(one) && (one | 0x20) === (other | 0x20))
}

function startsWith(bytes: Uint8Array, from: number, text: string): boolean {
  for (let at = 0; at < text.length; at++) if (bytes[from + at] !== text.charCodeAt(at)) return false
  return true
}

function afterScheme(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at + 1 < Math.min(to, from + 8); at++) {
    if (bytes[at] === slash && bytes[at + 1] === slash) return at + 2
  }
  return from
}

/** The first 24 bytes, up to a digit, a quote or a query. */
function endOfBeginning(bytes: Uint8Array, from: number, to: number): number {
  const most = Math.min(to, from + 24)
  let at = from
  while (at < most) {
    const byte = bytes[at]!
    if ((byte >= 0x30 && byte <= 0x39) || byte === 0x22 || byte === 0x27 || byte === 0x60 || byte === 0x3f)
      break
    if (byte < 0x20) break
    at++
  }
  return at
}

function looksLikeJson(bytes: Uint8Array, from: number, to: number): boolean {
  if (bytes[from] !== 0x7b && bytes[from] !== 0x5b) return false
  let next = from + 1
  while (next < to && isBlank(bytes[next]!)) next++
  return bytes[next] === 0x22 || bytes[next] === 0x7b || bytes[next] === 0x7d || bytes[next] === 0x5d
}

function holdsJson(bytes: Uint8Array, spots: Int32Array, attribute: number): boolean {
  const type = latin1(
    bytes,
    spots[attribute * 4 + 2]!,
    Math.min(spots[attribute * 4 + 3]!, spots[attribute * 4 + 2]! + 64),
  )
  return /\bjson\b|^importmap$|^speculationrules$/i.test(type)
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, Math.max(0, to - from)).toString('latin1')
}

/** Short, in lower case, and without what means something in a path. */
function readable(bytes: Uint8Array, from: number, to: number): string {
  return latin1(bytes, from, Math.min(to, from + 40))
    .toLowerCase()
    .replaceAll(/[^!-~]|[>@]/g, '_')
}
