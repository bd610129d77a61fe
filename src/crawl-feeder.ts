import type { CrawlOptions } from './crawl.ts'
import { Seeding } from './crawl-seeds.ts'
import type { CrawlWorld } from './crawl-world.ts'
import { messageOf, RegattaError } from './errors.ts'
import type { DeadReason, Frontier, Lease, Settlement } from './frontier/frontier.ts'
import type { TaskResult } from './race/job.ts'
import type { LatencyHistogram } from './reputation/latency.ts'
import type { Outbox } from './sink/outbox.ts'
import type { SinkRecord } from './sink/sink.ts'
import { type Admission, admitLinks } from './source/admission.ts'
import { createPage } from './source/page.ts'
import type { Output, Source, SourceContext, SourceLimits } from './source/source.ts'

/**
 * The loop of a crawl. Requests are taken from the frontier while there is room (tasks, sinks), raced, parsed and
 * settled. The order at the end of a request is what loses nothing: its links are in the frontier and its outputs are
 * safe in every sink before it is done; whatever ends in the middle leaves it in the frontier.
 */
export interface FeederParts {
  readonly world: CrawlWorld
  readonly crawl: string
  readonly source: Source
  readonly params: unknown
  readonly options: CrawlOptions
  readonly frontier: Frontier
  readonly outbox: Outbox
  readonly latency: LatencyHistogram
  readonly signal: AbortSignal
  mayTake(): boolean
  /** Draining or stopped: nothing more will be taken. */
  isEnding(): boolean
  finished(): void
  failed(error: unknown): void
}

/** A task that must wait longer goes back to the frontier, with its host, and leaves its place to another. */
const longestPark = 5_000
const rateWindow = 10_000

export class CrawlFeeder {
  readonly counts = { pages: 0, items: 0, edges: 0, failed: 0, skipped: 0, attempts: 0, hedges: 0 }
  /** Leases not yet settled. */
  underWay = 0
  /** Requests known and not settled, as of the last change. */
  queued = 0
  readonly #parts: FeederParts
  readonly #context: SourceContext
  readonly #limits: SourceLimits
  readonly #robots: boolean
  /** Leases under way at most, and of one host at most: a slow one leaves room for the others. */
  readonly #most: number
  readonly #perHost: number
  readonly #tasks = new Set<string>()
  readonly #recent: number[] = []
  readonly #seeding: Seeding
  #wake: (() => void) | undefined
  /** Counts what happened, so that nothing that happens between looking and waiting is missed. */
  #changes = 0
  #quiet: (() => void)[] = []
  #isOver = false
  #isAborted = false

