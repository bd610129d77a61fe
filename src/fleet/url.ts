import { Buffer } from 'node:buffer'
import { isJsonType, mimeTypeOf } from '../base/mime-type.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { ProxyProvider } from '../contracts/provider.ts'
import { type DownloadOptions, download, refused, unreadable } from './download.ts'
import { parseJson } from './json-list.ts'
import { type ParseDefaults, percentDecode } from './parse-proxy.ts'
import { readList } from './read-list.ts'

/**
 * Proxies from a list on the web, in any form that read-list.ts knows. It is somebody else's list, so entries that
 * point inside are rejected unless `trusted` says that the server is one's own.
 */
export interface UrlOptions extends DownloadOptions {
  readonly defaults?: ParseDefaults
  /** The list is our own: private and loopback addresses are allowed. Default false. */
  readonly trusted?: boolean
}

/** Throws OPTION_INVALID when `address` is not an http(s) URL. User and password in it are sent as Basic credentials. */
export function urlProvider(address: string | URL, options: UrlOptions = {}): ProxyProvider {
  const url = listUrl(address)
  const { trusted = false } = options
  const headers = withCredentials(url, { accept: 'text/plain, application/json, */*', ...options.headers })
  return {
    name: url.origin,
    trusted,
    async load(signal) {
      const answer = await download(url, { ...options, headers }, signal)
      if (answer.status !== 200) throw refused(url, answer, 'the key in its address or headers')
      const list = readList(answer.bytes, { ...options, trusted })
      if (typeof list === 'string') throw unreadable(url, list)
      const saysJson = isJsonType(mimeTypeOf(answer.contentType)?.essence ?? '') && list.proxies.length === 0
      if (saysJson && parseJson(answer.text) === undefined)
        throw unreadable(url, 'it says it is JSON and is not')
      return list
    },
  }
}

/** The address of a list, to be changed at will. Throws OPTION_INVALID. */
export function listUrl(address: string | URL): URL {
  const url = URL.parse(address)
  if (url && /^https?:$/.test(url.protocol)) return url
  throw new RegattaError(
    'OPTION_INVALID',
    'Option "proxies": the URL of a list must begin with http:// or https://.',
    { value: { path: 'proxies' } },
  )
}

/** The headers, with the user and the password that stand in the URL as Basic credentials; there they are taken out. */
export function withCredentials(url: URL, headers: Readonly<Record<string, string>>): Record<string, string> {
  const { username, password } = url
  url.username = ''
  url.password = ''
  if (username === '' && password === '') return headers
  const pair = `${percentDecode(username)}:${percentDecode(password)}`
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}`, ...headers }
}
