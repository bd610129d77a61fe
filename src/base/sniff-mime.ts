import { Buffer } from 'node:buffer'
import { type HeaderValue, isHtmlType, isXmlType, mimeTypeOf, xhtml } from './mime-type.ts'

/**
 * What a response is, by the MIME Sniffing standard ("determining the computed MIME type of a resource"). Everybody who wants to
 * know whether something is HTML, XML or JSON asks here. Only a response without a type, or with one that cannot be read,
 * is told by its first bytes; plain text that is binary is told to be so.
 *
 * Where we go further than the standard, because a browser shows the source to a person and a crawler would lose the links:
 * HTML is also known behind a byte order mark, behind comments, and where a tag's name ends in any white space; and an XML
 * document with the root element of XHTML is XHTML whatever kind of XML its type names.
 */
export interface SniffedHeaders {
  readonly 'content-type'?: HeaderValue
  readonly 'x-content-type-options'?: HeaderValue
}

/** The type without parameters, in lower case: `text/html`. `body` may be no more than the beginning. */
export function sniffMime(headers: SniffedHeaders, body: Uint8Array): string {
  const supplied = mimeTypeOf(headers['content-type'])?.essence
  if (supplied === 'text/html' || supplied === xhtml) return supplied
  if (supplied !== undefined && isXmlType(supplied)) return hasXhtmlRoot(body) ? xhtml : supplied
  if (supplied === undefined || unknownTypes.has(supplied)) {
    return unknownType(body.subarray(0, headerLength), !isNosniff(headers['x-content-type-options']))
  }
  if (supplied === 'text/plain' && isApacheDefault(headers['content-type'])) {
    const isText = isNosniff(headers['x-content-type-options']) || hasMark(body) || !isBinary(body)
    return isText ? supplied : octets
  }
  if (!/^(image|audio|video)\/|^application\/ogg$/.test(supplied)) return supplied
  if (isNosniff(headers['x-content-type-options'])) return supplied
  const head = body.subarray(0, headerLength)
  return (supplied.startsWith('image/') ? imageType(head) : mediaType(head)) ?? supplied
}

/** HTML in either syntax, declared or sniffed. */
export function isHtmlResponse(headers: SniffedHeaders, body: Uint8Array): boolean {
  return isHtmlType(sniffMime(headers, body))
}

/**
 * Whether a page stands where something else belongs. By the standard a comment alone is HTML; but people also write comments
 * of HTML over a robots.txt, so here what follows them decides.
 */
export function beginsLikeHtml(body: Uint8Array): boolean {
  return htmlStart.test(beginning(body, /^<!--(?!>)/))
}

/** What the standard calls the resource header: as many bytes as are looked at. */
const headerLength = 1_445
const octets = 'application/octet-stream'
const unknownTypes = new Set(['unknown/unknown', 'application/unknown', '*/*'])

/** The tags of the standard's table. Comments are taken one at a time, so that the search is linear. */
const tags = '!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p'
const htmlStart = new RegExp(`^(?:<(?:${tags})[\\s>]|<!--[\\s>])`, 'i')

function unknownType(head: Uint8Array, mayBeActive: boolean): string {
  if (mayBeActive) {
    const text = beginning(head)
    if (htmlStart.test(text)) return 'text/html'
    if (text.startsWith('<?xml')) return hasXhtmlRoot(head) ? xhtml : 'text/xml'
    if (startsWith(head, '%PDF-')) return 'application/pdf'
  }
  if (startsWith(head, '%!PS-Adobe-')) return 'application/postscript'
  if (head.length >= 4 && hasMark(head)) return 'text/plain'
  const found = imageType(head) ?? mediaType(head) ?? archiveType(head)
  return found ?? (isBinary(head) ? octets : 'text/plain')
}

/** The first characters, without the mark, white space and whole comments before them, but for those of the standard's table. */
function beginning(body: Uint8Array, comment = /^<!--[^\s>]/): string {
  const bytes = Buffer.from(body.buffer, body.byteOffset, Math.min(body.length, headerLength))
  let text =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? bytes.toString('utf16le', 2)
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? Buffer.from(bytes.subarray(2, bytes.length & ~1))
            .swap16()
            .toString('utf16le')
        : bytes.toString('latin1', startsWith(bytes, '\xef\xbb\xbf') ? 3 : 0)
  for (;;) {
    text = text.replace(/^[\t\n\f\r ]+/, '')
    const end = comment.test(text) ? text.indexOf('-->', 4) : -1
    if (end < 0) return text
    text = text.slice(end + 3)
  }
}

