import { Buffer } from 'node:buffer'
import { gunzipSync } from 'node:zlib'
import type { ProxyList } from '../contracts/provider.ts'
import { parseJson, readJson, readJsonLines } from './json-list.ts'
import { collect, type ListOptions, parseList } from './list.ts'
import { readTable } from './table.ts'

/**
 * The one reader of lists, whether they come from a file, a URL or standard input. What a list is says its content, never
 * its name or type: most text lists come as anything. JSON, NDJSON, a table with a head, or a proxy a line; gzip is undone.
 */
export function readList(bytes: Uint8Array | string, options: ListOptions): ProxyList | string {
  const plain = typeof bytes === 'string' ? bytes : unpacked(bytes)
  if (plain === undefined) return 'its gzip is damaged, or holds more than 64 MB'
  const kind = typeof plain === 'string' ? undefined : foreignKind(plain)
  if (kind !== undefined) return `it is ${kind}, not a list`
  const text = (typeof plain === 'string' ? plain : decodeText(plain)).replace(/^\uFEFF/, '')
  const start = text.trimStart()
  if (start.startsWith('<')) return 'it is a web page, not a list'
  if (start.slice(0, 1_000).includes('\0')) return 'it is no text'
  const entries = readStructured(start, options) ?? readTable(start, options.defaults ?? {})
  if (typeof entries === 'string') return entries
  const list = entries ? collect(entries, options) : parseList(text, options)
  const isPage = list.proxies.length === 0 && /<(?:!doctype|html|head|body)[\s>]/i.test(text.slice(0, 10_000))
  return isPage ? 'it is a web page, not a list' : list
}

const mostUnpacked = 64_000_000

/** The bytes without their gzip; undefined when it cannot be undone. */
function unpacked(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes
  try {
    return gunzipSync(bytes, { maxOutputLength: mostUnpacked })
  } catch {
    return undefined
  }
}

/** What people give by mistake, by its first bytes. */
function foreignKind(bytes: Uint8Array): string | undefined {
  const start = Buffer.from(bytes.subarray(0, 8)).toString('latin1')
  if (start.startsWith('PK\x03\x04')) return 'a ZIP archive or a spreadsheet'
  if (start.startsWith('%PDF-')) return 'a PDF document'
  if (/^(?:\x89PNG|\xff\xd8\xff|GIF8)/.test(start)) return 'a picture'
  if (/^(?:7z\xbc|Rar!|BZh|\xfd7zXZ|\x28\xb5\x2f\xfd)/.test(start)) return 'a packed file'
  return start.startsWith('SQLite f') ? 'a database' : undefined
}

/** `[` also begins an IPv6 address, so what does not parse may still be lines. */
function readStructured(text: string, { defaults }: ListOptions) {
  if (!text.startsWith('{') && !text.startsWith('[')) return undefined
  const json = parseJson(text)
  if (json !== undefined) return readJson(json, defaults) ?? 'its JSON holds no array of proxies'
  return text.startsWith('{') ? (readJsonLines(text, defaults) ?? 'its JSON is damaged') : undefined
}

/** UTF-8, or UTF-16 where a mark or the zeros of plain text say so: PowerShell's `>` writes that. */
export function decodeText(bytes: Uint8Array): string {
  const [first = -1, second = -1] = bytes
  const isLittle = (first === 0xff && second === 0xfe) || (first > 0 && second === 0)
  const isBig = (first === 0xfe && second === 0xff) || (first === 0 && second > 0)
  return new TextDecoder(isLittle ? 'utf-16le' : isBig ? 'utf-16be' : 'utf-8').decode(bytes)
}
