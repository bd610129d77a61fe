import type { ParsedProxy } from '../contracts/endpoint.ts'
import { proxyUrl } from './label.ts'

/**
 * What changed between two fleets, by label. A label whose URL or tags are no longer the same is another proxy: it is
 * removed and added, so that nothing learnt, leased or connected with the old one is used for the new one.
 */
export interface FleetDiff {
  readonly removed: readonly string[]
  readonly added: readonly ParsedProxy[]
}

export function diffProxies(
  before: ReadonlyMap<string, ParsedProxy>,
  after: ReadonlyMap<string, ParsedProxy>,
): FleetDiff {
  const removed: string[] = []
  const added: ParsedProxy[] = []
  for (const [id, proxy] of before) {
    const now = after.get(id)
    if (!now || !isSame(proxy, now)) removed.push(id)
  }
  for (const [id, proxy] of after) {
    const was = before.get(id)
    if (!was || !isSame(was, proxy)) added.push(proxy)
  }
  return { removed, added }
}

function isSame(one: ParsedProxy, other: ParsedProxy): boolean {
  return one === other || (proxyUrl(one) === proxyUrl(other) && hasSameTags(one, other))
}

function hasSameTags(
  { endpoint: { tags: a } }: ParsedProxy,
  { endpoint: { tags: b } }: ParsedProxy,
): boolean {
  const names = ['provider', 'country', 'city', 'asn', 'class', 'price'] as const
  return names.every((name) => a[name] === b[name])
}
