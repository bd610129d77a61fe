import { Buffer, isAscii, isUtf8 } from 'node:buffer'
import { MIMEType } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { charsetOf, isJsonType, mimeTypeOf } from '../base/mime-type.ts'
import type { HarPair, HarRequest, HarResponse } from './har-shape.ts'

/**
 * Bodies of a HAR file as bytes. The format has decoded bodies, as Unicode text or as base64. Text has lost the encoding that
 * it was sent in, so it becomes UTF-8, and the Content-Type says so from then on: else a page that declares windows-1251
 * of itself would be read in that.
 */

/** `bytes` undefined: there was a body, and the file does not hold it. */
export interface FoundBody {
  readonly bytes: Uint8Array | undefined
  /** What the Content-Type header is now; undefined: as it was. */
  readonly contentType?: string | undefined
}

interface Answer {
  readonly method: string
  readonly status: number
  readonly headers: Record<string, string | string[]>
}

/** Throws what `fail` makes of a text that is no base64. */
export function responseBodyOf(
  { content, bodySize }: HarResponse,
  { method, status, headers }: Answer,
  fail: (what: string) => Error,
): FoundBody {
  const text = content?.text
  if (typeof text !== 'string') {
    const length = Number(headers['content-length'] ?? 0)
    const wasSent = [content?.size, bodySize, length].some((size) => typeof size === 'number' && size > 0)
    const hasNone = method === 'HEAD' || status === 204 || (status >= 300 && status < 400)
    return { bytes: wasSent && !hasNone ? undefined : none }
  }
  const declared = headers['content-type']
  const type = mimeTypeOf(declared) ?? mimeTypeOf(content?.mimeType)
  if (!isBase64(content?.encoding)) {
    const bytes = Buffer.from(text, 'utf8')
    return content?._exact ? { bytes } : labelled(bytes, declared, type)
  }
  const bytes = fromBase64(text, fail)
  const unpacked = stillPacked(bytes, headers['content-encoding'], type?.essence)
  return { bytes: unpacked ?? bytes, contentType: saidOnlyBy(type, declared) }
}

/** A body in a file of its own: what is text there has been decoded too, and was written as UTF-8. */
export function fileBodyOf(
  bytes: Uint8Array | undefined,
  { content }: HarResponse,
  headers: Answer['headers'],
): FoundBody {
  if (bytes === undefined) return { bytes }
  const declared = headers['content-type']
  const type = mimeTypeOf(declared) ?? mimeTypeOf(content?.mimeType)
  const isText = type === undefined || textual.test(type.essence)
  return isText && isUtf8(bytes)
    ? labelled(bytes, declared, type)
    : { bytes, contentType: saidOnlyBy(type, declared) }
}

type Declared = string | string[] | undefined

/** UTF-8 under a header that says so. */
function labelled(bytes: Uint8Array, declared: Declared, type: MIMEType | undefined): FoundBody {
  if (saysAlready(bytes, declared, type?.essence)) return { bytes, contentType: saidOnlyBy(type, declared) }
  const label = new MIMEType(type ? String(type) : 'text/html')
  label.params.set('charset', 'utf-8')
  return { bytes, contentType: String(label) }
}

/** A file without headers still says what the page is. */
function saidOnlyBy(type: MIMEType | undefined, declared: Declared): string | undefined {
  return declared === undefined && type ? String(type) : undefined
}

/** What was sent; `isUnknown`: something was, and the file does not say what. */
export function requestBodyOf(
  { method, postData, bodySize }: HarRequest,
  fail: (what: string) => Error,
): { readonly bytes: Uint8Array | undefined; readonly isUnknown: boolean } {
  const { text, params, encoding, mimeType } = postData ?? {}
  if (typeof text === 'string' && text !== '') {
    return {
      bytes: isBase64(encoding) ? fromBase64(text, fail) : Buffer.from(text, 'utf8'),
      isUnknown: false,
    }
  }
  const isMultipart = mimeType?.toLowerCase().startsWith('multipart/') === true
  if (params && params.length > 0 && !isMultipart)
    return { bytes: Buffer.from(formOf(params)), isUnknown: false }
  // Some browsers leave out what was sent, and give a size of -1 or none.
  const isMissing = bodySize === undefined || bodySize !== 0 || (params?.length ?? 0) > 0
  return { bytes: undefined, isUnknown: isMissing && /^(post|put|patch)$/i.test(method) }
}

const none = new Uint8Array()
const textual = /^text\/|json|xml|javascript/
/** What a packed page may become at most. */
const mostUnpacked = 64 * 1024 * 1024

/** Some tools write the fields as they are sent, others as they are meant. */
function formOf(params: readonly HarPair[]): string {
  const isEncoded = params.every(({ name, value }) => /^[\w.~!*'()%+-]*$/.test(name + value))
  if (isEncoded) return params.map(({ name, value }) => `${name}=${value}`).join('&')
  return new URLSearchParams(params.map(({ name, value }) => [name, value])).toString()
}

function isBase64(encoding: string | null | undefined): boolean {
  return encoding?.trim().toLowerCase() === 'base64'
}

function fromBase64(text: string, fail: (what: string) => Error): Uint8Array {
  const chunks = text.startsWith('["') ? chunksOf(text) : [text]
  if (chunks.some((chunk) => /[^\w+/=\s-]/.test(chunk))) throw fail('expected base64, as its "encoding" says')
  return Buffer.concat(chunks.map((chunk) => Buffer.from(chunk, 'base64')))
}

/** Polly.js writes each piece of a packed body by itself, and their list as JSON. */
function chunksOf(text: string): readonly string[] {
  try {
    const chunks: unknown = JSON.parse(text)
    return Array.isArray(chunks) && chunks.every((each) => typeof each === 'string') ? chunks : [text]
  } catch {
    return [text]
  }
}

/** Some tools keep what came over the wire. A page is no gzip file: where one begins like it, it is packed. */
function stillPacked(
  bytes: Uint8Array,
  coding: string | string[] | undefined,
  essence: string | undefined,
): Uint8Array | undefined {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b
  const isPage = essence !== undefined && textual.test(essence)
  if (!isGzip || !isPage || !/gzip/i.test(String(coding ?? ''))) return undefined
  try {
    return gunzipSync(bytes, { maxOutputLength: mostUnpacked })
  } catch {
    return undefined
  }
}

/** Whether a reader who goes by its header reads these bytes as the text they were made of. */
function saysAlready(bytes: Uint8Array, declared: Declared, essence: string | undefined): boolean {
  const charset = charsetOf(declared)?.toLowerCase()
  if (charset === 'utf-8' || charset === 'utf8') return true
  // These bytes mean the same in every encoding but the few that are no superset of ASCII.
  if (isAscii(bytes)) return !/^(utf-?16|utf-?32|iso-2022|hz-)/.test(charset ?? '')
  return charset === undefined && essence !== undefined && isJsonType(essence)
}
