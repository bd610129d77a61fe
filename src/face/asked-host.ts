import { assertArgument } from '../contracts/arguments.ts'
import type { HostTable } from '../options/host-table.ts'

/** The key of the pool that a host belongs to, which is given as a name or as a URL. Throws URL_INVALID. */
export function keyOf(hosts: HostTable, hostOrUrl: string | URL): string {
  const text = String(hostOrUrl)
  return hosts.keyOf(text.includes('://') ? text : `https://${text}`)
}

/** Throws OPTION_INVALID, in the name of what was called. */
export function assertHost(host: unknown, call: string, name: string): asserts host is string | URL {
  const isHost = host instanceof URL || (typeof host === 'string' && host !== '')
  assertArgument(isHost, call, name, 'the name of a host or a URL', host)
}
