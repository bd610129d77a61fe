import type { Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import { isPublicHost } from '../base/public-host.ts'
import type { ProxyCredentials, ProxyEndpoint } from '../contracts/endpoint.ts'
import type { Phase } from '../contracts/outcome.ts'
import type { Site } from './address.ts'
import { httpConnect } from './connect.ts'
import { basicAuthorization } from './credentials.ts'
import { dial } from './dial.ts'
import type { Layers } from './layers.ts'
import { addressHere, privateTarget } from './resolve-public.ts'
import { socks4, socks5 } from './socks.ts'
import { Failure } from './step-failure.ts'
import { proxyTlsFailure, secure, tlsFailure } from './tls.ts'

/**
 * The way to the target, built step by step by our own hands: dial, handshake, TLS. That is what gives each step its
 * phase, its timeout and its typed failure, and what lets a cancelled attempt end anywhere. There are no timers here:
 * the owner destroys `layers` to end it, and the step that was under way ends with its socket.
 *
 * Nothing but the proxy is ever dialled, unless the protocol is `direct`.
 */
export async function openTunnel(work: TunnelWork): Promise<Socket | Failure> {
  const { proxy, site, layers } = work
  const direct = proxy.protocol === 'direct'

  work.enter('dial')
  const dialled = direct
    ? await dial(site, { direct, publicOnly: !work.allowPrivate }, layers)
    : await dial(proxy, { direct, publicOnly: proxy.publicOnly === true }, layers)
  if (dialled instanceof Failure) return dialled
  if (layers.destroyed) return ended
  if (direct && !work.allowPrivate && dialled.remoteAddress && !isPublicHost(dialled.remoteAddress)) {
    return privateTarget(site.host)
  }

  let socket: Socket = dialled
  if (proxy.protocol === 'https') {
    work.enter('handshake')
    const secured = await secure(socket, proxy.host, work.trust(), layers)
    if (!('write' in secured)) return proxyTlsFailure(secured)
    socket = secured
  }
  if (!direct && !work.forwarded) {
    if (proxy.protocol !== 'https') work.enter('handshake')
    if (layers.destroyed) return ended
    const failure = await handshake(socket, work)
    if (failure) return failure
  }
  if (site.secure) {
    work.enter('tls')
    if (layers.destroyed) return ended
    const secured = await secure(socket, site.host, work.trust(), layers)
    if (!('write' in secured)) return tlsFailure(secured)
    socket = secured
  }
  return layers.destroyed ? ended : socket
}

export interface TunnelWork {
  readonly proxy: ProxyEndpoint
  readonly site: Site
  /** Plain HTTP through an HTTP proxy: no tunnel is asked for. */
  readonly forwarded: boolean
  readonly credentials: ProxyCredentials | undefined
  readonly layers: Layers
  trust(): SecureContext
  /** With `direct`: the target may have an address of a local network. */
  readonly allowPrivate: boolean
  /** SOCKS proxies are told the name of the target, and not its address. Default true. */
  readonly remoteDns?: boolean
  /** Wall-clock milliseconds, for a Retry-After date. */
  readonly wall: number
  enter(phase: Phase): void
}

const ended = new Failure('handshake', 'handshake-closed', 'The connection ended between two steps.')

async function handshake(
  socket: Socket,
  { proxy, site, credentials, wall, remoteDns = true, allowPrivate, layers }: TunnelWork,
): Promise<Failure | undefined> {
  const isHere = !remoteDns && proxy.protocol.startsWith('socks')
  const host = isHere ? await addressHere(site.host, allowPrivate) : site.host
  if (host instanceof Failure) return host
  if (layers.destroyed) return ended
  switch (proxy.protocol) {
    case 'socks4':
    case 'socks4a':
      return socks4(socket, host, site.port, credentials)
    case 'socks5':
    case 'socks5h':
      return socks5(socket, host, site.port, credentials)
    default: {
      const login = credentials && basicAuthorization(credentials)
      return httpConnect(socket, site.host, site.port, login, wall)
    }
  }
}
