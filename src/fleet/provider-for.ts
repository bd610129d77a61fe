import type { Clock } from '../base/clock.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { ProxyProvider } from '../contracts/provider.ts'
import { asnOf } from '../contracts/proxy-filter.ts'
import type { ProxySource } from '../contracts/proxy-source.ts'
import { arrayProvider } from './array.ts'
import { dnsProvider } from './dns.ts'
import type { Fetch } from './download.ts'
import { type Environment, environmentProvider } from './environment.ts'
import { fileProvider } from './file.ts'
import { filteredProvider } from './filter.ts'
import { freeProviders } from './free-lists.ts'
import { assertMap, jsonProvider } from './mapped-json.ts'
import { type ParseDefaults, readProxy } from './parse-proxy.ts'
import { splitPool } from './proxy-list.ts'
import { stdinProvider } from './stdin.ts'
import { urlProvider } from './url.ts'
import { withVariables } from './variables.ts'
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
  /** Where PROXY_URL, PROXY_POOL, WEBSHARE_API_KEY and `${NAME}` are looked up. Default: nowhere. */
  readonly env?: Environment
  /** What `-` reads. */
  readonly stdin?: AsyncIterable<string | Uint8Array>
  readonly defaults?: ParseDefaults
  /** Lists from the web may name addresses of a local network. Default false. */
  readonly allowPrivate?: boolean | undefined
}

export type ProxiesOption = ProxiesPlace | readonly ProxiesPlace[]

/** One place where proxies come from. */
export type ProxiesPlace = string | ProxyProvider | ProxySource

/**
 * Providers for the option: a path, the URL of a list, a proxy, `direct`, `-` for stdin, `webshare:`, `dns:NAME`,
 * `free:NAME`, `json:URL`, one of these with what is to be said of it, a provider, or an array of all of these mixed; left
 * out, the environment's variables. May be empty: then nothing was given at all. Throws PROXY_LINE_INVALID, MISSING_API_KEY
 * or OPTION_INVALID.
 */
export function providerFor(option: ProxiesOption | undefined, context: ProviderContext): ProxyProvider[] {
  if (option === undefined) {
    const provider = environmentProvider(context.env ?? {}, context)
    return provider ? [provider] : []
  }
  if (typeof option === 'string') {
    const pool = poolIn(option)
    return pool ? [arrayProvider(pool, context)] : providersForText(option.trim(), context, {})
  }
  if ('load' in option) return [option]
  if ('from' in option) return providersForSource(option, context)
  const places: ProxyProvider[] = []
  const proxies: string[] = []
  for (const each of option) {
    if (typeof each !== 'string') {
      places.push(...providerFor(each, context))
      continue
    }
    const pool = poolIn(each)
    if (pool) proxies.push(...pool)
    else if (isPlace(each.trim())) places.push(...providersForText(each.trim(), context, {}))
    else proxies.push(each)
  }
  return proxies.length > 0 ? [arrayProvider(proxies, context), ...places] : places
}

/** A place with what is to be said of it: its tags, its filter, how its API is read. */
function providersForSource(source: ProxySource, context: ProviderContext): ProxyProvider[] {
  const { from, use, tags = {}, scheme, allowPrivate, ...about } = source
  const { asn, ...others } = tags
  const network = asn === undefined ? undefined : asnOf(asn)
  const protocol = scheme ?? context.defaults?.protocol
  const own: ProviderContext = {
    ...context,
    allowPrivate: allowPrivate ?? context.allowPrivate,
    defaults: {
      ...(protocol && { protocol }),
      tags: { ...context.defaults?.tags, ...others, ...(network !== undefined && { asn: network }) },
    },
  }
  if (about.map) assertMap(about.map, 'proxies.map')
  const texts = typeof from === 'string' ? [from] : from
  const providers = texts.flatMap((text) =>
    isPlace(text.trim()) ? providersForText(text.trim(), own, about) : providerFor([text], own),
  )
  return use ? providers.map((provider) => filteredProvider(provider, use)) : providers
}

/** Several proxies in one text, as PROXY_POOL has them; undefined when it is anything else. */
function poolIn(text: string): string[] | undefined {
  const entries = splitPool(text).filter((entry) => entry.trim() !== '')
  return entries.length > 1 && entries.every((entry) => typeof readProxy(entry) !== 'string')
    ? entries
    : undefined
}

const named = /^(webshare|dns|free|json):/i

