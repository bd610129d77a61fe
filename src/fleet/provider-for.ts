import type { Clock } from '../base/clock.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { ProxyProvider } from '../contracts/provider.ts'
import { arrayProvider } from './array.ts'
import type { Fetch } from './download.ts'
import { type Environment, environmentProvider } from './environment.ts'
import { fileProvider } from './file.ts'
import { splitPool } from './list.ts'
import { type ParseDefaults, readProxy } from './parse-proxy.ts'
import { stdinProvider } from './stdin.ts'
import { urlProvider } from './url.ts'
import { webshareProvider } from './webshare.ts'

/**
 * What the option `proxies` means. An http(s) URL may be a proxy or a list of proxies: with a port and no path it is a
 * proxy, else a list. A text that has a colon or an @ but no slash is a proxy too, not a path: were it taken for a path,
 * a mistyped entry would come back in an error message, password and all. (`C:list.txt` has one letter before its
 * colon and is a path.)
 */
export interface ProviderContext {
  readonly clock: Clock
  readonly fetch: Fetch
  /** Where PROXY_URL, PROXY_POOL and WEBSHARE_API_KEY are looked up. Default: nowhere. */
  readonly env?: Environment
  /** What `-` reads. */
  readonly stdin?: AsyncIterable<string | Uint8Array>
  readonly defaults?: ParseDefaults
}

export type ProxiesOption = ProxiesSource | readonly ProxiesSource[]

/** One place where proxies come from. */
export type ProxiesSource = string | ProxyProvider

/**
 * Providers for the option: a path, the URL of a list, a proxy, `direct`, `-` for stdin, `webshare:`, a provider, or an
 * array of all of these mixed; left out, the environment's variables. May be empty: then nothing was given at all.
 * Throws PROXY_LINE_INVALID, MISSING_API_KEY or OPTION_INVALID.
 */
export function providerFor(option: ProxiesOption | undefined, context: ProviderContext): ProxyProvider[] {
  if (option === undefined) {
    const provider = environmentProvider(context.env ?? {}, context)
    return provider ? [provider] : []
  }
  if (typeof option === 'string') {
    const pool = poolIn(option)
    return [pool ? arrayProvider(pool, context) : providerForText(option.trim(), context)]
  }
  if ('load' in option) return [option]
  const places: ProxyProvider[] = []
  const proxies: string[] = []
  for (const each of option) {
    if (typeof each !== 'string') {
      places.push(each)
      continue
    }
    const pool = poolIn(each)
    if (pool) proxies.push(...pool)
    else if (isPlace(each.trim())) places.push(providerForText(each.trim(), context))
    else proxies.push(each)
  }
  return proxies.length > 0 ? [arrayProvider(proxies, context), ...places] : places
}

/** Several proxies in one text, as PROXY_POOL has them; undefined when it is anything else. */
function poolIn(text: string): string[] | undefined {
  const entries = splitPool(text).filter((entry) => entry.trim() !== '')
  return entries.length > 1 && entries.every((entry) => typeof readProxy(entry) !== 'string')
    ? entries
    : undefined
}

/** Whether a text of an array says where a list is, and not what a proxy is. */
function isPlace(text: string): boolean {
  if (text === '' || text.startsWith('#')) return false
  if (text === '-' || text === 'webshare:') return true
  if (/^https?:\/\//i.test(text)) return typeof readProxy(text) === 'string' && !text.includes('@')
  return !isProxyLike(text)
}

function providerForText(text: string, context: ProviderContext): ProxyProvider {
  if (text === '')
    throw new RegattaError('OPTION_INVALID', 'Option "proxies" is empty. Give a file, a URL or a proxy.', {
      value: { path: 'proxies' },
    })
  if (text === '-') {
    if (context.stdin) return stdinProvider(context.stdin, context)
    throw new RegattaError(
      'OPTION_INVALID',
      'Option "proxies" is "-", and there is no standard input to read here.',
      { value: { path: 'proxies', value: '-' } },
    )
  }
  if (text === 'webshare:') {
    const tags = context.defaults?.tags
    return webshareProvider({ ...context, apiKey: context.env?.WEBSHARE_API_KEY, ...(tags && { tags }) })
  }
  if (/^https?:\/\//i.test(text) && typeof readProxy(text) === 'string') return urlProvider(text, context)
  return isProxyLike(text)
    ? arrayProvider([text], { ...context, name: 'proxy' })
    : fileProvider(text, context)
}

function isProxyLike(text: string): boolean {
  if (text === 'direct' || /^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return true
  // A password may hold a slash, and a slash may be missing after a scheme: a path has no colon before an @, and no port.
  const colon = text.indexOf(':')
  if ((colon >= 0 && text.includes('@', colon)) || /^[^/\\:]+:\d+:/.test(text)) return true
  return !/[/\\]|^[a-z]:/i.test(text) && /[:@]/.test(text)
}
