import type { Dispatcher } from 'undici'
import { ByteBudget } from '../base/byte-budget.ts'
import { systemClock } from '../base/clock.ts'
import { randomSeed } from '../base/random.ts'
import { Wheel } from '../base/wheel.ts'
import { within } from '../base/within.ts'
import { assertArgument, isOptions } from '../contracts/arguments.ts'
import type { Crawl, CrawlOptions } from '../contracts/crawl.ts'
import { RegattaError } from '../contracts/errors.ts'
import { eventNames } from '../contracts/events.ts'
import type { Explanation } from '../contracts/explanation.ts'
import type {
  Inspection,
  InspectionEvent,
  InspectionObserver,
  InspectOptions,
} from '../contracts/inspection.ts'
import type { LeaseOptions, OwnLease } from '../contracts/own-lease.ts'
import type { ProxyFilter, ProxyUse } from '../contracts/proxy-filter.ts'
import type { Source } from '../contracts/source.ts'
import type { SpendingLedger } from '../contracts/spending.ts'
import type {
  CrawlerStats,
  CrawlerTotals,
  FrontierCounts,
  HostStats,
  ProxyView,
  ReputationRow,
} from '../contracts/stats.ts'
import type { Transport } from '../contracts/transport.ts'
import { assertCrawlOptions, timeoutOf } from '../crawl/crawl-options.ts'
import { CrawlsUnderWay } from '../crawl/crawls-under-way.ts'
import type { Dashboard, DashboardOptions } from '../dashboard/serve-dashboard.ts'
import { Engine } from '../engine/engine.ts'
import { reputationOf } from '../engine/reputation-rows.ts'
import { hostStats, mayRun, proxyViews, statsOf, totalsOf } from '../engine/stats.ts'
import { Telling } from '../engine/telling.ts'
import { fenceCrawlOptions, fenceOptions } from '../fences/doors.ts'
import { fenceSource } from '../fences/source.ts'
import type { Fleet } from '../fleet/fleet.ts'
import type { HealthChecks, HealthRound } from '../health/health.ts'
import { type CrawlerOptions, type Options, parseOptions } from '../options/options.ts'
import { bothOf, readUse } from '../options/read-use.ts'
import { assertRuntime } from '../options/runtime.ts'
import { sourceOf } from '../source/define-source.ts'
import { parseParams } from '../source/schema.ts'
import type { StateFolder } from '../state/folder.ts'
import type { ReputationFile } from '../state/reputation/reputation-file.ts'
import type { SpendingFile } from '../state/spending-file.ts'
import { CredentialVault } from '../transport/credentials.ts'
import { Announcer } from './announcer.ts'
import { assertHost, keyOf } from './asked-host.ts'
import { numberOf } from './asked-proxy.ts'
import { attachInspector } from './attach-inspector.ts'
import { CrawlerDispatcher } from './dispatcher.ts'
import { type EventStream, type EventStreamOptions, mostHeldEvents } from './event-stream.ts'
import { fetchInit } from './fetch-options.ts'
import type { FetchInit } from './fetch-request.ts'
import type { TrustedResponse } from './fetched-response.ts'
import type { Handle } from './handle.ts'
import { Intake } from './intake.ts'
import { Membership } from './membership.ts'
import { OwnLeases } from './own-leases.ts'
import { robotsFor } from './robots-for.ts'
import { runSession, type Session } from './session.ts'
import {
  fleetFor,
  healthFor,
  provenProtocols,
  reputationFor,
  spendingFor,
  stateFor,
  transportFor,
} from './wiring.ts'

export type { Crawl, CrawlOptions, CrawlProgress, CrawlSummary } from '../contracts/crawl.ts'
export type { FetchInit } from './fetch-request.ts'

/** What `crawl` takes behind its source: the params too, where the source cannot do without. */
export type CrawlArguments<ParamsInput> =
  Record<never, never> extends ParamsInput
    ? [params?: ParamsInput, options?: CrawlOptions]
    : [params: ParamsInput, options?: CrawlOptions]

