import { isIP, isIPv6 } from 'node:net'
import type { ParsedProxy, ProxyCredentials, ProxyScheme, ProxyTags } from '../contracts/endpoint.ts'
import { RegattaError } from '../contracts/errors.ts'
import { canonicalHost } from './host-name.ts'
import { directProxy, labelProxy } from './label.ts'
import { readTags } from './tags.ts'

/**
 * One proxy as people write it: `host:port`, `user:pass@host:port`, `host:port@user:pass`, `host:port:user:pass`,
 * `user:pass:host:port`, or a URL, with optional tags and a comment behind it. `new URL` is not enough: it drops default
 * ports, and half of these forms are no URLs. Without a scheme the proxy is taken for HTTP and marked as guessed.
 *
 * With an `@` the credentials are percent-decoded, as in any URL; in `host:port:user:pass` they are taken as they stand.
 * A URL's credentials end at the first `/`, `?` or `#`, so those must be encoded there. The text may hold a password
 * anywhere, also where a host or a port was meant, so a reason never quotes it; a wrong port is shown only behind an IP
 * address, where it can be nothing else.
 */
export interface ParseDefaults {
  /** What an entry without a scheme is. Default: it is found out, and `http` until then. */
  readonly protocol?: ProxyScheme
  /** Tags of every entry that does not say otherwise. */
  readonly tags?: ProxyTags
}

const protocols: Readonly<Record<string, ProxyScheme>> = {
  http: 'http',
  https: 'https',
  socks: 'socks5h',
  socks4: 'socks4',
  socks4a: 'socks4a',
  socks5: 'socks5',
  socks5h: 'socks5h',
}

/** Schemes found in lists of other tools; safe to name because they are not of the writer's making. */
const foreign = new Set([
  'ftp',
  'ss',
  'ssr',
  'ssh',
  'vmess',
  'vless',
  'trojan',
  'tuic',
  'hysteria2',
  'ws',
  'wss',
])

/** Parses one proxy. Throws PROXY_LINE_INVALID with the reason and the way out; the message holds no credential. */
export function parseProxy(text: string, defaults: ParseDefaults = {}): ParsedProxy {
  const proxy = readProxy(text, defaults)
  if (typeof proxy !== 'string') return proxy
  throw new RegattaError('PROXY_LINE_INVALID', `The proxy cannot be used: ${proxy}. ${wayOut}`, {
    value: { reason: proxy },
  })
}

export const wayOut =
  'Write host:port, user:pass@host:port, host:port:user:pass, or a URL such as socks5h://user:pass@host:port.'

