import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/**
 * Whether a host may be the target of a crawl that must stay outside: no loopback, private, link-local or otherwise
 * special address, and no name for one. Only what the URL says is judged: names are resolved by the proxy, so an address
 * behind a name is the proxy's to refuse. URLs have been parsed, so `0x7f.1` and its like already read `127.0.0.1`.
 */
export function isPublicHost(host: string): boolean {
  if (isIP(host) !== 0) return ipaddr.process(host).range() === 'unicast'
  const name = host.endsWith('.') ? host.slice(0, -1) : host
  return name !== 'localhost' && !name.endsWith('.localhost')
}