  constructor(parts: FeederParts) {
    this.#parts = parts
    const { world, source, params, options, signal, crawl } = parts
    this.#limits = source.limits?.(params) ?? {}
    const { politeness, concurrency } = world.options
    this.#robots = options.robots ?? (source.robots !== false && politeness !== false && politeness.robots)
    this.#perHost = Math.max(64, concurrency)
    this.#most = options.concurrency ?? Math.max(concurrency * 4, 256)
    this.#context = {
      fetch: (url, init) => world.fetch(url, { ...init, signal }),
      sitemaps: (origin) => (this.#robots ? world.robots.sitemaps(origin) : Promise.resolve([])),
      signal,
      log: (message) => world.log(`[${crawl}] ${message}`),
    }
    this.#seeding = new Seeding({
      source,
      params,
      context: this.#context,
      frontier: parts.frontier,
      admission: () => this.#admission(),
      isIdle: () => this.underWay === 0,
      waiting: () => this.queued - this.underWay,
      isOver: () => this.#isOver || this.#isAborted,
      planted: async () => {
        await this.#recount()
        this.wake()
      },
    })
  }

  /** Something may have become possible: look again. */
  wake(): void {
    this.#changes++
    this.#wake?.()
  }

  /** Gives everything that is under way back to the frontier. */
  abort(): void {
    this.#isAborted = true
    for (const task of [...this.#tasks]) this.#parts.world.engine.crew.abandon(task, 'aborted')
    this.wake()
  }

  /** Nothing new is begun: what only waits goes back to the frontier, or a drain could wait for ever. */
  drain(): void {
    for (const task of [...this.#tasks]) this.#parts.world.engine.crew.yieldIfWaiting(task)
  }

  async untilQuiet(): Promise<void> {
    if (this.underWay > 0) await new Promise<void>((resolve) => this.#quiet.push(resolve))
  }

  /** Pages a second over the last ten seconds. */
  rate(): number {
    const now = this.#parts.world.clock.now()
    while (this.#recent.length > 0 && now - this.#recent[0]! > rateWindow) this.#recent.shift()
    const span = this.#recent.length > 0 ? Math.max(1_000, now - this.#recent[0]!) : rateWindow
    return (this.#recent.length / span) * 1_000
  }

  /** Runs until nothing is left to do or the crawl may not go on. */
  async run(): Promise<void> {
    this.#seeding.run().catch((error: unknown) => {
      this.#isOver = true
      this.#parts.failed(error)
    })
    try {
      while (!this.#isOver && !this.#isAborted && !this.#parts.isEnding()) {
        await this.#parts.outbox.room()
        const seen = this.#changes
        const taken = this.#parts.mayTake() ? await this.#takeSome() : 0
        if (taken > 0) continue
        if (this.#parts.mayTake() && (await this.#isExhausted())) break
        await this.#untilSomething(seen)
      }
    } catch (error) {
      return this.#parts.failed(error)
    }
    this.#isOver = true
    this.#seeding.queueFell()
    this.#parts.finished()
  }

  async #takeSome(): Promise<number> {
    const room = Math.min(this.#most - this.underWay, this.#pagesLeft() - this.underWay)
    if (room <= 0) return 0
    const { frontier, world } = this.#parts
    const leases = await frontier.take({
      max: Math.min(room, 64),
      perHost: this.#perHost,
      now: world.clock.now(),
    })
    this.underWay += leases.length
    for (const lease of leases) void this.#carry(lease)
    return leases.length
  }

  #pagesLeft(): number {
    const limit = Math.min(this.#parts.options.maxPages ?? Infinity, this.#limits.pages ?? Infinity)
    return limit - this.counts.pages
  }

  async #isExhausted(): Promise<boolean> {
    if (this.underWay > 0) return false
    if (this.#pagesLeft() <= 0) return true
    if (!this.#seeding.isDone) return false
    const { ready, waiting } = await this.#parts.frontier.stats()
    return ready + waiting === 0 && this.underWay === 0
  }

  /** Waits for a settle, a discovery, a change of state, or the moment at which the frontier has something due. */
  async #untilSomething(seen: number): Promise<void> {
    const { frontier, world } = this.#parts
    const due = this.#parts.mayTake() ? await frontier.nextDue(world.clock.now()) : undefined
    if (this.#changes !== seen) return
    await new Promise<void>((resolve) => {
      const wait = due === undefined ? undefined : Math.max(5, due - world.clock.now())
      const cancel =
        wait === undefined || this.underWay >= this.#most ? undefined : world.clock.after(wait, resolve)
      this.#wake = () => {
        cancel?.()
        resolve()
      }
    })
    this.#wake = undefined
  }

  /** One request, from lease to settlement. Never rejects. */
  async #carry(lease: Lease): Promise<void> {
    const { frontier } = this.#parts
    try {
      const refusal = await this.#admit(lease)
      if (refusal === 'settled') return
      if (this.#isAborted) return void (await frontier.settle([{ lease, kind: 'release' }]))
      await this.#race(lease)
    } catch (error) {
      // Not the page's doing: a sink that was given up, a frontier that broke. The request stays. A crawl that was stopped
      // has no use for the outputs anyway.
      await frontier.settle([{ lease, kind: 'release' }]).catch(() => {})
      if (!this.#isAborted) this.#parts.failed(error)
    } finally {
      this.underWay--
      await this.#recount()
      if (this.underWay === 0) for (const resolve of this.#quiet.splice(0)) resolve()
      this.#seeding.queueFell()
      if (this.underWay === 0 && this.#parts.isEnding()) this.#parts.finished()
      this.wake()
    }
  }

  /** robots.txt and the source's own refusal, before anything is sent. */
  async #admit(lease: Lease): Promise<'settled' | undefined> {
    const { source, params, frontier, world } = this.#parts
    const { request } = lease
    const refusal = source.admit?.(request, params)
    if (refusal !== undefined) return this.#skip(lease, refusal)
    if (!this.#robots) return undefined
    const decision = await world.robots.decide(request.url)
    if (decision.allowed) {
      const delay = await world.robots.crawlDelayMs(request.url)
      const pool = world.engine.router.pool(request.host)
      if (delay !== undefined && delay > pool.hostInterval) pool.hostInterval = delay
      return undefined
    }
    if (decision.reason === 'disallowed') return this.#skip(lease, 'robots.txt disallows it')
    if (decision.retryAt !== undefined) {
      await frontier.settle([{ lease, kind: 'retry', notBefore: decision.retryAt, targetFault: false }])
      return 'settled'
    }
    await this.#bury(lease, { code: 'robots-unreachable', detail: 'robots.txt of its host could not be had' })
    return 'settled'
  }

  async #skip(lease: Lease, reason: string): Promise<'settled'> {
    this.counts.skipped++
    this.#context.log(`skipped ${lease.request.url}: ${reason}`)
    await this.#parts.frontier.settle([{ lease, kind: 'done' }])
    return 'settled'
  }

  #race(lease: Lease): Promise<void> {
    const { world, crawl, source } = this.#parts
    const { request } = lease
    const task = `${crawl}-${lease.id}`
    const session = request.session === undefined ? {} : { session: `${crawl}/${request.session}` }
    return new Promise((resolve, reject) => {
      const start = () => {
        if (this.#isAborted) {
          this.#settle({ lease, kind: 'release' }).then(resolve, reject)
          return
        }
        this.#tasks.add(task)
        world.engine.accept({
          id: task,
          request: { ...request, headers: withDefaults(request.headers, world, request.host), ...session },
          host: request.host,
          priority: request.priority,
          isDirect: false,
          mayHedge: request.idempotent && request.session === undefined,
          ...(world.options.deadline !== undefined && { deadlineMs: world.options.deadline }),
          ...(source.classifier && { classifier: source.classifier }),
          parked: (until) => this.#yieldPlace(task, request.host, until),
          settle: (result) => {
            this.#tasks.delete(task)
            this.counts.attempts += result.attempts
            this.counts.hedges += result.hedges
            const finishing = this.#finish(lease, result)
            finishing.then(resolve, reject)
            // The task stays in `settling` until its outputs are safe; it must not reject.
            return finishing.catch(() => {})
          },
        })
      }
      if (world.engine.crew.isFull) world.engine.crew.untilRoom().then(start).catch(reject)
      else start()
    })
  }

  /** The host will not be asked for a while: its requests wait in the frontier instead of holding places here. */
  #yieldPlace(task: string, host: string, until: number | undefined): boolean {
    const { world, frontier } = this.#parts
    if (this.#parts.isEnding()) {
      world.engine.crew.abandon(task, 'yielded')
      return true
    }
    if (until === undefined) return false
    if (until - world.clock.now() < longestPark) return false
    void frontier.setHost(host, { blockedUntil: until })
    world.engine.crew.abandon(task, 'yielded')
    return true
  }

  async #finish(lease: Lease, result: TaskResult): Promise<void> {
    const { frontier, world, latency } = this.#parts
    if (!result.ok) return this.#finishFailed(lease, result)
    latency.record(result.elapsedMs)
    const isError = result.response.status >= 400
    if (isError && !this.#parts.source.parsesErrors) {
      return this.#bury(lease, {
        code: result.verdict.reason,
        detail: `the page answered ${result.response.status}`,
      })
    }
    const page = createPage({
      source: this.#parts.source,
      request: lease.request,
      params: this.#parts.params,
      response: result.response,
      via: result.proxy,
      attempts: result.attempts,
      fetchedAt: world.clock.wall(),
    })
    const records: SinkRecord[] = []
    let failure: DeadReason | undefined
    try {
      for await (const output of this.#parts.source.parse(page, this.#context)) {
        if (output !== undefined) await this.#collect(output, lease, page.url, records)
      }
    } catch (error) {
      if (this.#isAborted) return this.#settle({ lease, kind: 'release' })
      failure = parseFailure(error, this.#parts.source.name)
    }
    await this.#parts.outbox.push(records)
    for (const { kind, value, request, source } of records) {
      if (kind === 'edge') this.counts.edges++
      else {
        this.counts.items++
        world.emit('item', { source, request, value })
      }
    }
    if (failure) return this.#bury(lease, failure)
    await frontier.settle([{ lease, kind: 'done' }])
    this.counts.pages++
    this.#recent.push(world.clock.now())
    if (this.#recent.length > 10_000) this.#recent.splice(0, 5_000)
  }

  async #collect(output: Output, lease: Lease, pageUrl: string, records: SinkRecord[]): Promise<void> {
    const { source, frontier } = this.#parts
    if (output.kind !== 'requests') {
      const { kind, value } = output
      records.push({ kind, request: lease.request.id, index: records.length, source: source.name, value })
      return
    }
    const deepest = Math.min(this.#parts.options.maxDepth ?? Infinity, this.#limits.depth ?? Infinity)
    if (lease.request.depth >= deepest || output.requests.length === 0) return
    const { discovered } = admitLinks(output.requests, this.#admission(lease, pageUrl))
    await frontier.discover(discovered)
    this.wake()
  }

  async #finishFailed(lease: Lease, result: TaskResult & { ok: false }): Promise<void> {
    const { world } = this.#parts
    const { reason, detail } = result
    if (reason === 'aborted' || reason === 'stopped' || reason === 'yielded') {
      return this.#settle({ lease, kind: 'release' })
    }
    // Its proxy is gone: the next try binds the session to another one. Bounded, because a list may be all dead.
    if (reason === 'session-lost' && lease.attempts < 20) {
      const notBefore = world.clock.now() + 250
      return this.#settle({ lease, kind: 'retry', notBefore, targetFault: false })
    }
    await this.#bury(lease, { code: reason, detail })
  }

  async #settle(settlement: Settlement): Promise<void> {
    await this.#parts.frontier.settle([settlement])
  }

  async #bury(lease: Lease, reason: DeadReason): Promise<void> {
    this.counts.failed++
    await this.#parts.frontier.settle([{ lease, kind: 'dead', reason }])
    const { request } = lease
    this.#parts.world.emit('request.dead', { request: request.id, url: request.url, ...reason })
  }

  async #recount(): Promise<void> {
    const { ready, waiting, leased } = await this.#parts.frontier.stats()
    this.queued = ready + waiting + leased
  }

  #admission(lease?: Lease, pageUrl?: string): Admission {
    const { world, source } = this.#parts
    const hostKey = (url: URL) => world.hostKey(url)
    return { source: source.name, hostKey, now: world.clock.now(), parent: lease?.request, pageUrl }
  }
}

function withDefaults(
  own: Readonly<Record<string, string>>,
  world: CrawlWorld,
  host: string,
): Record<string, string> {
  const { headers } = world.engine.router.pool(host).settings
  return { 'user-agent': world.options.userAgent, ...world.options.headers, ...headers, ...own }
}

function parseFailure(error: unknown, source: string): DeadReason {
  if (error instanceof RegattaError && error.code === 'ITEM_INVALID')
    return { code: 'item-invalid', detail: error.message }
  return { code: 'source-failed', detail: `parse() of source "${source}" failed: ${messageOf(error)}` }
}
