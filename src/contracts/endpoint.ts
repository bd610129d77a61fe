/**
 * A proxy as everybody but transport/ knows it: no secrets, so logs, events, machine contexts, snapshots and pages have
 * nothing to redact. Identity is the whole URL with its credentials (gateways often differ in nothing else); `id` is the
 * label that is shown, made unique by a short digest where the credentials alone differ.
 */
export type ProxyProtocol = 'http' | 'https' | 'socks4' | 'socks4a' | 'socks5' | 'socks5h' | 'direct'

export interface ProxyEndpoint {
  /** Unique, stable over restarts, safe to print: `socks5h://192.0.2.1:1080` or `http://gate.example:8000#3fa9c`. */
  readonly id: string
  readonly protocol: ProxyProtocol
  /** Host name, IPv4 or IPv6 without brackets; empty for `direct`. */
  readonly host: string
  readonly port: number
  /** Proxies with one account share a group: a refused credential speaks of all of them. Empty without credentials. */
  readonly credentialGroup: string
  /** Proxies of one provider, or of one /24 (IPv4) or /48 (IPv6) where no provider is known. */
  readonly network: string
  readonly tags: ProxyTags
}

export interface ProxyTags {
  readonly provider?: string
  /** ISO 3166-1 alpha-2, upper case. */
  readonly country?: string
  /** Sets the prior: how good a proxy of this class is before anything is known of it. */
  readonly class?: 'datacenter' | 'residential' | 'mobile' | 'free'
}

/** What only transport/ may hold. */
export interface ProxyCredentials {
  readonly username: string
  readonly password: string
}

export interface ParsedProxy {
  readonly endpoint: ProxyEndpoint
  readonly credentials?: ProxyCredentials
}
