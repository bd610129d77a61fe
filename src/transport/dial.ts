import { connect, isIPv6, type Socket } from 'node:net'
import type { Layers } from './layers.ts'
import { insideOnly, lookupPublic, privateTarget } from './resolve-public.ts'
import { codeOf, Failure, localFailure } from './step-failure.ts'

/**
 * TCP to the proxy, or to the target when the way is `direct`. Only here does a name get resolved on this machine, and
 * it is the proxy's own. The caller's timer ends a dial by destroying the layers; the close event then ends the wait.
 */
export function dial(
  { host, port }: { readonly host: string; readonly port: number },
  { direct, publicOnly }: { readonly direct: boolean; readonly publicOnly: boolean },
  layers: Layers,
): Promise<Socket | Failure> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, noDelay: true, ...(publicOnly && { lookup: lookupPublic }) })
    layers.add(socket)
    let failure: Failure | undefined
    const onConnect = () => {
      socket.off('error', onError)
      socket.off('close', onClose)
      resolve(socket)
    }
    const onError = (error: Error) => {
      const isInside = codeOf(error) === insideOnly
      if (isInside) failure = direct ? privateTarget(host) : privateProxy()
      else failure = dialFailure(error, direct)
    }
    const onClose = () => {
      socket.off('connect', onConnect)
      socket.off('error', onError)
      resolve(failure ?? new Failure('dial', 'dial-reset', 'The connection ended while it was being made.'))
    }
    socket.once('connect', onConnect)
    socket.once('error', onError)
    socket.once('close', onClose)
  })
}

/** A list from the web must not make this machine talk to its own network. */
function privateProxy(): Failure {
  const detail =
    'The name of the proxy leads into a local network, and its list comes from the web; allowPrivateProxies: true (--allow-private-proxies) lets it.'
  return new Failure('dial', 'proxy-dns', detail)
}

function dialFailure(error: Error, direct: boolean): Failure {
  const code = codeOf(error)
  const local = localFailure(code)
  if (local) return local
  const what = direct ? 'target' : 'proxy'
  if ('syscall' in error && error.syscall === 'getaddrinfo') {
    if (code === 'EAI_AGAIN' || code === 'EAI_FAIL') {
      return new Failure('local', 'local-network', `No name server answered for the ${what} (${code}).`)
    }
    const cause = direct ? 'host-not-found' : 'proxy-dns'
    return new Failure('dial', cause, `The name of the ${what} does not resolve (${code}).`)
  }
  switch (code) {
    case 'ECONNREFUSED':
      return new Failure('dial', 'dial-refused', `The ${what} refuses connections.`)
    case 'ECONNRESET':
    case 'ECONNABORTED':
    case 'EPIPE':
      return new Failure('dial', 'dial-reset', `The ${what} reset the connection at once.`)
    case 'ETIMEDOUT':
      return new Failure('dial', 'dial-timeout', `The ${what} does not answer; the system gave up.`)
    case 'ENETUNREACH':
      // Without IPv6 here, an IPv6 proxy is out of reach and every other one is fine. Without any IPv4 route, it is us.
      if (!('address' in error && typeof error.address === 'string' && isIPv6(error.address))) {
        return new Failure(
          'local',
          'local-network',
          'This machine has no route to the network (ENETUNREACH).',
        )
      }
  }
  return new Failure('dial', 'dial-unreachable', `The ${what} cannot be reached (${code || error.name}).`)
}
