import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/**
 * Which hosts lie inside a local network: addresses that are not global unicast, and names that only a local network
 * resolves. What is not known to be public is inside (an allow-list outlives the next special range). Names are not
 * resolved here. Hosts come out of the URL parser, which has already read `0x7f.1`, `2130706433`, `１２７.0.0.1` and their
 * like as `127.0.0.1`.
 */

/** A public address that is a cloud's metadata and health service all the same (Azure). */
const azureWireServer = '168.63.129.16'

const insideNames = /(^|\.)(localhost|local|localdomain|internal|intranet|private|corp|home|lan|svc|arpa)$/

/** Whether a host is public: a name or an address, without brackets, as the URL parser writes it. */
export function isPublicHost(host: string): boolean {
  return insideReason(host) === undefined
}

/** Whether the host of a URL is public; true for what is no URL. */
export function isPublicUrl(url: string | URL): boolean {
  const parsed = typeof url === 'string' ? URL.parse(url) : url
  return parsed === null || isPublicHost(parsed.hostname.replace(/^\[|\]$/g, ''))
}

/** Why a host is not public, as a clause for a sentence; undefined when it is. */
export function insideReason(host: string): string | undefined {
  if (isIP(host) === 0) {
    let name = host.toLowerCase()
    while (name.endsWith('.')) name = name.slice(0, -1)
    return !name.includes('.') || insideNames.test(name)
      ? 'the host name is one of a local network'
      : undefined
  }
  const address = ipaddr.process(host)
  const range = address.range()
  const isGlobal =
    range === 'unicast' && (address.kind() === 'ipv4' || (address as ipaddr.IPv6).parts[0]! >>> 13 === 0b001)
  if (isGlobal && address.toString() !== azureWireServer) return undefined
  return `the address is not a public one (${isGlobal ? 'metadata service' : range})`
}
