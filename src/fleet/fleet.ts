import { setMaxListeners } from 'node:events'
import type { Clock } from '../base/clock.ts'
import { createRandom, uniform } from '../base/random.ts'
import type { ParsedProxy, ProxyEndpoint } from '../contracts/endpoint.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { Alert, ProxiesRefreshed } from '../contracts/events.ts'
import type { ProxyProvider } from '../contracts/provider.ts'
import { type ProxyFilter, passesFilter } from '../contracts/proxy-filter.ts'
import { diffProxies } from './diff.ts'
import { emptyList, type FirstLoad, firstReasons } from './first-load.ts'
import { directProxy, distinctProxies } from './label.ts'
import { noProxyPasses, somePass } from './no-proxy-passes.ts'
import { SchemeFinder, type SchemeProbe } from './scheme-finder.ts'
import { Subscription } from './subscription.ts'

/**
 * Every proxy there is, kept up to date. The fleet merges what its providers list, compares it by label with what it
 * had, and tells the listener the difference; what went away is drained by those who lease and connect. It judges lists
 * (believe.ts), never proxies: whether one is any good is reputation's question.
 *
 * Failing at the start is loud, failing later is an alert. One exception: another's server that is down at the start is
 * an alert too, as long as some other provider has proxies.
 */
export interface FleetListener {
  /** A proxy came, with its credentials: hand them to the transport and keep none. */
  added(proxy: ParsedProxy): void
  /** A proxy went: drain it. Comes before `added` when one label changes its meaning. */
  removed(id: string): void
  /** The same exit has another account or other tags now, and perhaps another label. Default: it is removed and added. */
  renewed?(id: string, proxy: ParsedProxy): void
  /** A list was loaded again and believed, whether or not anything changed. */
  refreshed(event: ProxiesRefreshed): void
  alert(alert: Alert): void
}

export interface FleetOptions {
  readonly providers: readonly ProxyProvider[]
  readonly clock: Clock
  readonly listener: FleetListener
  /** Going out directly was asked for: it joins the fleet as `direct`, and an empty list is no error. Default false. */
  readonly direct?: boolean
  /** Milliseconds between refreshes, ±10 %. Default 10 min. Infinity: never. */
  readonly refreshMs?: number
  /** Seed of that jitter. Default 0. */
  readonly seed?: number
  /** Asks proxies whose scheme nobody has said. Default: they are taken for HTTP. */
  readonly probe?: SchemeProbe | undefined
  /** Only those that pass join, whatever lists them. Default: all. */
  readonly use?: ProxyFilter | undefined
}

/** How long a start or a refresh waits for proxies to say which protocol they speak, ms: once some have, and at most. */
const [firstPatience, patience] = [500, 5_000]

export class Fleet {
  readonly #listener: FleetListener
  readonly #clock: Clock
  readonly #refreshMs: number
  readonly #random: () => number
  readonly #subscriptions: readonly Subscription[]
  readonly #direct: readonly ParsedProxy[]
  readonly #stopping = new AbortController()
  readonly #finder: SchemeFinder | undefined
  readonly #use: ProxyFilter | undefined
  #members: ReadonlyMap<string, ParsedProxy> = new Map()
  #started = false
  #unwatch: (() => void)[] = []
  #cancelTimer: (() => void) | undefined

