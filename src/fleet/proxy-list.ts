import { isIP } from 'node:net'
import type { ParsedProxy } from '../contracts/endpoint.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { ProxyList } from '../contracts/provider.ts'
import { whyNotListed } from './host-name.ts'
import { distinctProxies } from './label.ts'
import { readLine, saysSomething } from './line.ts'
import { type ParseDefaults, readProxy, stripComment, wayOut } from './parse-proxy.ts'

/**
 * Many proxies. In a file or a download one bad line must not cost the others: it is rejected and named by its number.
 * In a variable or an array, written by hand and short, a bad entry is a mistake in the set-up, and stops the start.
 */
export interface ListOptions {
  /** Whether the user wrote it. If not, inside addresses and `direct` are rejected. */
  readonly trusted: boolean
  readonly defaults?: ParseDefaults
}

/**
 * Reads a text, one proxy a line (see line.ts); blank lines, comments, CRLF and a byte order mark are fine. Never throws.
 */
export function parseList(text: string, options: ListOptions): ProxyList {
  const entries: Entry[] = []
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)
  for (const [index, line] of lines.entries()) {
    if (!saysSomething(line)) continue
    for (const proxy of readLine(line, options.defaults ?? {}))
      entries.push({ place: `line ${index + 1}`, proxy })
  }
  return collect(entries, options)
}

/** One entry that was read, with where it stood: `line 7`, `entry 3`. */
export interface Entry {
  readonly place: string
  readonly proxy: ParsedProxy | string
}

/** Makes a list of what was read: rejects what may not be used, drops what comes twice. */
export function collect(entries: Iterable<Entry>, options: Pick<ListOptions, 'trusted'>): ProxyList {
  const rejected: string[] = []
  const usable: ParsedProxy[] = []
  for (const { place, proxy } of entries) {
    const reason = typeof proxy === 'string' ? proxy : options.trusted ? undefined : strangersReason(proxy)
    if (reason) rejected.push(`${place}: ${reason}`)
    else usable.push(options.trusted ? (proxy as ParsedProxy) : fromStranger(proxy as ParsedProxy))
  }
  return { ...distinctProxies(usable), rejected }
}

/**
 * Reads entries that the user wrote and that must all be right; `name` is what holds them. Throws PROXY_LINE_INVALID
 * naming the position of the first that is not.
 */
export function parseStrictList(
  entries: readonly string[],
  options: { readonly name: string; readonly defaults?: ParseDefaults },
): ProxyList {
  const usable: ParsedProxy[] = []
  for (const [index, text] of entries.entries()) {
    if (stripComment(text) === '') continue
    const proxy = readProxy(text, options.defaults)
    if (typeof proxy === 'string') {
      const place = entries.length === 1 ? options.name : `Entry ${index + 1} of ${options.name}`
      throw new RegattaError('PROXY_LINE_INVALID', `${place} cannot be used: ${proxy}. ${wayOut}`, {
        value: { name: options.name, position: index + 1, reason: proxy },
      })
    }
    usable.push(proxy)
  }
  return { ...distinctProxies(usable), rejected: [] }
}

/** Entries of a variable: separated by commas or line ends, so a comma in a password must be percent-encoded. */
export function splitPool(text: string): string[] {
  return text.split(/[,\r\n]/)
}

/** A name is judged by where it leads when it is dialled; an address has been judged here. */
function fromStranger(proxy: ParsedProxy): ParsedProxy {
  const { endpoint } = proxy
  return isIP(endpoint.host) === 0 ? { ...proxy, endpoint: { ...endpoint, publicOnly: true } } : proxy
}

function strangersReason({ endpoint }: ParsedProxy): string | undefined {
  return endpoint.protocol === 'direct' ? 'only the user may ask for direct' : whyNotListed(endpoint.host)
}