/** Whether a text of an array says where a list is, and not what a proxy is. */
export function isPlace(text: string): boolean {
  if (text === '' || text.startsWith('#')) return false
  if (text === '-' || named.test(text)) return true
  if (/^https?:\/\//i.test(text)) return typeof readProxy(text) === 'string' && !text.includes('@')
  return !isProxyLike(text)
}

type About = Pick<ProxySource, 'headers' | 'items' | 'map' | 'pages'>

function providersForText(text: string, context: ProviderContext, about: About): ProxyProvider[] {
  if (text === '')
    throw new RegattaError('OPTION_INVALID', 'Option "proxies" is empty. Give a file, a URL or a proxy.', {
      value: { path: 'proxies' },
    })
  if (text === '-') {
    if (context.stdin) return [stdinProvider(context.stdin, context)]
    throw new RegattaError(
      'OPTION_INVALID',
      'Option "proxies" is "-", and there is no standard input to read here.',
      { value: { path: 'proxies', value: '-' } },
    )
  }
  const name = named.exec(text)?.[1]?.toLowerCase()
  const rest = text.slice(text.indexOf(':') + 1)
  if (name === 'webshare') return [webshareFor(rest, context)]
  if (name === 'dns') return [dnsFor(rest, context)]
  if (name === 'free') return freeProviders(rest === '' ? undefined : [rest], context)
  const isApi = name === 'json' || (about.items ?? about.map ?? about.pages) !== undefined
  const address = name === 'json' ? rest : text
  if (/^https?:\/\//i.test(address) && (isApi || typeof readProxy(address) === 'string')) {
    return [webList(address, isApi, context, about)]
  }
  if (isApi)
    throw placeInvalid(
      'json:',
      'expected the URL of an API behind it, such as json:https://api.example/proxies',
    )
  return [
    isProxyLike(text) ? arrayProvider([text], { ...context, name: 'proxy' }) : fileProvider(text, context),
  ]
}

function webList(address: string, isApi: boolean, context: ProviderContext, about: About): ProxyProvider {
  const { env, clock, fetch, defaults, allowPrivate: trusted = false } = context
  const headers = Object.fromEntries(
    Object.entries(about.headers ?? {}).map(([name, value]) => [
      name.toLowerCase(),
      withVariables(value, env),
    ]),
  )
  const options = { ...about, clock, fetch, headers, trusted, ...(defaults && { defaults }) }
  const url = withVariables(address, env)
  return isApi ? jsonProvider(url, options) : urlProvider(url, options)
}

function webshareFor(mode: string, context: ProviderContext): ProxyProvider {
  if (mode !== '' && mode !== 'direct' && mode !== 'backbone')
    throw placeInvalid('webshare:', 'expected webshare:, webshare:direct or webshare:backbone')
  const { env, defaults, clock, fetch, allowPrivate: trusted = false } = context
  const { tags, protocol } = defaults ?? {}
  return webshareProvider({
    trusted,
    clock,
    fetch,
    apiKey: env?.WEBSHARE_API_KEY,
    ...(env?.WEBSHARE_API_URL && { baseUrl: env.WEBSHARE_API_URL }),
    ...(mode !== '' && { mode }),
    ...(protocol === 'http' && { protocol }),
    ...(tags && { tags }),
  })
}

/** `NAME`, or `//SERVER[:PORT]/NAME` as RFC 4501 has it. */
function dnsFor(text: string, { defaults, allowPrivate: trusted = false }: ProviderContext): ProxyProvider {
  const [, server, name] = /^(?:\/\/([^/]+)\/)?([a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?)$/i.exec(text) ?? []
  if (name === undefined)
    throw placeInvalid(
      'dns:',
      'expected a name behind it, such as dns:proxies.example or dns://192.0.2.53/proxies.example',
    )
  return dnsProvider(name, {
    trusted,
    ...(server !== undefined && { server }),
    ...(defaults && { defaults }),
  })
}

function placeInvalid(value: string, expected: string): RegattaError {
  return new RegattaError('OPTION_INVALID', `Option "proxies": ${expected}.`, {
    value: { path: 'proxies', value },
  })
}

function isProxyLike(text: string): boolean {
  if (text === 'direct' || /^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return true
  // A password may hold a slash, and a slash may be missing after a scheme: a path has no colon before an @, and no port.
  const colon = text.indexOf(':')
  if ((colon >= 0 && text.includes('@', colon)) || /^[^/\\:]+:\d+:/.test(text)) return true
  return !/[/\\]|^[a-z]:/i.test(text) && /[:@]/.test(text)
}
