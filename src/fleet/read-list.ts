import { Buffer } from 'node:buffer'
import { gunzipSync } from 'node:zlib'
import type { ProxyList } from '../contracts/provider.ts'
import { parseJson, readJson, readJsonLines } from './json-list.ts'
import { collect, type ListOptions, parseList } from './proxy-list.ts'
import { readTable } from './table.ts'

/**
 * The one reader of lists, whether they come from a file, a URL or standard input. What a list is says its content, never
 * its name or type: most text lists come as anything. JSON, NDJSON, a table with a head, or a proxy a line; gzip is undone.
 */
export function readList(bytes: Uint8Array | string, options: ListOptions): ProxyList | string {
  return readUnwrapped(bytes, options, true)
}

function readUnwrapped(
  bytes: Uint8Array | string,
  options: ListOptions,
  mayBeWrapped: boolean,
): ProxyList | string {
  const plain = typeof bytes === 'string' ? bytes : unpacked(bytes)
  if (plain === undefined) return 'its gzip is damaged, or holds more than 64 MB'
  const kind = typeof plain === 'string' ? undefined : foreignKind(plain)
  if (kind !== undefined) return `it is ${kind}, not a list`
  const text = (typeof plain === 'string' ? plain : decodeText(plain)).replace(/^\uFEFF/, '')
  const start = text.trimStart()
  if (start.startsWith('<'))
    return /^<(?:\?xml|rss|proxies)\b/i.test(start) ? 'it is XML, not a list' : webPage
  if (start.slice(0, 1_000).includes('\0')) return 'it is no text'
  const foreign = foreignText(start)
  if (foreign !== undefined) return `it is ${foreign}, not a list`
  const inner = mayBeWrapped ? outOfBase64(start) : undefined
  if (inner !== undefined) return readUnwrapped(inner, options, false)
  const entries = readStructured(start, options) ?? readTable(start, options.defaults ?? {})
  if (typeof entries === 'string') return entries
  const list = entries
    ? collect(entries, options)
    : parseList(text.replace(/(?<=\d)<br ?\/?>/gi, '\n'), options)
  const isPage = list.proxies.length === 0 && /<(?:!doctype|html|head|body)[\s>]/i.test(text.slice(0, 10_000))
  return isPage ? webPage : list
}

const webPage = 'it is a web page, not a list'

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

/** Lists for other tools, which would be read as something else, line by line. */
function foreignText(start: string): string | undefined {
  const head = start.slice(0, 100_000)
  const hasFields =
    /^[ \t]*(?:-[ \t]*)?["']?(?:server|host|ip)["']?:[ \t]/m.test(head) || /[{,] ?server:[ \t]/.test(head)
  if (/^(?:proxies|Proxy):[ \t]*(?:\[[ \t]*)?$/m.test(head) && hasFields) return 'a configuration of Clash'
  if (/^[ \t]*-[ \t]+(?:host|ip|server|address|port|type|name):[ \t]/m.test(head)) return 'YAML with fields'
  if (/\bfunction\s+FindProxyForURL\b/.test(head)) return 'a PAC script'
  if (/^\[Interface\][ \t]*$/m.test(head)) return 'a configuration of WireGuard'
  return /^client[ \t]*$/m.test(head) && /^remote[ \t]/m.test(head) ? 'a configuration of OpenVPN' : undefined
}

/** The text of a list that is given in base64, as those for V2Ray are; undefined when it is none. */
function outOfBase64(start: string): string | undefined {
  const packed = start.replace(/\s+/g, '')
  if (packed.length < 24 || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(packed)) return undefined
  const text = Buffer.from(packed, 'base64').toString('utf8')
  return /^[\t\r\n\x20-\x7e\u00a0-\uffef]+$/.test(text) && !text.includes('\ufffd') && text.includes(':')
    ? text
    : undefined
}

/** `[` also begins an IPv6 address, so what does not parse may still be lines. */
function readStructured(text: string, { defaults }: ListOptions) {
  if (!text.startsWith('{') && !text.startsWith('[')) return undefined
  const json = parseJson(text)
  if (json !== undefined) return readJson(json, defaults) ?? 'its JSON holds no array of proxies'
  // An array in code ends like one, and is read line by line; one that does not end was cut off.
  if (/^\[\s*["{[]/.test(text) && !/\][\s,;)]*$/.test(text)) return 'its JSON is cut off or damaged'
  return text.startsWith('{')
    ? (readJsonLines(text, defaults) ?? 'its JSON is cut off or damaged')
    : undefined
}

/** UTF-8, or UTF-16 where a mark or the zeros of plain text say so: PowerShell's `>` writes that. */
export function decodeText(bytes: Uint8Array): string {
  const [first = -1, second = -1] = bytes
  const isLittle = (first === 0xff && second === 0xfe) || (first > 0 && second === 0)
  const isBig = (first === 0xfe && second === 0xff) || (first === 0 && second > 0)
  return new TextDecoder(isLittle ? 'utf-16le' : isBig ? 'utf-16be' : 'utf-8').decode(bytes)
}