/**
 * A crawler with its proxies loaded. Throws OPTION_INVALID, or what says why there are no proxies: PROXY_LIST_UNREADABLE,
 * PROXY_LIST_EMPTY, PROXY_LINE_INVALID, MISSING_API_KEY; with `state`, STATE_LOCKED or STATE_FAILED. Nothing runs on after
 * a throw.
 */
export async function createCrawler(input: CrawlerOptions): Promise<Crawler> {
  assertRuntime()
  const crawler = new Crawler(parseOptions(input))
  try {
    await crawler.open()
  } catch (error) {
    await crawler.stop()
    throw error
  }
  return crawler
}

/**
 * The public face: builds and wires every part, and is the only file that knows them all. Several live in one process;
 * there are no globals, no signal hooks, and no files unless asked for.
 */
export class Crawler extends Announcer implements AsyncDisposable {
  /** What repeats this run's choices: the option `seed`, or a new one. */
  readonly seed: number
  readonly #options: Options
  readonly #clock
  readonly #wheel: Wheel
  readonly #vault = new CredentialVault()
  readonly #transport: Transport
  readonly #engine: Engine
  readonly #fleet: Fleet
  readonly #membership: Membership
  readonly #health: HealthChecks | undefined
  readonly #crawls: CrawlsUnderWay
  readonly #dashboards = new Set<Dashboard>()
  readonly #openedAt: number
  readonly #intake: Intake
  readonly #leases: OwnLeases
  #state: StateFolder | undefined
  #reputation: ReputationFile | undefined
  #spending: SpendingFile | undefined
  #dispatcher: CrawlerDispatcher | undefined
  #sessions = 0
  #stopped: Promise<void> | undefined

