import { Resolver } from 'node:dns/promises'
import { showGiven } from '../base/show.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { ProxyProvider } from '../contracts/provider.ts'
import { type ParseDefaults, readProxy, stripComment } from './parse-proxy.ts'
import { collect, type Entry, splitPool } from './proxy-list.ts'

/**
 * Proxies published as TXT records of a name: each record holds one entry or several, separated by commas. The
 * server that answers for the name is a stranger, so inside addresses are rejected. A record is at most 255 bytes a string; the
 * strings of one record belong together.
 */
export interface DnsOptions {
  /** `resolveTxt` of node:dns/promises, or of one of its resolvers. Default: that of the system, or of `server`. */
  readonly resolveTxt?: (name: string) => Promise<string[][]>
  /** The name server to ask: an address, with a port if it is not 53. Default: the system's. */
  readonly server?: string
  readonly defaults?: ParseDefaults
  /** The records are our own: private and loopback addresses are allowed. Default false. */
  readonly trusted?: boolean
}

const timeoutMs = 5_000

/** Throws OPTION_INVALID for a server that is no address. Its `load` throws PROXY_LIST_UNREADABLE when the name has no TXT records or cannot be resolved. */
export function dnsProvider(name: string, options: DnsOptions = {}): ProxyProvider {
  const { trusted = false, server } = options
  if (server !== undefined) assertServer(server)
  return {
    name: `dns:${name}`,
    trusted,
    async load(signal) {
      signal.throwIfAborted()
      const records = await resolve(name, options, signal).catch((cause: unknown) => {
        signal.throwIfAborted()
        const errno = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined
        throw new RegattaError(
          'PROXY_LIST_UNREADABLE',
          `The TXT records of "${name}" cannot be read${reasons[errno ?? ''] ?? ''}. Check the name and that it has TXT records.`,
          { value: { list: name, ...(errno !== undefined && { errno }) }, cause },
        )
      })
      signal.throwIfAborted()
      const entries: Entry[] = []
      // A name server gives records in any order; sorted, "record 3" means the same one each time.
      for (const [index, record] of records
        .map((strings) => strings.join(''))
        .sort()
        .entries()) {
        for (const text of splitPool(record)) {
          if (stripComment(text) === '') continue
          entries.push({ place: `record ${index + 1}`, proxy: readProxy(text, options.defaults) })
        }
      }
      return collect(entries, { trusted })
    },
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOTFOUND: ': there is no such name',
  ENODATA: ': it has none',
  ETIMEOUT: ': the name server does not answer',
  ECONNREFUSED: ': no name server can be reached',
  ESERVFAIL: ': the name server has failed',
  EREFUSED: ': the name server refuses to answer for it',
}

/** A name would have to be resolved first, by a name server. */
function assertServer(server: string): void {
  try {
    new Resolver().setServers([server])
  } catch {
    throw new RegattaError(
      'OPTION_INVALID',
      `Option "proxies": the name server of dns: must be an address, with a port if it is not 53, such as 192.0.2.53 or [2001:db8::53]:5353 (got ${showGiven(server, true)}).`,
      { value: { path: 'proxies', value: `dns://${server}/` } },
    )
  }
}

async function resolve(name: string, { resolveTxt, server }: DnsOptions, signal: AbortSignal) {
  if (resolveTxt) return resolveTxt(name)
  const resolver = new Resolver({ timeout: timeoutMs, tries: 2 })
  if (server !== undefined) resolver.setServers([server])
  const cancel = () => resolver.cancel()
  signal.addEventListener('abort', cancel, { once: true })
  try {
    return await resolver.resolveTxt(name)
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}
