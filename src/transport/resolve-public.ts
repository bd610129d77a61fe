import dns from 'node:dns'
import type { LookupFunction } from 'node:net'
import { isPublicHost } from '../base/public-host.ts'
import { Failure } from './step-failure.ts'

/** The code of the error when a name has no address but those of a local network. */
export const insideOnly = 'REGATTA_INSIDE_ONLY'

/**
 * Looks a name up and hands over its public addresses only. The socket dials what was checked: a name that is looked up
 * twice can answer with another address the second time (DNS rebinding).
 */
export const lookupPublic: LookupFunction = (name, options, done) => {
  dns.lookup(name, { ...options, all: true }, (error, found) => {
    if (error) return done(error, '')
    const open = found.filter(({ address }) => isPublicHost(address))
    const [first] = open
    if (!first) {
      const message = `${name} has no public address`
      return done(Object.assign(new Error(message), { code: insideOnly }), '')
    }
    if (options.all) done(null, open)
    else done(null, first.address, first.family)
  })
}

/** An address of a target that this machine's resolver knows, IPv4 first, where SOCKS proxies are not to look it up. */
export function addressHere(host: string, allowPrivate: boolean): Promise<string | Failure> {
  return new Promise((resolve) => {
    dns.lookup(host, { all: true, order: 'ipv4first' }, (error, found) => {
      const open = found?.find(({ address }) => allowPrivate || isPublicHost(address))
      if (open) return resolve(open.address)
      if (!error) return resolve(privateTarget(host))
      const detail = `The name of the target does not resolve on this machine (${error.code ?? error.name}).`
      resolve(new Failure('handshake', 'host-not-found', detail))
    })
  })
}

/** A request may not go where it was to go. */
export function privateTarget(host: string): Failure {
  const detail = `${host} lies in a local network, where this request may not go; allowPrivateTargets: true (--allow-private) lets it.`
  return new Failure('redirect', 'private-target', detail)
}