  /** Use createCrawler: it also loads the proxies. */
  constructor(given: Options) {
    super()
    const options = fenceOptions(given, this.fence)
    this.#options = options
    this.seed = options.seed ?? randomSeed()
    const clock = options.clock ?? systemClock
    this.#clock = clock
    this.#wheel = new Wheel(clock)
    this.#openedAt = clock.now()
    const bodies = new ByteBudget(options.bodies.total)
    this.#transport = transportFor(options, this.#vault, clock, this.#wheel, bodies)
    this.#engine = new Engine({
      options,
      clock,
      wheel: this.#wheel,
      transport: this.#transport,
      seed: this.seed,
      telling: new Telling(this, options.explain, clock),
    })
    const engine = this.#engine
    const vault = this.#vault
    this.#intake = new Intake(engine, clock, this.fence)
    this.#leases = new OwnLeases(options, { engine, clock, wheel: this.#wheel, vault, intake: this.#intake })
    const places = { engine, transport: this.#transport, vault }
    this.#membership = new Membership(options, { ...places, clock, audience: this })
    this.#fleet = fleetFor(options, this.seed, clock, this.#membership)
    const parts = { clock, transport: this.#transport, engine, fleet: this.#fleet }
    this.#health = healthFor(options, this.seed, parts)
    this.#crawls = new CrawlsUnderWay({
      options,
      clock,
      engine,
      trust: engine.trust,
      bodies,
      robots: robotsFor({
        engine,
        clock,
        // Its pages end at their own deadlines; the file itself is for those that come later too.
        isOffline: options.offline,
        fetch: (url, init, asker) =>
          this.#intake.fetch(url, { ...init, signal: this.#crawls.signal }, asker, undefined, options.cache),
        alert: (alert) => this.announce('alert', alert),
      }),
      store: () => this.#state,
      hostKey: (url) => engine.hosts.keyOf(url.href),
      fetch: (url, init, asker, hop, cache) => this.#intake.fetch(url, init, asker, hop, cache),
      emit: (event, ...payload) => this.announce(event, ...payload),
    })
  }

  /** Opens the state and loads the proxies. Called by createCrawler. */
  async open(): Promise<void> {
    this.#state = await stateFor(this.#options, this.#clock, {
      alert: (alert) => this.announce('alert', alert),
      log: (message) => this.announce('log', { crawl: undefined, kind: 'note', message }),
    })
    const { explain } = this.#options
    const kept = explain ? this.#state?.explanations(explain.disk) : undefined
    if (kept) this.#engine.telling.explanations.open(kept)
    const parts = { clock: this.#clock, wheel: this.#wheel, engine: this.#engine }
    this.#reputation = await reputationFor(
      this.#state,
      { ...parts, pause: this.#options.saveInterval },
      (alert) => this.announce('alert', alert),
    )
    this.#spending = await spendingFor(this.#state, parts, (alert) => this.announce('alert', alert))
    for (const proxy of provenProtocols(this.#reputation?.snapshot)) this.#fleet.remember(proxy)
    await this.#fleet.start()
    await this.#membership.anonymity?.first()
    this.#health?.start()
  }

  /**
   * Takes what WHATWG `fetch` takes. Resolves with a complete, judged answer: also a 404, which is the target's word.
   * Rejects with a RegattaError: TASK_FAILED (blocked everywhere, the target fails), DEADLINE, ABORTED, SESSION_LOST,
   * STOPPED (the crawler drains or has stopped). Waits while `capacity` tasks are under way; signal and deadline end
   * that wait too, and the reading of a body that is a stream.
   */
  async fetch(input: string | URL | Request, init?: FetchInit | null): Promise<TrustedResponse> {
    this.#intake.assertOpen()
    return this.#intake.fetch(input, fetchInit(init))
  }

  /**
   * Accepts a task, waiting while `capacity` are under way and until its body was read, and returns without waiting for
   * its answer. Rejects as `fetch` does where one of these waits is ended by the signal or the deadline.
   */
  async submit(url: string | URL, options?: FetchInit | null): Promise<Handle> {
    this.#intake.assertOpen()
    const init = fetchInit(options, 'submit()')
    const demand = this.#intake.demand(init)
    const request = await this.#intake.read(url, demand)
    while (this.#intake.isFull) await this.#intake.room(request, demand)
    this.#intake.assertOpen()
    return this.#intake.submit(request, demand)
  }

  /** Accepts a task at once, or throws POOL_FULL. A body must be text, bytes or URLSearchParams. */
  trySubmit(url: string | URL, options?: FetchInit | null): Handle {
    this.#intake.assertOpen()
    const init = fetchInit(options, 'trySubmit()')
    const request = this.#intake.readAtHand(url, init)
    return this.#intake.submit(request, this.#intake.demand(init))
  }

  /** Accepts many, in order, each as soon as there is room. */
  async *submitBatch(
    urls: Iterable<string | URL> | AsyncIterable<string | URL>,
    init: FetchInit = {},
  ): AsyncGenerator<Handle> {
    assertArgument(isIterable(urls), 'submitBatch()', 'urls', 'an iterable of URLs', urls)
    for await (const url of urls) yield await this.submit(url, init)
  }

  /** Starts nothing yet: iterate the crawl for its items, or `run()` it for its sinks. Throws SOURCE_INVALID, PARAM_INVALID or OPTION_INVALID. */
  crawl<Params, Item, ParamsInput, ItemInput>(
    source: Source<Params, Item, ParamsInput, ItemInput>,
    ...[params, options = {}]: CrawlArguments<ParamsInput>
  ): Crawl<Item> {
    this.#intake.assertOpen()
    const sound = sourceOf(source)
    assertCrawlOptions(options)
    const parsed = parseParams(source, (params ?? {}) as ParamsInput)
    const own = fenceSource(sound, this.fence)
    return this.#crawls.begin<Item>(own, parsed, fenceCrawlOptions(options, this.fence))
  }

  /** Runs `work` through one proxy from its first request to its last, again from the start when that proxy fails. */
  async session<Result>(
    work: (session: Session) => Promise<Result>,
    options: {
      /** Tries at most, from 1, each on another exit. Default 10. */
      readonly tries?: number | undefined
      /** Which proxies may be its exit, such as `country=US`. Rejects with NO_PROXY_PASSES where none does. Default: any. */
      readonly use?: ProxyUse | undefined
    } = {},
  ): Promise<Result> {
    assertArgument(typeof work === 'function', 'session()', 'work', 'a function of the session', work)
    assertArgument(isOptions(options), 'session()', 'options', 'an object', options)
    const { tries } = options
    const use = readUse(options.use)
    const isCount = tries === undefined || (typeof tries === 'number' && tries >= 1)
    assertArgument(isCount, 'session()', 'tries', 'a number from 1', tries)
    return runSession(work, {
      key: `session-${++this.#sessions}`,
      tries,
      begin: (key) => this.#engine.sessions.begin(key, { fresh: true }).cookies,
      fetch: (url, init) => this.fetch(url, { ...init, use: bothOf(use, readUse(init.use)) }),
      dispatcher: (key) => this.#dispatcherFor(key, use),
      end: (key) => this.#engine.sessions.end(key),
    })
  }

  /**
   * A proxy for a client of your own: waits until one may visit the host (a name or a URL). Say how it went with
   * `succeed()` or `fail()`; it expires after `expiresMs` (default 5 min), neutrally. `session`, `proxy` and `direct` say which one.
   */
  async lease(hostOrUrl: string | URL, options: LeaseOptions = {}): Promise<OwnLease> {
    return this.#leases.lease('lease()', hostOrUrl, options, [])
  }

  /**
   * Runs `work` with a lease, over up to `tries` proxies (default 3), one after the other: what it returns is a success of the lease, what it
   * throws a failure, unless it has said itself how it went. A throw after `lease.succeed()` or `lease.fail('final')`, an abort, and a mistake in
   * the code of `work` are not tried again.
   */
  async withLease<Result>(
    hostOrUrl: string | URL,
    work: (lease: OwnLease) => Promise<Result> | Result,
    options: LeaseOptions & {
      /** Proxies at most, one after the other, from 1. Default 3. */
      readonly tries?: number | undefined
    } = {},
  ): Promise<Result> {
    return this.#leases.run(hostOrUrl, work, options)
  }

  /** What is known right now: tasks, attempts, hosts, proxies. Plain JSON. */
  stats(): CrawlerStats {
    return statsOf(this.#engine, this.seed, this.#clock.now(), this.#openedAt)
  }

  /** The same without its hosts, of which only the states are counted: cheap also where a crawl has met a million. */
  totals(): CrawlerTotals {
    return totalsOf(this.#engine, this.seed, this.#clock.now(), this.#openedAt)
  }

  /** What is known of one host (or whatever the pools' key is), without the work for all others; undefined when it was never asked for. */
  hostStats(host: string): HostStats | undefined {
    assertArgument(typeof host === 'string', 'hostStats()', 'host', 'the name of a host', host)
    return hostStats(this.#engine, host, this.#clock.now())
  }

  /** What the crawls under way still have to do, have under way and have done: the sums of their frontiers. */
  frontier(): Promise<FrontierCounts> {
    return this.#crawls.counts(() => this.#clock.now(), mayRun(this.#engine))
  }

  /** Every proxy with the state of its breaker, over all hosts. */
  proxies(): ProxyView[] {
    return proxyViews(this.#engine, this.#clock.now())
  }

  /** What has gone over the wire for every proxy, provider and host, and what it cost; with a state, over all runs. */
  spending(): SpendingLedger {
    const { spending, fleet } = this.#engine
    return spending.ledger(fleet.members.map((proxy) => fleet.endpoints[proxy]!))
  }

  /** The weights of every proxy, over all hosts and at each: what the sampler draws from. */
  reputation(): ReputationRow[] {
    return reputationOf(this.#engine, this.#clock.now())
  }

  /** Takes a proxy out by hand, until `readmit`. Throws PROXY_UNKNOWN. */
  isolate(proxy: string, reason = 'by hand'): void {
    assertArgument(typeof reason === 'string', 'isolate()', 'reason', 'a text', reason)
    this.#engine.fleet.breakers.send(numberOf(this.#engine.fleet, proxy), { type: 'isolate', reason })
  }

  /** Closes the breaker of an open, isolated or retired proxy; its requests count anew. Throws PROXY_UNKNOWN. */
  readmit(proxy: string): void {
    this.#engine.fleet.readmit(numberOf(this.#engine.fleet, proxy))
  }

  /** Tells what is known of a proxy from elsewhere: counts as ten outcomes with this share of successes, in [0, 1]. */
  warmup(proxy: string, success: number): void {
    const row = numberOf(this.#engine.fleet, proxy)
    const isShare = typeof success === 'number' && success >= 0 && success <= 1
    assertArgument(isShare, 'warmup()', 'success', 'a number from 0 to 1', success)
    this.#engine.fleet.evidence.add(row, success * 10, (1 - success) * 10, this.#clock.now())
  }

  /** Fetches every list of proxies again now; `believe` takes a list that is empty or has shrunk by half. */
  async refresh(options: { believe?: boolean | undefined } = {}): Promise<void> {
    assertArgument(isOptions(options), 'refresh()', 'options', 'an object', options)
    await this.#fleet.refresh(options)
  }

  /** Checks every proxy against the echo targets now, without waiting for the next round. Undefined without `health`. */
  async checkOnce(): Promise<HealthRound | undefined> {
    return this.#health?.checkOnce()
  }

  /**
   * All that happens as one stream, in its order, from now on: `for await (const event of crawler.events())`. Told apart by
   * `type`; each has its time and its number, and ids by which a request is followed from its being found to its items being
   * stored. A reader that is slow holds nothing up: the oldest go, and it is told how many. Ends when the crawler has stopped.
   */
  events(options: EventStreamOptions = {}): EventStream {
    assertArgument(isOptions(options), 'events()', 'options', 'an object', options)
    const { buffer = mostHeldEvents, types = [] } = options
    const isCount = Number.isInteger(buffer) && buffer >= 1 && buffer <= 1_000_000
    assertArgument(isCount, 'events()', 'buffer', 'a whole number from 1 to 1,000,000', buffer)
    const areNames = Array.isArray(types) && types.every((each) => eventNames.includes(each))
    assertArgument(areNames, 'events()', 'types', `a list of ${eventNames.join(', ')}`, types)
    const stream = this.openStream(options, this.#clock)
    if (this.#stopped !== undefined) stream.end()
    return stream
  }

  /**
   * Why a request went as it did: what became of it, every wait and every attempt, and what the crawl did with it. By the id of
   * a task, by the crawl's id of a request, or by URL. Knows those under way, the last 256, and what the option `explain`
   * keeps; undefined for any other.
   */
  explain(which: string): Explanation | undefined {
    const what = 'the id of a task or of a request, or a URL'
    assertArgument(typeof which === 'string', 'explain()', 'which', what, which)
    return this.#engine.telling.explanations.explain(which)
  }

  /**
   * Shows the machines, live, to an inspector: a function, or an object with `next`, such as the `inspect` of an official
   * inspector (docs/inspect.md). It hears first of all that lives, parents before children, then of what happens; never of
   * a header, a cookie, a body or a password. Returns what detaches it. Free when nobody is attached.
   */
  inspect<Event extends { readonly type: string } = InspectionEvent>(
    observer: ((event: Event) => unknown) | InspectionObserver<Event>,
    options: InspectOptions = {},
  ): Inspection {
    const parts = { engine: this.#engine, clock: this.#clock, wheel: this.#wheel, fence: this.fence }
    return attachInspector(parts, observer as InspectionObserver<InspectionEvent>, options)
  }

  /** For code that takes an undici Dispatcher. */
  get dispatcher(): Dispatcher {
    this.#dispatcher ??= this.#dispatcherFor(undefined)
    return this.#dispatcher
  }

  /**
   * Starts no new attempt until `resume`; what is under way goes on. With a host (a name, a URL, or what `hostKey` gives) only
   * there: its requests wait, and the rest of a crawl goes on.
   */
  pause(host?: string | URL): void {
    if (host === undefined) this.#engine.router.isPaused = true
    else this.#hold(this.#hostOf(host, 'pause()'), true)
  }

  /** Ends a pause: that of all, or that of one host. */
  resume(host?: string | URL): void {
    const { router } = this.#engine
    if (host !== undefined) return this.#hold(this.#hostOf(host, 'resume()'), false)
    router.isPaused = false
    router.wakeAll()
  }

  /**
   * Shows this crawler live in a browser, and lets its user act: on 127.0.0.1, with a token (docs/dashboard.md). It does not keep
   * the process alive, costs next to nothing while nobody looks, and closes with the crawler. Throws OPTION_INVALID: a port that
   * is none or is taken, a token that is too short; STOPPED when the crawler has stopped.
   */
  async dashboard(options: DashboardOptions = {}): Promise<Dashboard> {
    assertArgument(isOptions(options), 'dashboard()', 'options', 'an object', options)
    if (this.#stopped) throw nothingToShow()
    const { openDashboard } = await import('../dashboard/live/open-dashboard.ts')
    const parts = { engine: this.#engine, clock: this.#clock, crawler: this, openedAt: this.#openedAt }
    const { state: stateDir } = this.#options
    const watchCrawls: CrawlsUnderWay['watch'] = (tell) => this.#crawls.watch(tell)
    const dashboard = await openDashboard({ ...parts, stateDir, watchCrawls }, options)
    this.#dashboards.add(dashboard)
    if (!this.#stopped) return dashboard
    await dashboard.close()
    throw nothingToShow()
  }

  /**
   * Takes no new work, of whatever kind, and resolves when everything accepted has ended. Crawls finish what is in flight,
   * and what only waits goes back to their frontiers. After `timeout` milliseconds the rest is given up: a crawl gives
   * back what it still has under way, and other tasks reject with STOPPED. Default: no limit, so that a task whose
   * proxies are all dead is waited for as long as its deadline allows.
   */
  async drain(options: { timeout?: number } = {}): Promise<void> {
    const timeout = timeoutOf(options)
    this.#intake.isClosed = true
    const { crew } = this.#engine
    const due = this.#clock.now() + timeout
    await this.#crawls.drain(timeout)
    await within(crew.untilQuiet(), { clock: this.#clock, due }, () => undefined).catch(() => {
      crew.abandonAll('stopped')
    })
  }

  /** Ends everything now. Resolves when no socket, timer or actor is left. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  /** Stops, as `stop()` does: for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #stop(): Promise<void> {
    this.#intake.isClosed = true
    this.#leases.close()
    await this.#crawls.stop()
    this.#fleet.stop()
    this.#membership.anonymity?.stop()
    this.#health?.stop()
    this.#engine.crew.close()
    this.#engine.router.drain()
    await this.#transport.close()
    this.#engine.crew.judgeArrivals()
    await this.#reputation?.close()
    await this.#spending?.close()
    this.#engine.close()
    this.#engine.telling.explanations.close()
    this.#wheel.clear()
    await this.#state?.close()
    await Promise.all([...this.#dashboards].map((dashboard) => dashboard.close()))
    this.endStreams()
  }

  #dispatcherFor(session: string | undefined, use?: readonly ProxyFilter[]): CrawlerDispatcher {
    const own = { ...(session !== undefined && { session }), ...(use && { use }) }
    return new CrawlerDispatcher(this.#engine.hosts, this.#intake, own)
  }

  /** A pool's key as it is, or the one that a name or a URL belongs to. */
  #hostOf(host: string | URL, call: string): string {
    assertHost(host, call, 'host')
    const text = String(host)
    return this.#engine.router.pools.has(text) ? text : keyOf(this.#engine.hosts, host)
  }

  #hold(host: string, isPaused: boolean): void {
    const { router } = this.#engine
    if (!(isPaused ? router.hold(host) : router.let(host))) return
    if (!isPaused) this.#crawls.letGo(host)
    this.announce('host.paused', { host, isPaused })
  }
}

/** A text is one URL, and no list of them. */
function isIterable(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value)
  )
}

function nothingToShow(): RegattaError {
  return new RegattaError('STOPPED', 'The crawler has stopped: there is nothing to show any more.')
}
