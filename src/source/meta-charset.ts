import { Buffer } from 'node:buffer'
import { encodingOf } from './encodings.ts'

/**
 * What an HTML document says of its own encoding, before it is decoded: the HTML standard's "prescan a byte stream to determine
 * its encoding", 13.2.3.2, on the first 1,024 bytes. Tags, attributes and comments are read as such, so `charset=` in a
 * description, in `data-charset` or in a comment says nothing. jsdom's html-encoding-sniffer was rejected: it throws
 * for `content="charset"` and knows no XML declaration.
 *
 * A browser that meets a meta element later, while it parses, starts again with that encoding. So, where the prescan found
 * nothing, the rest of the head is looked through as well, but without scripts, styles and titles, which are text.
 */
export function declaredEncoding(body: Uint8Array): string | undefined {
  if (!mentionsCharset(body)) return xmlEncoding(body.subarray(0, prescanLength))
  const found = prescan(body.subarray(0, prescanLength), false)
  if (found !== undefined || body.length <= prescanLength) return found
  return prescan(body.subarray(0, headLength), true)
}

/** The HTML standard's "get an XML encoding"; also what XML itself says of documents in one byte per character. */
export function xmlEncoding(body: Uint8Array): string | undefined {
  const utf16 = utf16Declaration(body)
  if (utf16 !== undefined) return utf16
  if (!matches(body, 0, '<?xml')) return undefined
  const end = body.subarray(0, prescanLength).indexOf(0x3e)
  const declaration = latin1.decode(body.subarray(0, end < 0 ? 0 : end))
  const label = /encoding[\0- ]*=[\0- ]*(?:"([^"\0- ]*)"|'([^'\0- ]*)')/.exec(declaration)
  return readable(encodingOf(label?.[1] ?? label?.[2] ?? ''))
}

const prescanLength = 1_024
/** A head longer than this is not looked through for a late meta element. */
const headLength = 262_144

/** Most pages that say nothing do not even name it, and need no search. Late in a head only the usual spellings count. */
function mentionsCharset(body: Uint8Array): boolean {
  const head = Buffer.from(body.buffer, body.byteOffset, Math.min(body.length, headLength))
  if (/charset/i.test(head.toString('latin1', 0, prescanLength))) return true
  return ['charset', 'CHARSET', 'Charset', 'CharSet'].some((word) => head.includes(word, prescanLength - 7))
}

const latin1 = new TextDecoder('latin1')

/** `<?x` in two bytes per character. */
function utf16Declaration(body: Uint8Array): string | undefined {
  if (matches(body, 0, '<\0?\0x\0')) return 'utf-16le'
  return matches(body, 0, '\0<\0?\0x') ? 'utf-16be' : undefined
}

/** It could be read byte by byte, so it is not UTF-16 whatever it claims; the standard says UTF-8 then. */
function readable(encoding: string | undefined): string | undefined {
  if (encoding === 'utf-16le' || encoding === 'utf-16be') return 'utf-8'
  return encoding === 'x-user-defined' ? 'windows-1252' : encoding
}

function prescan(bytes: Uint8Array, isHead: boolean): string | undefined {
  const declared = utf16Declaration(bytes)
  if (declared !== undefined) return declared
  const cursor = { bytes, at: 0 }
  for (; cursor.at < bytes.length; cursor.at++) {
    if (bytes[cursor.at] !== 0x3c) continue
    const next = bytes[cursor.at + 1] ?? 0
    if (matches(bytes, cursor.at, '<!--')) {
      // `<!-->` is a comment, and ended.
      skipTo(cursor, '-->', cursor.at + 2)
    } else if (isMeta(bytes, cursor.at)) {
      cursor.at += 5
      const encoding = metaEncoding(cursor)
      if (cursor.at < bytes.length && encoding !== undefined) return encoding
    } else if (isLetter(next) || (next === 0x2f && isLetter(bytes[cursor.at + 2] ?? 0))) {
      const start = cursor.at + 1
      while (cursor.at < bytes.length && !isSpace(bytes[cursor.at]!) && bytes[cursor.at] !== 0x3e) cursor.at++
      const name = isHead ? lower(cursor, [start, Math.min(cursor.at, start + 12)]) : ''
      while (readAttribute(cursor) !== undefined);
      if (name === 'body' || name === '/head') break
      if (rawText.has(name)) skipTo(cursor, `</${name}`, cursor.at)
    } else if (next === 0x21 || next === 0x2f || next === 0x3f) skipTo(cursor, '>', cursor.at)
  }
  return isHead ? undefined : xmlEncoding(bytes)
}

/** Elements of a head whose content is text. */
const rawText = new Set(['script', 'style', 'title', 'noscript', 'template'])

