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

/** A request may not go where it was to go. */
export function privateTarget(host: string): Failure {
  const detail = `${host} lies in a local network, where this request may not go; allowPrivateTargets: true (--allow-private) lets it.`
  return new Failure('redirect', 'private-target', detail)
}