  constructor(options: FleetOptions) {
    this.#listener = options.listener
    this.#clock = options.clock
    this.#refreshMs = options.refreshMs ?? 600_000
    this.#random = createRandom(options.seed ?? 0)
    this.#direct = options.direct ? [directProxy] : []
    setMaxListeners(0, this.#stopping.signal)
    const { signal } = this.#stopping
    this.#finder =
      options.probe &&
      new SchemeFinder({ probe: options.probe, clock: this.#clock, signal, onFound: () => this.#merge() })
    this.#use = options.use
    const parts = { clock: this.#clock, random: this.#random, refreshMs: this.#refreshMs }
    this.#subscriptions = options.providers.map(
      (provider) =>
        new Subscription(provider, signal, {
          ...parts,
          // How some are spoken to is not known before they have joined, so that does not count.
          count: (proxies) => this.#wantedOf(provider, proxies, { protocol: undefined }).length,
          loaded: (subscription) => this.#merge(subscription),
          alert: (alert) => this.#listener.alert(alert),
        }),
    )
  }

  get size(): number {
    return this.#members.size
  }

  /** Everybody there is now, without credentials. */
  endpoints(): ProxyEndpoint[] {
    return [...this.#members.values()].map((proxy) => proxy.endpoint)
  }

  /**
   * Loads every list, adds every proxy, begins to watch. Throws what a provider throws, or PROXY_LIST_EMPTY; nothing
   * runs on then. To be called once.
   */
  async start(): Promise<void> {
    try {
      await this.#begin()
    } catch (error) {
      for (const subscription of this.#subscriptions) subscription.stop()
      throw error
    }
  }

  async #begin(): Promise<void> {
    const loads = await Promise.all(this.#subscriptions.map(loadFirst))
    this.#stopping.signal.throwIfAborted()
    this.#requireProxies(loads)
    this.#started = true
    this.#tellRejected(loads)
    this.#merge()
    await this.#firstFound()
    this.#stopping.signal.throwIfAborted()
    this.#requireSomeThatPass()
    for (const subscription of this.#subscriptions) {
      const stop = subscription.provider.watch?.(() => void subscription.reload(false))
      if (stop) this.#unwatch.push(stop)
    }
    this.#schedule()
  }

  /**
   * Loads every list again now. A provider that fails is an alert and keeps its list. `believe` takes the new lists
   * even when they are empty or much shorter.
   */
  async refresh(options: { readonly believe?: boolean | undefined } = {}): Promise<void> {
    if (!this.#started || this.#stopping.signal.aborted) return
    this.#finder?.askAgain()
    await Promise.all(this.#subscriptions.map((each) => each.reload(options.believe ?? false)))
    await this.#firstFound()
  }

  /** What is known of a proxy's protocol from earlier runs, told before the start. */
  remember(endpoint: Pick<ProxyEndpoint, 'host' | 'port' | 'protocol'>): void {
    const { host, port, protocol } = endpoint
    if (protocol !== 'direct') this.#finder?.remember(host, port, protocol)
  }

  /** Ends watching, refreshing and whatever is being loaded. Removes nothing. Harmless when repeated. */
  stop(): void {
    this.#stopping.abort(new RegattaError('STOPPED', 'The fleet was stopped.'))
    this.#cancelTimer?.()
    for (const stop of this.#unwatch) stop()
    for (const subscription of this.#subscriptions) subscription.stop()
    this.#unwatch = []
  }

  #schedule(): void {
    if (!Number.isFinite(this.#refreshMs) || this.#stopping.signal.aborted) return
    const wait = this.#refreshMs * uniform(this.#random, 0.9, 1.1)
    this.#cancelTimer = this.#clock.after(wait, () => void this.#refreshDue().then(() => this.#schedule()))
  }

  async #refreshDue(): Promise<void> {
    this.#finder?.askAgain()
    await Promise.all(this.#subscriptions.map((each) => each.refresh()))
    await this.#firstFound()
  }

  #requireProxies(loads: readonly FirstLoad[]): void {
    const total = loads.reduce((sum, load) => sum + (load.list?.proxies.length ?? 0), this.#direct.length)
    for (const { provider, error } of loads) {
      if (error === undefined) continue
      const isOutage = error instanceof RegattaError && error.code === 'PROXY_LIST_UNREADABLE'
      if (total === 0 || provider.trusted || !isOutage) throw error
      const message = `${error.message} Starting with the ${total} proxies of the other lists.`
      this.#listener.alert({ code: error.code, message })
    }
    if (total === 0) throw emptyList(loads)
  }

  /** Those of a list that pass its own filter and that of the fleet, as far as it is known how they are spoken to. */
  #wantedOf(
    provider: ProxyProvider,
    proxies: readonly ParsedProxy[],
    but: ProxyFilter = {},
  ): readonly ParsedProxy[] {
    const filters = this.#filtersOf(provider).map((filter) => ({ ...filter, ...but }))
    if (filters.length === 0) return proxies
    return proxies.filter(({ endpoint }) => filters.every((filter) => passesFilter(endpoint, filter)))
  }

  #filtersOf({ use = [] }: ProxyProvider): readonly ProxyFilter[] {
    return this.#use ? [this.#use, use].flat() : [use].flat()
  }

  /** Throws NO_PROXY_PASSES where a filter lets none of the known proxies pass; nobody waits for those that may come. */
  #requireSomeThatPass(): void {
    for (const { provider, proxies } of this.#subscriptions) {
      const known = proxies.flatMap((proxy) => this.#resolved(proxy) ?? []).map(({ endpoint }) => endpoint)
      if (known.length < proxies.length || known.length === 0) continue // some have not said yet how they are spoken to
      for (const filter of [provider.use ?? []].flat()) {
        if (!somePass(known, [filter])) throw noProxyPasses(known, filter, `The list ${provider.name}`)
      }
    }
    const use = this.#use
    if (use === undefined) return
    const listed = this.#subscriptions.flatMap(({ proxies }) => proxies)
    const known = listed.flatMap((proxy) => this.#resolved(proxy) ?? []).map(({ endpoint }) => endpoint)
    const isWhole = known.length === listed.length && known.length > 0
    if (isWhole && !somePass(known, [use])) throw noProxyPasses(known, use, 'The option "use"')
  }

  #resolved(proxy: ParsedProxy): ParsedProxy | undefined {
    return this.#finder ? this.#finder.resolve(proxy) : proxy
  }

  /** Waits until those whose scheme is not known have been asked, or some of them have answered and the rest take long. */
  async #firstFound(): Promise<void> {
    if (!this.#finder) return
    const { promise: enough, resolve } = Promise.withResolvers<void>()
    const looks = [firstPatience, patience].map((ms) =>
      this.#clock.after(ms, () => {
        if (this.#members.size > 0 || ms === patience) resolve()
      }),
    )
    await Promise.race([this.#finder.run(), enough])
    for (const cancel of looks) cancel()
  }

  #tellRejected(loads: readonly FirstLoad[]): void {
    for (const { provider, list } of loads) {
      if (!list || list.rejected.length === 0) continue
      const total = list.rejected.length + list.proxies.length + list.duplicates
      const message = `${provider.name}: ${list.rejected.length} of ${total} entries were not understood: ${firstReasons(list.rejected)}.`
      this.#listener.alert({ code: 'LIST_NOT_UNDERSTOOD', message })
    }
  }

  #renew(id: string, proxy: ParsedProxy): void {
    if (this.#listener.renewed) return this.#listener.renewed(id, proxy)
    this.#listener.removed(id)
    this.#listener.added(proxy)
  }

  #merge(subscription?: Subscription): void {
    const found = this.#subscriptions.flatMap(({ provider, proxies }) =>
      this.#wantedOf(
        provider,
        proxies.flatMap((proxy) => this.#resolved(proxy) ?? []),
      ),
    )
    const all = [...this.#direct, ...found]
    if (this.#started) void this.#finder?.run()
    const members = new Map(distinctProxies(all).proxies.map((proxy) => [proxy.endpoint.id, proxy]))
    const { removed, added, renewed } = diffProxies(this.#members, members)
    this.#members = members
    for (const id of removed) this.#listener.removed(id)
    for (const [id, proxy] of renewed) this.#renew(id, proxy)
    for (const proxy of added) this.#listener.added(proxy)
    if (!subscription) return
    this.#listener.refreshed({
      provider: subscription.provider.name,
      added: added.length,
      removed: removed.length,
      renewed: renewed.length,
      total: members.size,
    })
  }
}

async function loadFirst(subscription: Subscription): Promise<FirstLoad> {
  const { provider } = subscription
  try {
    return { provider, list: await subscription.load() }
  } catch (error) {
    return { provider, error }
  }
}

/** A fleet that is not started yet. */
export function createFleet(options: FleetOptions): Fleet {
  return new Fleet(options)
}
