import { RegattaError } from '../contracts/errors.ts'
import type { ProxyProvider } from '../contracts/provider.ts'
import type { DownloadOptions } from './download.ts'
import type { ParseDefaults } from './parse-proxy.ts'
import { urlProvider } from './url.ts'

/**
 * Lists that others publish for everybody, asked for by name only: most of these proxies are dead, many are slow, and some
 * lie about what they bring. They get the class `free`, so that little is expected of each. Each list is a provider of its
 * own: one that is down costs the others nothing.
 */
const hosting = 'https://raw.githubusercontent.com'
const lists = {
  monosans: { path: '/monosans/proxy-list/main/proxies/all.txt' },
  proxifly: { path: '/proxifly/free-proxy-list/main/proxies/all/data.txt' },
  'thespeedx-http': { path: '/TheSpeedX/PROXY-List/master/http.txt' },
  'thespeedx-socks4': { path: '/TheSpeedX/PROXY-List/master/socks4.txt', protocol: 'socks4a' },
  'thespeedx-socks5': { path: '/TheSpeedX/PROXY-List/master/socks5.txt', protocol: 'socks5h' },
} as const satisfies Readonly<Record<string, { path: string; protocol?: ParseDefaults['protocol'] }>>

/** The name of a public list. */
export type FreeListName = keyof typeof lists

/** The names of all of them. */
export const freeListNames = Object.keys(lists) as FreeListName[]

/** One provider for each name, or for all lists there are. Throws OPTION_INVALID for a name that there is not. */
export function freeProviders(
  names: readonly string[] = freeListNames,
  options: DownloadOptions & { readonly defaults?: ParseDefaults } = {},
): ProxyProvider[] {
  return names.map((name) => {
    if (!isFreeList(name)) throw unknownList(name)
    const { path, ...rest } = lists[name]
    const defaults = {
      ...options.defaults,
      ...rest,
      tags: { class: 'free', ...options.defaults?.tags } as const,
    }
    return { ...urlProvider(`${hosting}${path}`, { ...options, defaults }), name: `free:${name}` }
  })
}

function isFreeList(name: string): name is FreeListName {
  return Object.hasOwn(lists, name)
}

function unknownList(name: string): RegattaError {
  return new RegattaError(
    'OPTION_INVALID',
    `Option "proxies": there is no list "free:${name.slice(0, 40)}"; there are ${freeListNames.map((each) => `free:${each}`).join(', ')}, and free: for all of them.`,
    { value: { path: 'proxies', value: `free:${name.slice(0, 40)}` } },
  )
}
