import type { ProxyProvider } from '../contracts/provider.ts'
import type { ParseDefaults } from './parse-proxy.ts'
import { parseStrictList } from './proxy-list.ts'

/**
 * Proxies written in the program. It is read at once, so that a wrong entry fails where it stands in the code; the
 * entries are the user's own, so any address is allowed. `name` is what messages call it.
 */
export function arrayProvider(
  entries: readonly string[],
  options: { readonly defaults?: ParseDefaults; readonly name?: string } = {},
): ProxyProvider {
  const name = options.name ?? 'array'
  const called = entries.length === 1 ? 'The proxy' : `the ${name}`
  const list = parseStrictList(entries, { ...options, name: called })
  return { name, trusted: true, load: async () => list }
}