/** Behind the declaration, comments and document type: is it `<html xmlns="http://www.w3.org/1999/xhtml">`? */
function hasXhtmlRoot(body: Uint8Array): boolean {
  let text = beginning(body)
  while (/^<[?!]/.test(text)) {
    const end = text.startsWith('<!--') ? text.indexOf('-->', 4) + 2 : text.indexOf('>')
    if (end < 2) return false
    text = text.slice(end + 1).replace(/^[\t\n\f\r ]+/, '')
  }
  const root = /^<(?:[\w-]+:)?html\s[^>]*/.exec(text)?.[0]
  return root?.includes('http://www.w3.org/1999/xhtml') ?? false
}

/** Fetch, "determine nosniff": the first value decides. */
function isNosniff(value: HeaderValue): boolean {
  const first = typeof value === 'object' ? value?.[0] : value
  return /^\s*nosniff\s*(,|$)/i.test(first ?? '')
}

/** What old installations of Apache called every file that they did not know. */
function isApacheDefault(contentType: HeaderValue): boolean {
  const last = typeof contentType === 'object' ? contentType?.at(-1) : contentType
  return /^text\/plain(; charset=(ISO-8859-1|iso-8859-1|UTF-8))?$/.test(last ?? '')
}

function hasMark(head: Uint8Array): boolean {
  const [first, second, third] = head
  return (
    (first === 0xfe && second === 0xff) ||
    (first === 0xff && second === 0xfe) ||
    (first === 0xef && second === 0xbb && third === 0xbf)
  )
}

/** Bytes that no text holds: controls except tab, line feed, form feed, carriage return and escape. */
function isBinary(body: Uint8Array): boolean {
  for (const byte of body.subarray(0, headerLength)) {
    if (byte < 0x20 && (byte < 0x09 || byte === 0x0b || (byte > 0x0d && byte !== 0x1b))) return true
  }
  return false
}

/** Signatures in latin1; a dot stands for any byte. */
const images: [signature: string, type: string][] = [
  ['\0\0\x01\0', 'image/x-icon'],
  ['\0\0\x02\0', 'image/x-icon'],
  ['BM', 'image/bmp'],
  ['GIF87a', 'image/gif'],
  ['GIF89a', 'image/gif'],
  ['RIFF....WEBPVP', 'image/webp'],
  ['\x89PNG\r\n\x1a\n', 'image/png'],
  ['\xff\xd8\xff', 'image/jpeg'],
]
const media: [signature: string, type: string][] = [
  ['FORM....AIFF', 'audio/aiff'],
  ['ID3', 'audio/mpeg'],
  ['OggS\0', 'application/ogg'],
  ['MThd\0\0\0\x06', 'audio/midi'],
  ['RIFF....AVI ', 'video/avi'],
  ['RIFF....WAVE', 'audio/wave'],
]
const archives: [signature: string, type: string][] = [
  ['\x1f\x8b\x08', 'application/x-gzip'],
  ['PK\x03\x04', 'application/zip'],
  ['Rar!\x1a\x07\0', 'application/x-rar-compressed'],
]

function imageType(head: Uint8Array): string | undefined {
  return typeIn(images, head)
}

function mediaType(head: Uint8Array): string | undefined {
  return typeIn(media, head) ?? (isMp4(head) ? 'video/mp4' : isWebm(head) ? 'video/webm' : undefined)
}

function archiveType(head: Uint8Array): string | undefined {
  return typeIn(archives, head)
}

function typeIn(signatures: typeof images, head: Uint8Array): string | undefined {
  return signatures.find(([signature]) => startsWith(head, signature))?.[1]
}

function startsWith(head: Uint8Array, signature: string): boolean {
  if (head.length < signature.length) return false
  for (let at = 0; at < signature.length; at++) {
    if (signature[at] !== '.' && head[at] !== signature.charCodeAt(at)) return false
  }
  return true
}

function isMp4(head: Uint8Array): boolean {
  const text = Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1')
  if (head.length < 12 || text.slice(4, 8) !== 'ftyp') return false
  const size = new DataView(head.buffer, head.byteOffset).getUint32(0)
  if (head.length < size || size % 4 !== 0) return false
  for (let at = 8; at < size; at += at === 8 ? 8 : 4) if (text.slice(at, at + 3) === 'mp4') return true
  return false
}

function isWebm(head: Uint8Array): boolean {
  if (!startsWith(head, '\x1a\x45\xdf\xa3')) return false
  const text = Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1')
  const at = text.slice(0, 40).indexOf('\x42\x82', 4)
  // A length in one or more bytes, then the name, which zeros may precede.
  return at >= 0 && /^[^w]{1,8}webm/s.test(text.slice(at + 2, at + 16))
}
