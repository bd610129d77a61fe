import { RegattaError } from '../contracts/errors.ts'
import type { ProxyProvider } from '../contracts/provider.ts'
import { distinctProxies } from './label.ts'
import type { ParseDefaults } from './parse-proxy.ts'
import { parseStrictList, splitPool } from './proxy-list.ts'

/**
 * Proxies from PROXY_URL (one) and PROXY_POOL (separated by commas) of a given record; nothing here looks at the
 * process. A variable that is set and wrong stops the start: a user who sets it does not want anything else instead,
 * least of all to go out directly. An empty variable counts as not set, as shells make it.
 */
export type Environment = Readonly<Record<string, string | undefined>>

/** The provider, or undefined when neither variable is set. Throws PROXY_LINE_INVALID naming the position. */
export function environmentProvider(
  environment: Environment,
  options: { readonly defaults?: ParseDefaults } = {},
): ProxyProvider | undefined {
  const one = environment.PROXY_URL?.trim()
  const pool = environment.PROXY_POOL?.trim()
  if (!one && !pool) return undefined
  if (one && splitPool(one).length > 1) {
    throw new RegattaError(
      'PROXY_LINE_INVALID',
      'PROXY_URL holds more than one proxy (a comma inside a password is written %2C). Use PROXY_POOL for several.',
      { value: { name: 'PROXY_URL', reason: 'more than one proxy' } },
    )
  }
  const read = (text: string | undefined, name: string) =>
    parseStrictList(text ? splitPool(text) : [], { ...options, name })
  const lists = [read(one, 'PROXY_URL'), read(pool, 'PROXY_POOL')]
  const { proxies, duplicates } = distinctProxies(lists.flatMap((each) => each.proxies))
  const list = {
    proxies,
    duplicates: lists.reduce((sum, each) => sum + each.duplicates, duplicates),
    rejected: [],
  }
  const name = one && pool ? 'PROXY_URL and PROXY_POOL' : one ? 'PROXY_URL' : 'PROXY_POOL'
  return { name, trusted: true, load: async () => list }
}
