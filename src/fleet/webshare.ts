import { z } from 'zod'
import type { ProxyTags } from '../contracts/endpoint.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { ProxyList, ProxyProvider } from '../contracts/provider.ts'
import { asnOf } from '../contracts/proxy-filter.ts'
import { type DownloadOptions, download, refused, unreadable } from './download.ts'
import { parseJson } from './json-list.ts'
import { assembleProxy } from './parse-proxy.ts'
import { collect, type Entry } from './proxy-list.ts'
import { cityOf, isCountry } from './tags.ts'

/**
 * Proxies of a Webshare account, by version 2 of its API (https://apidocs.webshare.io, "List proxies"): 100 a page,
 * page numbers counted by ourselves. The answer's own `next` is a full URL; following it would send the key wherever
 * the answer says, so it is never read.
 */
export interface WebshareOptions extends DownloadOptions {
  /** The account's key; from WEBSHARE_API_KEY as a rule. */
  readonly apiKey: string | undefined
  /** `direct` connects to each proxy's own address, `backbone` to Webshare's gateway. Default `direct`. */
  readonly mode?: 'direct' | 'backbone'
  /** Both are spoken on the same port. Default `socks5h`: names are resolved by the proxy. */
  readonly protocol?: 'http' | 'socks5h'
  readonly tags?: ProxyTags
  /** Private and loopback addresses are allowed. Default false. */
  readonly trusted?: boolean
  /** Default https://proxy.webshare.io. */
  readonly baseUrl?: string
}

const pageSize = 100
const maxPages = 2_000
const gateway = 'p.webshare.io'

const pageSchema = z.object({ count: z.number(), results: z.array(z.unknown()) })
const proxySchema = z.object({
  username: z.string(),
  password: z.string(),
  proxy_address: z.string().nullish(),
  port: z.number(),
  valid: z.boolean().default(true),
  country_code: z.string().nullish(),
  city_name: z.string().nullish(),
  asn_number: z.number().nullish(),
})

/** Throws MISSING_API_KEY at once when there is no key. Its `load` throws PROXY_LIST_UNREADABLE. */
export function webshareProvider(options: WebshareOptions): ProxyProvider {
  const key = options.apiKey?.trim()
  if (!key) {
    throw new RegattaError(
      'MISSING_API_KEY',
      'Webshare needs an API key. Set WEBSHARE_API_KEY to the key from the dashboard of your Webshare account.',
      { value: { variable: 'WEBSHARE_API_KEY' } },
    )
  }
  const { mode = 'direct', baseUrl = 'https://proxy.webshare.io', trusted = false } = options
  const headers = { ...options.headers, authorization: `Token ${key}`, accept: 'application/json' }

  async function loadPage(page: number, signal: AbortSignal) {
    const url = new URL('/api/v2/proxy/list/', baseUrl)
    url.search = `${new URLSearchParams({ mode, page: `${page}`, page_size: `${pageSize}` })}`
    const answer = await download(url, { ...options, headers }, signal)
    if (answer.status !== 200) throw refused(url, answer, 'WEBSHARE_API_KEY')
    const parsed = pageSchema.safeParse(parseJson(answer.text))
    if (!parsed.success) throw unreadable(url, 'the answer is not a page of the Webshare API, version 2')
    return parsed.data
  }

  return {
    name: 'webshare',
    trusted,
    async load(signal): Promise<ProxyList> {
      const results: unknown[] = []
      let before = ''
      for (let page = 1; page <= maxPages; page++) {
        const { count, results: more } = await loadPage(page, signal)
        const now = JSON.stringify(more)
        if (now === before) break // it counts more than it has
        before = now
        results.push(...more)
        if (more.length === 0 || results.length >= count) break
      }
      return collect(
        results.map((result, index) => readResult(result, index, options)),
        { trusted },
      )
    },
  }
}

function readResult(value: unknown, index: number, options: WebshareOptions): Entry {
  const place = `proxy ${index + 1}`
  const { data } = proxySchema.safeParse(value)
  if (!data) return { place, proxy: 'it lacks a field that the API promises' }
  if (!data.valid) return { place, proxy: 'Webshare marks it as not working' }
  const country = data.country_code ?? ''
  const city = cityOf(data.city_name ?? '')
  const asn = asnOf(data.asn_number ?? '')
  const tags = {
    ...options.tags,
    ...(isCountry(country) && { country: country.toUpperCase() }),
    ...(city !== undefined && { city }),
    ...(asn !== undefined && { asn }),
  }
  const host = data.proxy_address ?? (options.mode === 'backbone' ? gateway : '')
  const { username, password } = data
  const proxy = assembleProxy(
    options.protocol ?? 'socks5h',
    host,
    String(data.port),
    { username, password },
    tags,
  )
  return { place, proxy }
}
