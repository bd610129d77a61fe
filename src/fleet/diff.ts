import { isIP } from 'node:net'
import type { ParsedProxy } from '../contracts/endpoint.ts'
import { bracketed, proxyUrl } from './label.ts'

/**
 * What changed between two fleets, by label. An exit whose account was renewed, or of which the list tells something else,
 * is the same exit: what was learnt of it holds. It is known again by its address:
 *
 * - with the same user name, where no other has both;
 * - with another user name, where it is the only proxy of its address, and that is no name: behind the name of a gateway
 *   the account chooses the exit. So may a password that has parameters in it, which is never taken for a renewed one.
 *
 * Any other change makes another proxy: it is removed and added, so that nothing learnt, leased or connected with the old
 * one is used for the new one.
 */
export interface FleetDiff {
  readonly removed: readonly string[]
  readonly added: readonly ParsedProxy[]
  /** The label that it had, and what it is now. */
  readonly renewed: readonly (readonly [before: string, now: ParsedProxy])[]
}

export function diffProxies(
  before: ReadonlyMap<string, ParsedProxy>,
  after: ReadonlyMap<string, ParsedProxy>,
): FleetDiff {
  const gone: ParsedProxy[] = []
  const added: ParsedProxy[] = []
  const renewed: [string, ParsedProxy][] = []
  for (const [id, proxy] of before) {
    const now = after.get(id)
    if (!now || proxyUrl(proxy) !== proxyUrl(now)) gone.push(proxy)
    else if (proxy !== now && !hasSameTags(proxy, now)) renewed.push([id, now])
  }
  for (const [id, proxy] of after) {
    const was = before.get(id)
    if (!was || proxyUrl(was) !== proxyUrl(proxy)) added.push(proxy)
  }
  const pairs = renewals(gone, added, before, after)
  const isRenewed = new Set(pairs.values())
  return {
    removed: gone.filter((proxy) => !pairs.has(proxy)).map(({ endpoint }) => endpoint.id),
    added: added.filter((proxy) => !isRenewed.has(proxy)),
    renewed: [...renewed, ...[...pairs].map(([was, now]) => [was.endpoint.id, now] as const)],
  }
}

/** Those that are gone, with what each of them is now. */
function renewals(
  gone: readonly ParsedProxy[],
  added: readonly ParsedProxy[],
  before: ReadonlyMap<string, ParsedProxy>,
  after: ReadonlyMap<string, ParsedProxy>,
): Map<ParsedProxy, ParsedProxy> {
  const pairs = new Map<ParsedProxy, ParsedProxy>()
  if (gone.length === 0 || added.length === 0) return pairs
  const pair = (keyOf: (proxy: ParsedProxy) => string, mayBe: (proxy: ParsedProxy) => boolean) => {
    const now = grouped(added, keyOf)
    const [earlier, later] = [before, after].map((fleet) => grouped([...fleet.values()], keyOf))
    for (const [key, [was]] of grouped(gone, keyOf)) {
      const [is] = now.get(key) ?? []
      if (!was || !is || pairs.has(was) || !mayBe(was)) continue
      // Where several have the same key it is not known which of them was renewed.
      if (earlier!.get(key)!.length > 1 || later!.get(key)!.length > 1) continue
      if (!hasParameters(was) && !hasParameters(is)) pairs.set(was, is)
    }
  }
  pair(accountKey, () => true)
  pair(addressKey, ({ endpoint }) => isIP(endpoint.host) !== 0)
  return pairs
}

function grouped(proxies: readonly ParsedProxy[], keyOf: (proxy: ParsedProxy) => string) {
  return Map.groupBy(proxies, keyOf)
}

function addressKey({ endpoint: { protocol, host, port } }: ParsedProxy): string {
  return `${protocol}://${bracketed(host)}:${port}`
}

function accountKey(proxy: ParsedProxy): string {
  return `${addressKey(proxy)} ${proxy.credentials?.username ?? ''}`
}

/** `word_country-us_session-1`: with another one it is another exit. */
function hasParameters({ credentials }: ParsedProxy): boolean {
  return /[_-](?:country|cc|city|state|region|zone|session|sessid|sid|lifetime|ttl|streaming)[_-]/i.test(
    credentials?.password ?? '',
  )
}

function hasSameTags(
  { endpoint: { tags: a } }: ParsedProxy,
  { endpoint: { tags: b } }: ParsedProxy,
): boolean {
  const names = ['provider', 'country', 'city', 'asn', 'class', 'price'] as const
  return names.every((name) => a[name] === b[name])
}
