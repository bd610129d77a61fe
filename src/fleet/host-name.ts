import { isIPv4, isIPv6 } from 'node:net'
import ipaddr from 'ipaddr.js'
import { insideReason } from '../base/public-host.ts'

/**
 * One spelling per host, and the question whether a stranger may send us there. A list that somebody else serves is
 * input from the internet: an entry `169.254.169.254:80` would make us talk to a cloud's metadata service for a stranger.
 * So a fetched entry must name a global unicast address, or a name that is not obviously an inside one. Everything
 * that is not known to be public is refused (an allow-list outlives the next special range). Names are not resolved
 * here, and the dial of a proxy takes any address: a public name that points inside is not caught.
 *
 * Odd spellings of IPv4 (`127.1`, `0x7f000001`, `2130706433`, `010.0.0.1`) are not understood at all: no list needs
 * them, and every parser reads them differently.
 */

/** The canonical host: lower case, IPv6 without brackets in RFC 5952 form; undefined when it is not a host. */
export function canonicalHost(text: string): string | undefined {
  if (text.startsWith('[') && text.endsWith(']')) {
    const inside = text.slice(1, -1)
    if (inside.includes('%') || !isIPv6(inside)) return undefined
    return ipaddr.IPv6.parse(inside).toRFC5952String()
  }
  if (isIPv4(text)) return text
  const url = /[\s/?#@:\\%<>^|[\]]/.test(text) ? null : URL.parse(`http://${text}/`)
  if (!url) return undefined
  const name = url.hostname.replace(/\.$/, '')
  if (name.length > 253 || !/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(name)) return undefined
  return isIPv4(name) ? undefined : name
}

/** Names of documentation and tests, which no list has a reason to hold. */
const reservedNames = /(^|\.)(test|invalid)$/

/** Why a fetched list may not name this canonical host, or undefined when it may. */
export function whyNotListed(host: string): string | undefined {
  return reservedNames.test(host) ? 'the host name is one of a local network' : insideReason(host)
}
