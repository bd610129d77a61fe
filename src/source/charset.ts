import { isAscii, isUtf8 } from 'node:buffer'
import { charsetOf, isHtmlType, isJsonType, isXmlType } from '../base/mime-type.ts'
import { type SniffedHeaders, sniffMime } from '../base/sniff-mime.ts'
import { decodeAs, encodingOf } from './encodings.ts'
import { declaredEncoding, xmlEncoding } from './meta-charset.ts'

/**
 * Bytes to text, as a browser would: a byte order mark wins, then the Content-Type header, then what the document says of
 * itself, which depends on what it is (HTML 13.2.3, XML appendix F). Else it is UTF-8 if it is valid, else windows-1252, as
 * browsers of most languages have it. A statistical guess was rejected: it is wrong on short pages and cannot be explained.
 *
 * JSON is UTF-8 (RFC 8259), whatever its header says, which by the same RFC says nothing; it may be UTF-16 or UTF-32 (RFC
 * 4627), known by the zeros in its first four bytes. Only JSON that is none of these is what its header says.
 */
export interface DocumentText {
  readonly text: string
  /** The name of the Encoding standard in lower case: `utf-8`, `windows-1252`; or `utf-32le`, `utf-32be`. */
  readonly encoding: string
}

/** `type` is what the document is (sniff-mime.ts), where the caller knows it. Never throws. */
export function documentText(
  body: Uint8Array,
  headers: SniffedHeaders,
  type: string = sniffMime(headers, body),
): DocumentText {
  const encoding = documentEncoding(body, headers, type)
  return { text: decodeAs(body, encoding), encoding }
}

/** `body` may be the beginning; then what it does not declare is told by the beginning alone. */
export function documentEncoding(
  body: Uint8Array,
  headers: SniffedHeaders,
  type: string = sniffMime(headers, body),
): string {
  const isJson = isJsonType(type)
  const marked = markOf(body, isJson)
  if (marked !== undefined) return marked
  if (isJson) return zerosOf(body) ?? (isUnicode(body) ? 'utf-8' : (fromHeader(headers) ?? 'windows-1252'))
  return fromHeader(headers, body) ?? ofItself(body, type) ?? (isUnicode(body) ? 'utf-8' : 'windows-1252')
}

function fromHeader(headers: SniffedHeaders, body?: Uint8Array): string | undefined {
  const encoding = encodingOf(charsetOf(headers['content-type']) ?? '')
  // `utf-16` is a label of the one; the first `<` of a document says when it is the other.
  return encoding === 'utf-16le' && body ? (utf16Start(body) ?? encoding) : encoding
}

/** A mark is the same in every document, but only JSON may be UTF-32. */
function markOf(body: Uint8Array, isJson: boolean): string | undefined {
  const [first, second, third, fourth] = body
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8'
  if (first === 0xff && second === 0xfe)
    return isJson && third === 0 && fourth === 0 ? 'utf-32le' : 'utf-16le'
  if (first === 0xfe && second === 0xff) return 'utf-16be'
  return isJson && first === 0 && second === 0 && third === 0xfe && fourth === 0xff ? 'utf-32be' : undefined
}

/** The first two characters of JSON are ASCII (RFC 4627, 3). */
function zerosOf(body: Uint8Array): string | undefined {
  if (body.length < 2) return undefined
  const zeros = [...body.subarray(0, 4)].map((byte) => (byte === 0 ? '0' : 'x')).join('')
  if (zeros === '000x') return 'utf-32be'
  if (zeros === 'x000') return 'utf-32le'
  if (zeros.startsWith('0x')) return 'utf-16be'
  return zeros.startsWith('x0') ? 'utf-16le' : undefined
}

function ofItself(body: Uint8Array, type: string): string | undefined {
  // XHTML is read as HTML here, but is XML, and may say so.
  const isXml = isXmlType(type)
  if (!isXml && !isHtmlType(type)) return undefined
  const declared = isXml ? xmlEncoding(body) : undefined
  return declared ?? utf16Start(body) ?? (isHtmlType(type) ? declaredEncoding(body) : undefined)
}

/** In UTF-16 a document needs a mark; one that came without is known by its first `<`. */
function utf16Start(body: Uint8Array): string | undefined {
  if (body[0] === 0x3c && body[1] === 0) return 'utf-16le'
  return body[0] === 0 && body[1] === 0x3c ? 'utf-16be' : undefined
}

/** A body that was cut inside a character is UTF-8 all the same, if it has whole ones: `café` in Latin-1 has none. */
function isUnicode(body: Uint8Array): boolean {
  if (isUtf8(body)) return true
  for (let length = 1; length <= 3 && length <= body.length; length++) {
    const byte = body[body.length - length]!
    if (byte < 0x80) return false
    if (byte < 0xc0) continue
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
    const rest = body.subarray(0, -length)
    return length < needed && isUtf8(rest) && !isAscii(rest)
  }
  return false
}
