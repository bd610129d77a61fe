import { Buffer } from 'node:buffer'
import { RegattaError } from '../contracts/errors.ts'
import type { ProxyList, ProxyProvider } from '../contracts/provider.ts'
import { type Download, type DownloadOptions, download, unreadable } from './download.ts'
import { readJson } from './json.ts'
import { collect, parseList } from './list.ts'
import { type ParseDefaults, percentDecode } from './parse-proxy.ts'

/**
 * Proxies from a list on the web: text, one a line, or JSON (see json.ts). It is somebody else's list, so entries that
 * point inside are rejected unless `trusted` says that the server is one's own.
 */
export interface UrlOptions extends DownloadOptions {
  readonly defaults?: ParseDefaults
  /** The list is our own: private and loopback addresses are allowed. Default false. */
  readonly trusted?: boolean
}

/** Throws OPTION_INVALID when `address` is not an http(s) URL. User and password in it are sent as Basic credentials. */
export function urlProvider(address: string | URL, options: UrlOptions): ProxyProvider {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new RegattaError(
      'OPTION_INVALID',
      'Option "proxies": the URL of a list must begin with http:// or https://.',
      { value: { path: 'proxies' } },
    )
  }
  const { trusted = false } = options
  const headers = {
    accept: 'text/plain, application/json, */*',
    ...basicCredentials(url),
    ...options.headers,
  }
  url.username = ''
  url.password = ''
  const name = url.origin
  return {
    name,
    trusted,
    async load(signal) {
      const answer = await download(url, { ...options, headers }, signal)
      if (answer.status !== 200) throw unreadable(url, `it answers with status ${answer.status}`)
      return readAnswer(answer, url, { ...options, trusted })
    },
  }
}

interface ReadOptions {
  readonly trusted: boolean
  readonly defaults?: ParseDefaults
}

/** Decides by content, not by type: most text lists come as anything. `[` also begins an IPv6 address. */
function readAnswer(answer: Download, url: URL, options: ReadOptions): ProxyList {
  const text = answer.text.replace(/^\uFEFF/, '').trimStart()
  if (text.startsWith('{') || text.startsWith('[')) {
    const json = parseJson(text)
    if (json !== undefined) {
      const entries = readJson(json, options.defaults)
      if (!entries) throw unreadable(url, 'its JSON holds no array of proxies')
      return collect(entries, options)
    }
  }
  if (/\bjson\b/i.test(answer.contentType)) throw unreadable(url, 'it says it is JSON and is not')
  return parseList(answer.text, options)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function basicCredentials(url: URL): Record<string, string> {
  if (url.username === '' && url.password === '') return {}
  const pair = `${percentDecode(url.username)}:${percentDecode(url.password)}`
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
}
