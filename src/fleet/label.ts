import { createHash } from 'node:crypto'
import { isIPv4, isIPv6 } from 'node:net'
import ipaddr from 'ipaddr.js'
import { getDomain } from 'tldts'
import type {
  ParsedProxy,
  ProxyCredentials,
  ProxyEndpoint,
  ProxyProtocol,
  ProxyTags,
} from '../contracts/endpoint.ts'

/**
 * Identity and label. Two gateways that differ only in the password are two proxies, so identity is the whole URL;
 * but a password must not be printed, so what is shown is `scheme://host:port#digest`. The digest is SHA-256 over host,
 * user name and password, cut to 20 bits. Cut that short it cannot be turned back, and of a million guessed passwords
 * about one fits by chance, so that a fit proves little. (It does narrow a short dictionary: labels are for logs, not
 * for publishing.) The scheme and the port stand in the label already, so the same 20 bits also name the credential
 * group: a second digest would hand a guesser twice as many bits.
 *
 * 20 bits collide: among 1,000 accounts at one gateway, in two lists of five. Within a list the digests of one host
 * are then lengthened, digit by digit, until they differ: the result depends on the set, not on its order, and a label
 * never passes from one proxy to another because a third one came.
 */
const digits = 5

export interface ProxyParts {
  readonly protocol: ProxyProtocol
  /** Canonical: see host-name.ts. */
  readonly host: string
  readonly port: number
  readonly credentials?: ProxyCredentials
  readonly tags: ProxyTags
}

/** The endpoint that everybody may know, with the credentials that only transport/ may. */
export function labelProxy(parts: ProxyParts, length: number = digits): ParsedProxy {
  const { protocol, host, port, credentials, tags } = parts
  const address = `${protocol}://${bracketed(host)}:${port}`
  const short = credentials && digestOf(host, credentials).slice(0, length)
  const endpoint: ProxyEndpoint = {
    id: short ? `${address}#${short}` : address,
    protocol,
    host,
    port,
    credentialGroup: short ? `${bracketed(host)}#${short}` : '',
    network: networkOf(host, tags),
    tags,
  }
  return credentials ? { endpoint, credentials } : { endpoint }
}

/** Going out without a proxy; only ever in a list because somebody wrote the word. */
export const directProxy: ParsedProxy = {
  endpoint: {
    id: 'direct',
    protocol: 'direct',
    host: '',
    port: 0,
    credentialGroup: '',
    network: '',
    tags: {},
  },
}

/** The whole URL with its credentials, percent-encoded: the identity of a proxy. Never print it. */
export function proxyUrl({ endpoint, credentials }: ParsedProxy): string {
  if (endpoint.protocol === 'direct') return 'direct://'
  const user = credentials ? `${encode(credentials.username)}:${encode(credentials.password)}@` : ''
  return `${endpoint.protocol}://${user}${bracketed(endpoint.host)}:${endpoint.port}`
}

/** Drops repeated identities (the first one stays) and makes the labels of the rest unique. */
export function distinctProxies(proxies: Iterable<ParsedProxy>): {
  proxies: ParsedProxy[]
  duplicates: number
} {
  const byIdentity = new Map<string, ParsedProxy>()
  let duplicates = 0
  for (const proxy of proxies) {
    const identity = proxyUrl(proxy)
    if (byIdentity.has(identity)) duplicates++
    else byIdentity.set(identity, proxy)
  }
  return { proxies: separateLabels([...byIdentity.values()]), duplicates }
}

function separateLabels(proxies: ParsedProxy[]): ParsedProxy[] {
  const accounts = new Map<string, Map<string, number>>() // host → full digest → length that tells it apart
  const full = proxies.map((proxy) => {
    if (!proxy.credentials) return undefined
    const digest = digestOf(proxy.endpoint.host, proxy.credentials)
    const ofHost = accounts.get(proxy.endpoint.host)
    if (ofHost) ofHost.set(digest, digits)
    else accounts.set(proxy.endpoint.host, new Map([[digest, digits]]))
    return digest
  })
  for (const ofHost of accounts.values()) lengthen(ofHost)
  return proxies.map((proxy, index) => {
    const length = full[index] && accounts.get(proxy.endpoint.host)?.get(full[index])
    if (
      !length ||
      !proxy.credentials ||
      proxy.endpoint.credentialGroup.length === groupLength(proxy, length)
    ) {
      return proxy
    }
    return labelProxy({ ...proxy.endpoint, credentials: proxy.credentials }, length)
  })
}

function groupLength({ endpoint }: ParsedProxy, length: number): number {
  return bracketed(endpoint.host).length + 1 + length
}

/** Gives each digest the shortest length at which no other begins alike: neighbours in sorted order decide. */
function lengthen(lengths: Map<string, number>): void {
  const sorted = [...lengths.keys()].sort()
  for (let i = 1; i < sorted.length; i++) {
    const [before, after] = [sorted[i - 1]!, sorted[i]!]
    let shared = 0
    while (before[shared] === after[shared]) shared++
    for (const digest of [before, after]) {
      lengths.set(digest, Math.max(lengths.get(digest)!, shared + 1))
    }
  }
}

function digestOf(host: string, { username, password }: ProxyCredentials): string {
  return createHash('sha256')
    .update(JSON.stringify([host, username, password]))
    .digest('hex')
}

/** Who probably shares a fate: a provider, else the /24 or /48, else the registrable domain. */
function networkOf(host: string, tags: ProxyTags): string {
  if (tags.provider) return tags.provider
  if (isIPv4(host)) return `${ipaddr.IPv4.networkAddressFromCIDR(`${host}/24`)}/24`
  if (isIPv6(host)) {
    return `${ipaddr.IPv6.networkAddressFromCIDR(`${host}/48`).toRFC5952String()}/48`
  }
  return getDomain(host) ?? host
}

/** A host as it stands before a port: an IPv6 address in brackets, once. */
export function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
}

/** encodeURIComponent throws on lone surrogates; those become the replacement character, as everywhere in URLs. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}
