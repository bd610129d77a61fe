import type { OwnLease } from '../../src/contracts/own-lease.ts'
import type { CrawlerOptions } from '../../src/options/options.ts'
import type { SimulatedAttempt } from '../../src/sim/transport.ts'
import { good, openScene, proxyList, type Scene } from '../faults/simulation.ts'

/**
 * A crawler on virtual time whose pages say in their address how they end: `/ok`, `/refused`, `/blocked`, and how late:
 * `/blocked?ms=500`. What a request meets can be read off the test; what the charts made of it, off the crawler's events.
 */
export const host = 'target.test'
export const second = 1_000

const refused = { phase: 'dial', cause: 'dial-refused' } as const

const ways: Record<string, (query: URLSearchParams) => Omit<SimulatedAttempt, 'afterMs'>> = {
  '/ok': () => ({}),
  '/refused': () => ({ fault: refused }),
  '/blocked': () => ({ status: 403 }),
  '/failing': () => ({ status: 500 }),
  '/limited': (query) => ({ status: 429, headers: { 'retry-after': query.get('after') ?? '60' } }),
}

export interface Script extends Scene {
  /** Labels of the proxies, the first is that of number 1. */
  readonly ids: readonly string[]
  /** How a request ends; changed by a test when the world changes. */
  world: (path: string, proxy: string, now: number) => SimulatedAttempt | undefined
  /** Fetches a page and gives its status, or the code of its error. Its end is awaited by `until`. */
  fetch(path: string, proxy?: number, signal?: AbortSignal): Promise<number | string>
  /** A lease on this proxy; the others that come first are given back without a word. */
  lease(proxy: number): Promise<OwnLease>
  /** Enough good answers that a few failures in a row cannot be chance. */
  warm(): Promise<void>
  /** States of the host since the beginning, as `from → to`. */
  hostStates(): string[]
  /** The same, with what a listener was told: when, why, and until when. */
  hostChanges(): HostChange[]
  /** What the fleet (no host) or the host thinks of a proxy, state by state, as clock time and state. */
  statesOf(
    proxy: number,
    host?: string,
  ): { at: number; to: string; reason: string; until: number | undefined }[]
  /** When attempts over a proxy, or all of them, began. */
  startsOf(proxy?: number): number[]
}

export interface HostChange {
  readonly at: number
  readonly to: string
  readonly reason: string
  readonly until: number | undefined
}

export async function play(proxies: number, options: CrawlerOptions = {}): Promise<Script> {
  const script: { world: Script['world'] } = { world: () => undefined }
  const base = {
    strategy: 'round-robin',
    proxies: proxyList(proxies),
    politeness: false,
    // An answer is one attempt: exits are not compared.
    trust: 'blind',
    breaker: { base: 10_000 },
  } as const
  const scene = await openScene({ ...base, ...options }, (call, now) => {
    const { pathname, searchParams } = new URL(call.request.url)
    const own = script.world(pathname, call.proxy.id, now)
    if (own) return own
    const way = ways[pathname]
    if (!way) return good
    return { afterMs: Number(searchParams.get('ms') ?? 50), ...way(searchParams) }
  })
  const { crawler } = scene
  const ids = proxyList(proxies).map((_, index) => crawler.proxies()[index]!.id)
  const changes: {
    at: number
    proxy: string
    host: string | undefined
    to: string
    reason: string
    until: number | undefined
  }[] = []
  crawler.on('proxy.state', ({ proxy, host: at, to, reason, until }) =>
    changes.push({ at: scene.clock.now(), proxy, host: at, to, reason, until }),
  )
  const hostChanges: HostChange[] = []
  crawler.on('host.state', ({ to, reason, until }) =>
    hostChanges.push({ at: scene.clock.now(), to, reason, until }),
  )
  let pages = 0
  return Object.assign(script, scene, {
    ids,
    fetch(path: string, proxy?: number, signal?: AbortSignal) {
      const url = `http://${host}${path}${path.includes('?') ? '&' : '?'}page=${++pages}`
      const init = { ...(proxy !== undefined && { proxy: ids[proxy - 1]! }), ...(signal && { signal }) }
      return crawler.fetch(url, init).then(
        (response) => response.status,
        (error: { code: string }) => error.code,
      )
    },
    async lease(proxy: number) {
      for (let tries = 0; tries < 500; tries++) {
        const lease = await scene.until(crawler.lease(host))
        if (lease.proxy === ids[proxy - 1]) return lease
        lease.fail('neutral')
      }
      throw new Error(`proxy ${proxy} is never leased`)
    },
    async warm() {
      for (let n = 0; n < 70; n++) await scene.until(crawler.fetch(`http://${host}/ok?warm=${n}`))
    },
    hostStates: () => scene.log.hostStates.map(({ from, to }) => `${from} → ${to}`),
    hostChanges: () => hostChanges,
    statesOf: (proxy: number, at?: string) =>
      changes.filter((each) => each.proxy === ids[proxy - 1] && each.host === at),
    startsOf: (proxy?: number) =>
      scene.attempts
        .filter((each) => proxy === undefined || each.proxy === ids[proxy - 1])
        .map(({ at }) => at),
  })
}
