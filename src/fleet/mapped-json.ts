import { createHash } from 'node:crypto'
import { RegattaError } from '../contracts/errors.ts'
import type { ProxyList, ProxyProvider } from '../contracts/provider.ts'
import type { ProxyMap, ProxyPages } from '../contracts/proxy-source.ts'
import { type DownloadOptions, download, refused, unreadable } from './download.ts'
import { parseJson, readJson } from './json-list.ts'
import { readObject } from './object.ts'
import type { ParseDefaults } from './parse-proxy.ts'
import { collect, type Entry } from './proxy-list.ts'
import { listUrl, withCredentials } from './url.ts'

/**
 * Proxies from an API that answers in JSON, page by page, by a mapping of its fields where their names are not the usual
 * ones. Pages are counted, or named by the answer; an answer is never followed to another origin, because the key goes
 * along. One page that cannot be had is no list: half of the proxies would pass for all of them.
 */
export interface JsonApiOptions extends DownloadOptions {
  /** Where the entries stand in the answer, such as `data.nodes`. Default: they are looked for. */
  readonly items?: string | undefined
  /** Which field of an entry says what. Default: the usual names are looked for. */
  readonly map?: ProxyMap | undefined
  /** Default: there is one page. */
  readonly pages?: ProxyPages | undefined
  readonly defaults?: ParseDefaults
  /** The API is our own: private and loopback addresses are allowed. Default false. */
  readonly trusted?: boolean
  /** Where the key stands, for messages. Default: the address or the headers. */
  readonly keyIn?: string
}

const mostPages = 2_000

/** Throws OPTION_INVALID when `address` is not an http(s) URL. Its `load` throws PROXY_LIST_UNREADABLE. */
export function jsonProvider(address: string | URL, options: JsonApiOptions = {}): ProxyProvider {
  const url = listUrl(address)
  const headers = withCredentials(url, { accept: 'application/json', ...options.headers })
  const { trusted = false, pages, keyIn = 'the key in its address or headers' } = options

  async function loadPage(at: URL, signal: AbortSignal): Promise<unknown> {
    const answer = await download(at, { ...options, headers }, signal)
    if (answer.status !== 200) throw refused(url, answer, keyIn)
    const text = answer.text.trim()
    const json = parseJson(text)
    if (json === undefined) throw unreadable(url, whyNoJson(text))
    return json
  }

  return {
    name: url.origin,
    trusted,
    async load(signal): Promise<ProxyList> {
      const entries: Entry[] = []
      const seen = new Set<string>()
      let at: URL | undefined = pages ? pageAt(url, pages, 0, 0) : url
      for (let page = 1; at !== undefined; page++) {
        if (page > mostPages) throw unreadable(url, `it has more than ${mostPages} pages`)
        const json = await loadPage(at, signal)
        const found = entriesOf(json, options, entries.length)
        if (typeof found === 'string') throw unreadable(url, found)
        // A server that knows no pages answers each time with the same one.
        const digest = createHash('sha256').update(JSON.stringify(json)).digest('base64')
        if (seen.has(digest)) break
        seen.add(digest)
        entries.push(...found)
        at = pages && nextPage(url, at, pages, { json, page, found: found.length, total: entries.length })
      }
      return collect(entries, { trusted })
    },
  }
}

function whyNoJson(text: string): string {
  if (text === '') return 'it answers with nothing'
  if (text.startsWith('<')) return 'it answers with a web page, not with JSON'
  return /^[{[]/.test(text) ? 'its JSON is cut off or damaged' : 'it is not JSON'
}

interface Turn {
  readonly json: unknown
  /** Pages so far, and their entries: of the last, and of all. */
  readonly page: number
  readonly found: number
  readonly total: number
}

function nextPage(start: URL, at: URL, pages: ProxyPages, turn: Turn): URL | undefined {
  const { next, size, parameter = 'page' } = pages
  if (turn.found === 0) return undefined
  if (next === undefined) {
    return size !== undefined && turn.found < size ? undefined : pageAt(start, pages, turn.page, turn.total)
  }
  const value = valueAt(turn.json, next)
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  if (value === '') return undefined
  if (typeof value === 'number' || !/^(?:https?:\/\/|[/?])/i.test(value)) {
    const url = new URL(at)
    url.searchParams.set(parameter, String(value))
    return url
  }
  const url = URL.parse(value, at)
  if (url?.origin === start.origin) return url
  throw unreadable(start, 'its next page lies at another origin, which is not asked')
}

function pageAt(start: URL, pages: ProxyPages, page: number, total: number): URL {
  const { parameter = 'page', by = 'page', size, sizeParameter = 'page_size', next } = pages
  const { first = by === 'page' ? 1 : 0 } = pages
  const url = new URL(start)
  if (next === undefined || pages.first !== undefined) {
    url.searchParams.set(parameter, String(first + (by === 'page' ? page : total)))
  }
  if (size !== undefined) url.searchParams.set(sizeParameter, String(size))
  return url
}

/** The entries of a page, or why there are none to be read. */
function entriesOf(json: unknown, { items, map, defaults = {} }: JsonApiOptions, before: number) {
  const place = (index: number) => `entry ${before + index + 1}`
  if (items === undefined && map === undefined) {
    const found = readJson(json, defaults)
    if (found === undefined) return 'its JSON holds no array of proxies'
    return found.map(({ proxy }, index) => ({ place: place(index), proxy }))
  }
  const list = items === undefined ? firstArray(json, 0) : valueAt(json, items)
  if (!Array.isArray(list)) return `its JSON has no array${items === undefined ? '' : ` at "${items}"`}`
  if (map === undefined) {
    const found = readJson(list, defaults) ?? []
    return found.map(({ proxy }, index) => ({ place: place(index), proxy }))
  }
  return list.map((item, index) => ({ place: place(index), proxy: readMapped(item, map, defaults) }))
}

function readMapped(item: unknown, map: ProxyMap, defaults: ParseDefaults): Entry['proxy'] {
  const fields = Object.entries(map).map(([name, path]) => [name, path && valueAt(item, path)] as const)
  const mapped = Object.fromEntries(fields)
  if (mapped.host === undefined && mapped.proxy === undefined)
    return `nothing stands at "${map.host ?? map.proxy ?? 'host'}"`
  return readObject(mapped, defaults)
}

function firstArray(json: unknown, depth: number): readonly unknown[] | undefined {
  if (Array.isArray(json)) return json
  if (typeof json !== 'object' || json === null || depth > 3) return undefined
  for (const value of Object.values(json)) {
    const found = firstArray(value, depth + 1)
    if (found) return found
  }
  return undefined
}

/** What stands at a path such as `data.nodes.0.ip`; `$` or an empty path is the whole. */
export function valueAt(json: unknown, path: string): unknown {
  const steps = path
    .replace(/^\$\.?/, '')
    .replace(/\[(\d+)\]/g, '.$1')
    .split('.')
    .filter(Boolean)
  return steps.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, step)
        ? (value as Record<string, unknown>)[step]
        : undefined,
    json,
  )
}

/** For a mapping that a user has typed. Throws OPTION_INVALID for one that names no host. */
export function assertMap(map: ProxyMap, path: string): void {
  if (map.proxy !== undefined || map.host !== undefined) return
  throw new RegattaError(
    'OPTION_INVALID',
    `Option "${path}": say where the host stands (host=…, port=…), or the whole address (proxy=…).`,
    { value: { path } },
  )
}
