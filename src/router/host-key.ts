import { getDomain } from 'tldts'
import type { Options } from '../options.ts'

/** What shares a pool: the host with its port, the registrable domain (public suffix list), or the caller's own idea. */
export function hostKeyFor(option: Options['hostKey']): (url: URL) => string {
  if (typeof option === 'function') return option
  if (option === 'host') return (url) => url.host
  return (url) => getDomain(url.hostname) ?? url.host
}
