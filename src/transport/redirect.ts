import { isSecretName } from '../base/redact.ts'
import type { FetchRequest } from '../contracts/request.ts'
import type { Address, Site, Sites } from './address.ts'
import { Failure } from './step-failure.ts'

/** One request of a chain: the first, or the one a redirect asks for. */
export interface Hop {
  readonly address: Address
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  /** See FetchRequest. */
  readonly elsewhere: FetchRequest['elsewhere']
  readonly body: Uint8Array | string | undefined
}

/** What a response must say to be a redirect. */
interface Head {
  readonly status: number
  readonly headers: { readonly location?: string | readonly string[] | undefined }
}

/** The first hop of a request. */
export function firstHop(request: FetchRequest, address: Address): Hop {
  const { method, headers, elsewhere, body } = request
  return { address, method, headers, elsewhere, body }
}

/**
 * Where a response sends us, by the rules of the Fetch standard ("HTTP-redirect fetch"): 303 and the POST habit of 301
 * and 302 turn into a GET without body; what proves who we are does not go to another origin (also not to another port, or from
 * https to http), and what is meant for one host does not go to another. Undefined when the response is not a redirect.
 */
export function nextHop(hop: Hop, head: Head, sites: Sites): Hop | Failure | undefined {
  const { status } = head
  if (status !== 301 && status !== 302 && status !== 303 && status !== 307 && status !== 308) return undefined
  const location = head.headers.location
  if (location === undefined) return undefined
  const address = sites.read(typeof location === 'string' ? location : location[0]!, hop.address.href)
  if (address instanceof Failure)
    return new Failure('redirect', 'redirect-not-web', `The redirect cannot be followed: ${address.detail}`)
  const turnsToGet =
    status === 303 ? hop.method !== 'GET' && hop.method !== 'HEAD' : status < 303 && hop.method === 'POST'
  const headers: Record<string, string> = {}
  const leaves = address.site.origin !== hop.address.site.origin
  const isUpgraded = leaves && isUpgrade(hop.address.site, address.site)
  const elsewhere = leaves && !isUpgraded ? hop.elsewhere : undefined
  for (const name in hop.headers) {
    if (leaves && (name === 'authorization' || name === 'cookie' || name === 'host')) continue
    if (turnsToGet && name.startsWith('content-')) continue
    const isReplaced = elsewhere !== undefined && Object.hasOwn(elsewhere, name)
    // The key to an interface is as good as a login, whatever its header is called.
    if (leaves && !isUpgraded && !isReplaced && isSecretName(name)) continue
    const value = isReplaced ? elsewhere[name] : hop.headers[name]
    if (value !== undefined) headers[name] = value
  }
  return {
    address,
    method: turnsToGet ? 'GET' : hop.method,
    headers,
    elsewhere: elsewhere ? undefined : hop.elsewhere,
    body: turnsToGet ? undefined : hop.body,
  }
}

/**
 * Why a chain of redirects ends before `next`; undefined when it goes on. `seen` are the addresses that sent us on, that of
 * `hop` the last. A form that turns into a page of the same address is no circle, and neither is an address that has set a
 * new cookie and asks to come again with it.
 */
export function endOfChain(
  hop: Hop,
  next: Hop,
  seen: readonly string[],
  most: number,
  gotCookie = false,
): Failure | undefined {
  if (seen.length > most) return new Failure('redirect', 'redirect-limit', `More than ${most} redirects.`)
  if (gotCookie || next.method !== hop.method || !seen.includes(next.address.href)) return undefined
  return new Failure('redirect', 'redirect-limit', 'The redirects lead back to where they began.')
}

/** The same host, from plain HTTP at its usual port to TLS at its usual port. */
function isUpgrade(from: Site, to: Site): boolean {
  return from.host === to.host && !from.secure && from.port === 80 && to.secure && to.port === 443
}
