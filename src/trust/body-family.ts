import { Buffer } from 'node:buffer'
import { type HeaderValue, isHtmlType, isJsonType, isXmlType, mimeTypeOf } from '../base/mime-type.ts'
import { isLetter } from './element-names.ts'

/**
 * What a body is, for comparison: told by its bytes, as a header is easily forged and servers do not agree on it. The header
 * only says what bytes leave open: a number alone, text before the first tag.
 */
export type BodyFamily = 'html' | 'json' | 'xml' | 'text' | 'binary' | 'none'

const headLength = 1_024

export function familyOf(body: Uint8Array, contentType: HeaderValue): BodyFamily {
  if (body.length === 0) return 'none'
  if (isPlainHtml(body)) return 'html'
  const isWide = isUtf16(body)
  if (!isWide && isBinary(body)) return 'binary'
  const head = Buffer.from(body.buffer, body.byteOffset, Math.min(body.length, headLength))
  const text = (isWide ? narrowed(head) : head.toString('latin1')).replace(
    /^(?:\xef\xbb\xbf)?\s+|^\xef\xbb\xbf/,
    '',
  )
  const declared = mimeTypeOf(contentType)?.essence ?? ''
  if (text.startsWith('<')) return markupFamily(withoutComments(text), declared)
  if (isJsonType(declared) || isLineJson(declared)) return 'json'
  if (/^(?:[{[]\s*(?:["{}[\]]|-?\d|true|false|null|$)|[\w$.]{1,80}\(\s*[{[]|\)\]\}',?\s)/.test(text))
    return 'json'
  if (isHtmlType(declared) && /<[a-z]/i.test(text)) return 'html'
  return 'text'
}

/** A mark, or the zeros that ASCII has in it. */
export function isUtf16(body: Uint8Array): boolean {
  const [first, second, third, fourth] = body
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return true
  if (body.length < 4) return false
  return (
    (second === 0 && fourth === 0 && first! > 8 && third! > 8) ||
    (first === 0 && third === 0 && second! > 8 && fourth! > 8)
  )
}

/** ASCII of UTF-16, in either order. */
function narrowed(head: Uint8Array): string {
  let text = ''
  for (const byte of head) if (byte !== 0 && byte < 0x80) text += String.fromCharCode(byte)
  return text
}

function markupFamily(text: string, declared: string): BodyFamily {
  if (/^<(?:!doctype\s+html|html)\b/i.test(text)) return 'html'
  if (text.startsWith('<?xml')) return /<html[\s>]/i.test(text) ? 'html' : 'xml'
  if (/^<(?:rss|feed|urlset|sitemapindex|rdf:rdf|svg|opml)[\s>]/i.test(text)) return 'xml'
  if (isXmlType(declared) && !isHtmlType(declared)) return 'xml'
  return /^<[!a-z]/i.test(text) ? 'html' : 'text'
}

function withoutComments(text: string): string {
  let rest = text
  while (rest.startsWith('<!--')) {
    const end = rest.indexOf('-->', 2)
    if (end < 0) return rest
    rest = rest.slice(end + 3).trimStart()
  }
  return rest
}

/** One document a line. */
function isLineJson(declared: string): boolean {
  return /^application\/(?:x-)?(?:ndjson|jsonl|jsonlines|json-seq)$/.test(declared)
}

/** Most answers are, and begin like it. */
const plainStarts = ['<!doctype html', '<html']

function isPlainHtml(body: Uint8Array): boolean {
  return plainStarts.some((start) => {
    for (let at = 0; at < start.length; at++) {
      const byte = body[at]!
      if ((isLetter(byte) ? byte | 0x20 : byte) !== start.charCodeAt(at)) return false
    }
    return !isLetter(body[start.length] ?? 0)
  })
}

/** Controls that no text holds, or the mark of a PDF, which may have none in its head. */
function isBinary(body: Uint8Array): boolean {
  const length = Math.min(body.length, headLength)
  for (let at = 0; at < length; at++) {
    const byte = body[at]!
    if (byte < 0x20 && (byte < 0x09 || byte === 0x0b || (byte > 0x0d && byte !== 0x1b && byte !== 0x1e)))
      return true
  }
  return body[0] === 0x25 && body[1] === 0x50 && body[2] === 0x44 && body[3] === 0x46 && body[4] === 0x2d
}
