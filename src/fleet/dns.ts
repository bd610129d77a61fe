import { RegattaError } from '../contracts/errors.ts'
import type { ProxyProvider } from '../contracts/provider.ts'
import { collect, type Entry, splitPool } from './list.ts'
import { type ParseDefaults, readProxy, stripComment } from './parse-proxy.ts'

/**
 * Proxies published as TXT records of a name: each record holds one entry or several, separated by commas. The
 * server that answers for the name is a stranger, so inside addresses are rejected. A record is at most 255 bytes a string; the
 * strings of one record belong together.
 */
export interface DnsOptions {
  /** `resolveTxt` of node:dns/promises, or of one of its resolvers. */
  readonly resolveTxt: (name: string) => Promise<string[][]>
  readonly defaults?: ParseDefaults
}

/** Its `load` throws PROXY_LIST_UNREADABLE when the name has no TXT records or cannot be resolved. */
export function dnsProvider(name: string, options: DnsOptions): ProxyProvider {
  return {
    name: `dns:${name}`,
    trusted: false,
    async load(signal) {
      signal.throwIfAborted()
      const records = await options.resolveTxt(name).catch((cause: unknown) => {
        throw new RegattaError(
          'PROXY_LIST_UNREADABLE',
          `The TXT records of "${name}" cannot be read. Check the name and that it has TXT records.`,
          { value: { list: name }, cause },
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
      return collect(entries, { trusted: false })
    },
  }
}