/** A text without its comment, behind `#`, `//` or `;`; empty when there is nothing else. */
export function stripComment(text: string): string {
  const comment = text.search(/(?:^|\s)(?:#|\/\/|;)/)
  return (comment < 0 ? text : text.slice(0, comment)).trim()
}

/** The proxy, or the reason why there is none: a clause for a sentence, without credentials. */
export function readProxy(text: string, defaults: ParseDefaults = {}): ParsedProxy | string {
  const [address = '', ...words] = stripComment(text).split(/\s+/)
  if (address === '') return 'the entry is empty'
  if (/^direct(:\/\/)?$/i.test(address)) return directProxy
  const tags = readTags(words)
  if (typeof tags === 'string') return tags

  const url = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(address)
  if (!url) return readBareAddress(address, defaults, tags)
  const scheme = url[1]!.toLowerCase()
  const protocol = protocolOf(scheme)
  if (!protocol) return `the scheme${foreign.has(scheme) ? ` "${scheme}"` : ''} is not one of ${schemeNames}`
  const end = url[2]!.search(/[/?#]/)
  if (end >= 0 && url[2]!.slice(end) !== '/') {
    return 'something follows the port (a / ? or # in a password must be percent-encoded)'
  }
  return readAddress(end < 0 ? url[2]! : url[2]!.slice(0, end), protocol, { ...defaults.tags, ...tags })
}

/** The protocol of a scheme's name, whatever its case; `socks` means that the proxy resolves names. */
function protocolOf(scheme: string): ProxyScheme | undefined {
  const name = scheme.toLowerCase()
  return Object.hasOwn(protocols, name) ? protocols[name] : undefined
}

/**
 * The protocol that a word beside an address names, or undefined when it names none. Lists say `HTTPS` of an HTTP proxy that
 * lets TLS through, and a PAC file `PROXY`: both leave the question open, which an empty string says.
 */
export function schemeWord(word: string): ProxyScheme | '' | undefined {
  const name = word.replace(/^[[(]|[\])]$/g, '')
  if (/^(?:proxy|https)$/i.test(name)) return ''
  return protocolOf(name)
}

export const schemeNames = Object.keys(protocols).join(', ')

/** Builds a proxy from fields that are already apart, as JSON lists have them. */
export function assembleProxy(
  protocol: ProxyScheme,
  host: string,
  port: string,
  credentials: ProxyCredentials | undefined,
  tags: ProxyTags,
): ParsedProxy | string {
  const canonical = canonicalHost(host)
  if (!canonical) return 'the host is neither a name nor an IP address'
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    const shown = isIP(canonical) !== 0 && !credentials && /^\d+$/.test(port) ? `port ${port}` : 'the port'
    return `${shown} is not in 1–65535`
  }
  if (credentials?.username === '' && credentials.password !== '')
    return 'a password stands without a user name'
  return labelProxy({
    protocol,
    host: canonical,
    port: Number(port),
    ...(credentials && credentials.username !== '' && { credentials }),
    tags,
  })
}

/** An address without a scheme. */
export function readBareAddress(
  address: string,
  defaults: ParseDefaults,
  tags: ProxyTags = {},
): ParsedProxy | string {
  const proxy = readAddress(address, defaults.protocol ?? 'http', { ...defaults.tags, ...tags })
  return typeof proxy === 'string' || defaults.protocol ? proxy : { ...proxy, guessed: true }
}

const server = /^(\[[^\]]*\]|[^:[\]]+):(\d+)\/?$/

function readAddress(text: string, protocol: ProxyScheme, tags: ProxyTags): ParsedProxy | string {
  if (isIPv6(text)) return 'an IPv6 address needs brackets before its port: [address]:port'
  const at = text.lastIndexOf('@')
  const behind = at < 0 ? undefined : server.exec(text.slice(at + 1))
  if (behind) {
    const account = accountOf(text.slice(0, at))
    return assembleProxy(protocol, behind[1]!, behind[2]!, account, tags)
  }
  const first = text.indexOf('@')
  const before = first < 0 ? undefined : server.exec(text.slice(0, first))
  if (before) return assembleProxy(protocol, before[1]!, before[2]!, accountOf(text.slice(first + 1)), tags)
  const last = /^([^:@/]+):([^:@/]+):(\[[^\]]*\]|[^:[\]]+):(\d+)$/.exec(text)
  if (last && !isPort(last[2]!) && isPort(last[4]!)) {
    return assembleProxy(protocol, last[3]!, last[4]!, { username: last[1]!, password: last[2]! }, tags)
  }
  const fields = /^(\[[^\]]*\]|[^:[\]]+):([^:]*)(?::([^:]*):(.*))?$/s.exec(text)
  if (!fields) return /:/.test(text) ? 'its parts are not host, port, user and password' : 'it has no port'
  const credentials = fields[3] === undefined ? undefined : { username: fields[3], password: fields[4]! }
  return assembleProxy(protocol, fields[1]!, fields[2]!.replace(/\/$/, ''), credentials, tags)
}

function accountOf(text: string): ProxyCredentials {
  const [username, ...password] = text.split(':')
  return { username: percentDecode(username!), password: percentDecode(password.join(':')) }
}

/** Whether a text is a port: 1–65535. */
export function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535
}

/** A stray % that encodes nothing is taken as it stands: `100%` is a password too. */
export function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
