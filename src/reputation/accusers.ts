import { getDomain } from 'tldts'
import type { Exchange } from '../contracts/outcome.ts'

/**
 * Who says that a proxy is dead? A host can answer as a proxy would: a 407, a Proxy-Status, a portal page over plain HTTP,
 * a bad certificate, silence. It must not be able to take proxies away from all other hosts by that. So what a host may
 * have done counts against a proxy at that host alone, until a second site says the same of the proxy, with no good
 * answer from elsewhere in between. What happened before any host was named is the proxy's own, and needs nobody else.
 */
const rememberedMs = 600_000
const mostSites = 4

/** How a proxy says that it waits for the host, where it says nothing. */
const silent: ReadonlySet<string> = new Set(['handshake-timeout', 'handshake-closed'])

/** Whether no host had a part in it. `isAnswering`: other exits get through to the host, so that nobody waits for it. */
export function isProxysOwn(exchange: Exchange, isAnswering: boolean): boolean {
  if (exchange.kind === 'response') return false
  const { phase, cause } = exchange
  if (phase === 'dial') return true
  if (phase !== 'handshake' || cause === 'connect-injected') return false
  return isAnswering || !silent.has(cause)
}

export class Accusers {
  /** By proxy: when each site said it, clock ms. */
  readonly #said = new Map<number, Map<string, number>>()

  /** A host says that the proxy is dead. True when another site does, too. */
  agree(proxy: number, host: string, now: number): boolean {
    const sites = this.#said.get(proxy) ?? new Map<string, number>()
    this.#said.set(proxy, sites)
    for (const [site, at] of sites) if (now - at > rememberedMs) sites.delete(site)
    const site = siteOf(host)
    if (sites.has(site) || sites.size < mostSites) sites.set(site, now)
    return sites.size > 1
  }

  /** A good answer came from this host: what others said before is in doubt. */
  acquit(proxy: number, host: string): void {
    const sites = this.#said.get(proxy)
    if (!sites) return
    const own = siteOf(host)
    for (const site of sites.keys()) if (site !== own) sites.delete(site)
    if (sites.size === 0) this.#said.delete(proxy)
  }

  /** Another proxy has the number. */
  forget(proxy: number): void {
    this.#said.delete(proxy)
  }
}

/** All hosts of one owner are one voice. */
export function siteOf(host: string): string {
  return getDomain(host) ?? host.replace(/:\d+$/, '')
}
