import { RegattaError } from '../../src/contracts/errors.ts'
import type { ProxyProvider } from '../../src/contracts/provider.ts'
import { parseProxy } from '../../src/fleet/parse-proxy.ts'

/** A list of proxies that the test rewrites; while it is undefined, loading it fails. */
export interface ScriptedProvider extends ProxyProvider {
  current: readonly string[] | undefined
  loads: number
}

export function scriptedProvider(first: readonly string[]): ScriptedProvider {
  const provider: ScriptedProvider = {
    name: 'scripted',
    trusted: true,
    current: first,
    loads: 0,
    async load() {
      provider.loads++
      if (!provider.current)
        throw new RegattaError('PROXY_LIST_UNREADABLE', 'scripted: the server is down.', {
          value: { list: 'scripted' },
        })
      return { proxies: provider.current.map((entry) => parseProxy(entry)), duplicates: 0, rejected: [] }
    },
  }
  return provider
}