interface Cursor {
  readonly bytes: Uint8Array
  at: number
}

function metaEncoding(cursor: Cursor): string | undefined {
  const seen = new Set<string>()
  let isPragma = false
  let needsPragma = false
  let label: string | undefined
  for (let pair = readAttribute(cursor); pair !== undefined; pair = readAttribute(cursor)) {
    const name = lower(cursor, pair.name)
    const value = lower(cursor, pair.value)
    // With a hundred thousand attributes a set is as quick as with two.
    if (seen.has(name)) continue
    seen.add(name)
    if (name === 'http-equiv') isPragma = value === 'content-type'
    else if (name === 'charset') {
      label = value
      needsPragma = false
    } else if (name === 'content' && label === undefined) {
      const found = encodingInContent(value)
      if (found === undefined) continue
      label = found
      needsPragma = true
    }
  }
  if (label === undefined || (needsPragma && !isPragma)) return undefined
  return readable(encodingOf(label))
}

/** "Extracting a character encoding from a meta element"; undefined for a label that nobody knows, too. */
function encodingInContent(content: string): string | undefined {
  for (let at = content.indexOf('charset'); at >= 0; at = content.indexOf('charset', at + 7)) {
    const rest = /^[\t\n\f\r ]*=[\t\n\f\r ]*(.*)/s.exec(content.slice(at + 7))?.[1]
    if (rest === undefined) continue
    const quote = rest[0]
    if (quote !== '"' && quote !== "'") return encodingOf(/^[^\t\n\f\r ;]*/.exec(rest)![0])
    const end = rest.indexOf(quote, 1)
    return end < 0 ? undefined : encodingOf(rest.slice(1, end))
  }
  return undefined
}

/** Where an attribute stands: most are stepped over, and nobody asks for their text. */
interface Attribute {
  readonly name: readonly [from: number, to: number]
  readonly value: readonly [from: number, to: number]
}

/** "Get an attribute". Undefined at the end of the tag, and of the bytes. */
function readAttribute(cursor: Cursor): Attribute | undefined {
  const { bytes } = cursor
  while (isSpace(bytes[cursor.at] ?? 0) || bytes[cursor.at] === 0x2f) cursor.at++
  if (cursor.at >= bytes.length || bytes[cursor.at] === 0x3e) return undefined
  const start = cursor.at
  for (; cursor.at < bytes.length; cursor.at++) {
    const byte = bytes[cursor.at]!
    if ((byte === 0x3d && cursor.at > start) || isSpace(byte) || byte === 0x2f || byte === 0x3e) break
  }
  const name = [start, cursor.at] as const
  while (isSpace(bytes[cursor.at] ?? 0)) cursor.at++
  if (bytes[cursor.at] !== 0x3d) return { name, value: [0, 0] }
  cursor.at++
  while (isSpace(bytes[cursor.at] ?? 0)) cursor.at++
  const quote = bytes[cursor.at]
  if (quote === 0x22 || quote === 0x27) {
    const from = cursor.at + 1
    const end = bytes.indexOf(quote, from)
    const to = end < 0 ? bytes.length : end
    cursor.at = end < 0 ? to : to + 1
    return { name, value: [from, to] }
  }
  const from = cursor.at
  while (cursor.at < bytes.length && !isSpace(bytes[cursor.at]!) && bytes[cursor.at] !== 0x3e) cursor.at++
  return { name, value: [from, cursor.at] }
}

function lower({ bytes }: Cursor, [from, to]: readonly [from: number, to: number]): string {
  return latin1.decode(bytes.subarray(from, to)).toLowerCase()
}

/** To the last character of `text`, or to the end. */
function skipTo(cursor: Cursor, text: string, from: number): void {
  const { bytes } = cursor
  const first = text.charCodeAt(0)
  for (let at = bytes.indexOf(first, from); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (!matches(bytes, at, text)) continue
    cursor.at = at + text.length - 1
    return
  }
  cursor.at = bytes.length
}

function isMeta(bytes: Uint8Array, at: number): boolean {
  const behind = bytes[at + 5] ?? 0
  return matches(bytes, at, '<meta') && (isSpace(behind) || behind === 0x2f)
}

/** Letters of `text` are in lower case, and match those in upper case, too. */
function matches(bytes: Uint8Array, at: number, text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const byte = bytes[at + index] ?? -1
    const wanted = text.charCodeAt(index)
    if (byte !== wanted && !(isLetter(wanted) && byte === wanted - 0x20)) return false
  }
  return true
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0c || byte === 0x0d
}

function isLetter(byte: number): boolean {
  return (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a)
}
