import { MIMEType } from 'node:util'

/**
 * What a Content-Type header says, by the MIME Sniffing standard ("parse a MIME type") and, where there are several headers,
 * by the Fetch standard ("extract a MIME type"): the last one that can be read counts. The runtime's own parser reads it.
 */
export type HeaderValue = string | readonly string[] | null | undefined

/** Undefined where the header is missing, or no MIME type: a document is sniffed then (sniff-mime.ts). */
export function mimeTypeOf(contentType: HeaderValue): MIMEType | undefined {
  const text = typeof contentType === 'object' ? contentType?.join(', ') : contentType
  if (text === undefined || text === '') return undefined
  if (known.has(text)) return known.get(text)
  const type = extracted(text)
  if (text.length > longestKnown) return type
  if (known.size >= mostKnown) known.clear()
  known.set(text, type)
  return type
}

/** The `charset` parameter. It is a label, which need not be one of an encoding that exists. */
export function charsetOf(contentType: HeaderValue): string | undefined {
  return mimeTypeOf(contentType)?.params.get('charset') ?? undefined
}

/** The groups of the standard, by the part of a type before its parameters: `text/html`. */
export function isXmlType(essence: string): boolean {
  return essence.endsWith('+xml') || essence === 'text/xml' || essence === 'application/xml'
}

export function isJsonType(essence: string): boolean {
  return essence.endsWith('+json') || essence === 'application/json' || essence === 'text/json'
}

/** HTML in either syntax. The standard calls XHTML a kind of XML, which it is; it has links like HTML. */
export function isHtmlType(essence: string): boolean {
  return essence === 'text/html' || essence === xhtml || essence === 'application/vnd.wap.xhtml+xml'
}

export const xhtml = 'application/xhtml+xml'

/** Sites send the same few values over and over. */
const known = new Map<string, MIMEType | undefined>()
const mostKnown = 200
const longestKnown = 200
/** Of more values than this in one header the last are read. */
const mostValues = 100
/** What stands behind in one value is not read: the runtime's parser takes the square of its blanks. */
const longestValue = 500

function extracted(text: string): MIMEType | undefined {
  let found: MIMEType | undefined
  for (const value of valuesOf(text).slice(-mostValues)) {
    const type = parsed(value.slice(0, longestValue))
    if (type === undefined || type.essence === '*/*') continue
    // Of two headers with the same type, the charset of the first is the second's, too.
    const inherited = found?.essence === type.essence ? found.params.get('charset') : null
    if (inherited && !type.params.has('charset')) type.params.set('charset', inherited)
    found = type
  }
  return found
}

/** "Get, decode, and split": commas in quoted strings divide nothing. */
function valuesOf(text: string): string[] {
  if (!text.includes(',')) return [text]
  const values: string[] = []
  let start = 0
  let isQuoted = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '"') isQuoted = !isQuoted
    else if (character === '\\' && isQuoted) at++
    else if (character === ',' && !isQuoted) {
      values.push(text.slice(start, at))
      start = at + 1
    }
  }
  return [...values, text.slice(start)]
}

function parsed(value: string): MIMEType | undefined {
  try {
    return new MIMEType(value)
  } catch {
    return undefined
  }
}
