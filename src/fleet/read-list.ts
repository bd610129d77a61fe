import type { ProxyList } from '../contracts/provider.ts'
import { parseJson, readJson, readJsonLines } from './json-list.ts'
import { collect, type ListOptions, parseList } from './list.ts'
import { readTable } from './table.ts'

/**
 * The one reader of lists, whether they come from a file, a URL or standard input. What a list is says its content, never
 * its name or type: most text lists come as anything. JSON, NDJSON, a table with a head, or a proxy a line.
 */
export function readList(bytes: Uint8Array | string, options: ListOptions): ProxyList | string {
  const text = (typeof bytes === 'string' ? bytes : decodeText(bytes)).replace(/^\uFEFF/, '')
  const start = text.trimStart()
  if (start.startsWith('<')) return 'it is a web page, not a list'
  const entries = readStructured(start, options) ?? readTable(start, options.defaults ?? {})
  return typeof entries === 'string'
    ? entries
    : entries
      ? collect(entries, options)
      : parseList(text, options)
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
