/**
 * A proxy as everybody but transport/ knows it: no secrets, so logs, events, machine contexts, snapshots and pages have
 * nothing to redact. Identity is the whole URL with its credentials (gateways often differ in nothing else); `id` is the
 * label that is shown, made unique by a short digest where the credentials alone differ.
 */
export type ProxyProtocol = ProxyScheme | 'direct'

/** How a proxy may be spoken to. */
export const proxySchemes = ['http', 'https', 'socks4', 'socks4a', 'socks5', 'socks5h'] as const

/** How a proxy is spoken to. */
export type ProxyScheme = (typeof proxySchemes)[number]

/** The kinds of proxies that are told apart: how good one is before anything is known of it. */
export const proxyClasses = ['datacenter', 'residential', 'mobile', 'free'] as const

/** A proxy without its secrets. */
export interface ProxyEndpoint {
  /** Unique, stable over restarts, safe to print: `socks5h://192.0.2.1:1080` or `http://gate.example:8000#3fa9c`. */
  readonly id: string
  /** How it is spoken to; `direct` is no proxy. */
  readonly protocol: ProxyProtocol
  /** Host name, IPv4 or IPv6 without brackets; empty for `direct`. */
  readonly host: string
  /** 1–65535; 0 for `direct`. */
  readonly port: number
  /** Proxies with one account share a group: a refused credential speaks of all of them. Empty without credentials. */
  readonly credentialGroup: string
  /** Proxies of one provider, or of one /24 (IPv4) or /48 (IPv6) where no provider is known. */
  readonly network: string
  /** What its list says of it. */
  readonly tags: ProxyTags
  /** Named by a list from the web: it is not dialled where its name leads into a local network. Default false. */
  readonly publicOnly?: true
}

/** What a list says of a proxy. */
export interface ProxyTags {
  /** Who sells it; proxies of one provider are expected to fail together. */
  readonly provider?: string
  /** ISO 3166-1 alpha-2, upper case. */
  readonly country?: string
  /** As its list writes it; compared without case, blanks and hyphens. */
  readonly city?: string
  /** Number of the autonomous system that its address belongs to: 3320 for AS3320. */
  readonly asn?: number
  /** Sets the prior: how good a proxy of this class is before anything is known of it. */
  readonly class?: (typeof proxyClasses)[number]
  /** What a gigabyte over it costs, in whatever currency the user counts in. */
  readonly price?: number
}

/** What only transport/ may hold. */
export interface ProxyCredentials {
  /** As it is sent. */
  readonly username: string
  /** As it is sent. */
  readonly password: string
}

/** An entry of a list, read. */
export interface ParsedProxy {
  /** What everybody may know. */
  readonly endpoint: ProxyEndpoint
  /** What only transport/ may know; undefined without. */
  readonly credentials?: ProxyCredentials
  /** The entry names no scheme: its protocol is a guess until the proxy has been asked. */
  readonly guessed?: true
}
