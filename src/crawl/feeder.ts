import type { Lease } from '../frontier/frontier.ts'
import type { TaskResult } from '../race/job.ts'
import type { Source, SourceContext, SourceLimits } from '../source/source.ts'
import type { CrawlOptions } from './crawl.ts'
import { Door } from './door.ts'
import { Harvest, type HarvestParts } from './harvest.ts'
import { limitOf } from './limit.ts'
import { Rate } from './rate.ts'
import { Seeding } from './seeds.ts'
import { conditionsOf } from './visit.ts'

/**
 * The loop of a crawl. Requests are taken from the frontier while there is room (tasks, sinks), and raced; what they
 * bring home, and how they end, is harvest.ts. A lease that is given up in the middle goes back to the frontier.
 */
export interface FeederParts
  extends Pick<
    HarvestParts,
    | 'world'
    | 'crawl'
    | 'source'
    | 'params'
    | 'options'
    | 'frontier'
    | 'outbox'
    | 'latency'
    | 'counting'
    | 'failed'
  > {
  readonly signal: AbortSignal
  mayTake(): boolean
  /** Draining or stopped: nothing more will be taken. */
  isEnding(): boolean
  finished(): void
}

/** A task that must wait longer goes back to the frontier, with its host, and leaves its place to another. */
const longestPark = 5_000
/** What runtimes can wait in one timer, ms. */
const longestTimer = 2 ** 31 - 1
/** Requests after which what was learnt of traps is kept. */
const saveEvery = 500

export class CrawlFeeder {
  readonly costs = { attempts: 0, hedges: 0 }
  /** Leases not yet settled. */
  underWay = 0
  /** Requests known and not settled. */
  queued = 0
  /** The crawl may fetch no more pages although it knows some. */
  isAtLimit = false
  readonly door: Door
  readonly rate: Rate
  readonly #parts: FeederParts
  readonly #source: Source
  readonly #options: CrawlOptions
  readonly #harvest: Harvest
  readonly #context: SourceContext
  readonly #limits: SourceLimits
  readonly #robots: boolean
  /** Leases under way at most, and of one host at most: a slow one leaves room for the others. */
  readonly #most: number
  readonly #perHost: number
  /** Places that must be free before some are filled, so that a frontier elsewhere is not asked for each. */
  readonly #fewest: number
  readonly #tasks = new Set<string>()
  readonly #seeding: Seeding
  #nextVisit: number | undefined
  #wake: (() => void) | undefined
  /** Counts what happened, so that nothing that happens between looking and waiting is missed. */
  #changes = 0
  #quiet: (() => void)[] = []
  #endings = 0
  readonly #aborts = new Set<() => void>()
  #isOver = false
  #isAborted = false

  constructor(parts: FeederParts) {
    this.#parts = parts
    const { world, source, params, options, signal, crawl, frontier } = parts
    this.#source = source
    this.#options = options
    this.#limits = source.limits?.(params) ?? {}
    const { politeness, concurrency } = world.options
    this.#robots = options.robots ?? (source.robots !== false && politeness !== false && politeness.robots)
    this.#perHost = Math.max(64, concurrency)
    this.#most = options.concurrency ?? Math.max(concurrency * 4, 256)
    this.#fewest = Math.max(1, Math.floor(this.#most / 8))
    this.#context = {
      fetch: (url, init) => world.fetch(url, { ...init, signal }),
      sitemaps: (origin) => (this.#robots ? world.robots.sitemaps(origin) : Promise.resolve([])),
      signal,
      log: (message) => world.log(`[${crawl}] ${message}`),
    }
    this.rate = new Rate(world.clock)
    this.door = new Door({ world, source, options, limits: this.#limits, frontier })
    this.#harvest = new Harvest({
      ...parts,
      context: this.#context,
      door: this.door,
      planted: (added) => this.#planted(added),
      ended: (isPage) => this.#ended(isPage),
      isAborted: () => this.#isAborted,
    })
    this.#seeding = new Seeding({
      source,
      params,
      context: this.#context,
      door: this.door,
      isIdle: () => this.underWay === 0,
      waiting: () => this.queued - this.underWay,
      isOver: () => this.#isOver || this.#isAborted,
      planted: (added) => this.#planted(added),
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
    for (const give of this.#aborts) give()
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

  /** Runs until nothing is left to do or the crawl may not go on. */
  async run(): Promise<void> {
    const { outbox, world } = this.#parts
    try {
      await this.door.open()
      await this.#recount()
      if (this.#options.revisit) await this.#visitAgain()
      this.#seeding.run().catch((error: unknown) => {
        this.#isOver = true
        this.#parts.failed(error)
      })
      while (!this.#isOver && !this.#isAborted && !this.#parts.isEnding()) {
        await outbox.room()
        const seen = this.#changes
        if (this.#nextVisit !== undefined && this.#nextVisit <= world.clock.now()) await this.#visitAgain()
        const taken = this.#parts.mayTake() ? await this.#takeSome() : 0
        if (taken > 0) continue
        if (this.#parts.mayTake() && (await this.#isExhausted())) break
        await this.#untilSomething(seen)
      }
    } catch (error) {
      return this.#parts.failed(error)
    } finally {
      this.#isOver = true
      this.#seeding.queueFell()
    }
    this.#parts.finished()
  }

  /** Puts what is due for another visit back into the queue; in a crawl without end also sets the time for the next look. */
  async #visitAgain(): Promise<void> {
    const { frontier, world } = this.#parts
    const next = await frontier.revisit(world.clock.now())
    this.#nextVisit = this.#options.revisit?.forever ? next : undefined
    await this.#recount()
  }

  async #takeSome(): Promise<number> {
    const room = this.#room()
    if (room <= 0) return 0
    const { frontier, world } = this.#parts
    const leases = await frontier.take({
      max: Math.min(room, 64),
      perHost: this.#perHost,
      now: world.clock.now(),
    })
    if (this.#isAborted || this.#parts.isEnding()) {
      await frontier.settle(leases.map((lease) => ({ lease, kind: 'release' })))
      return 0
    }
    this.underWay += leases.length
    for (const lease of leases) void this.#carry(lease)
    return leases.length
  }

  /** How many requests may be taken now. */
  #room(): number {
    const places = this.#most - this.underWay
    if (!this.#parts.mayTake() || places < this.#fewest) return 0
    return Math.min(places, this.#pagesLeft() - this.underWay)
  }

  #pagesLeft(): number {
    const { counting, source, params } = this.#parts
    // Visits are counted anew in each run, or a crawl that goes on for ever would end some day.
    const pages = counting.pages - (this.#options.revisit ? counting.earlier.pages : 0)
    return limitOf(source, params, this.#options) - pages
  }

  async #isExhausted(): Promise<boolean> {
    if (this.underWay > 0) return false
    const { frontier, world } = this.#parts
    if (this.#pagesLeft() <= 0) {
      await this.#recount()
      this.isAtLimit = this.queued > 0 || !this.#seeding.isDone
      return true
    }
    if (!this.#seeding.isDone) return false
    if (this.#options.revisit?.forever) {
      const next = await frontier.revisit(world.clock.now())
      this.#nextVisit = next
      await this.#recount()
      if (next !== undefined) return false
    }
    const { ready, waiting } = await frontier.stats()
    return ready + waiting === 0 && this.underWay === 0
  }

  /** Waits for a settle, a discovery, a change of state, or the moment at which the frontier has something due. */
  async #untilSomething(seen: number): Promise<void> {
    const { frontier, world } = this.#parts
    const due = this.#room() > 0 ? await frontier.nextDue(world.clock.now()) : undefined
    if (this.#changes !== seen) return
    const at = Math.min(due ?? Infinity, this.#nextVisit ?? Infinity)
    await new Promise<void>((resolve) => {
      const wait = Math.min(longestTimer, Math.max(5, at - world.clock.now()))
      const cancel = at < Infinity ? world.clock.after(wait, resolve) : undefined
      this.#wake = () => {
        cancel?.()
        resolve()
      }
    })
    this.#wake = undefined
  }

  /** One request, from lease to settlement. Never rejects. */
  async #carry(lease: Lease): Promise<void> {
    try {
      if (!(await this.#serveAtOnce(lease))) {
        if (this.#isAborted) await this.#harvest.release(lease)
        else await this.#race(lease)
      }
    } catch (error) {
      // Not the page's doing: a sink that was given up, a frontier that broke. The request stays. A crawl that was stopped
      // has no use for the outputs anyway.
      await this.#harvest.release(lease).catch(() => {})
      if (!this.#isAborted) this.#parts.failed(error)
    } finally {
      this.underWay--
      if (this.underWay === 0) for (const resolve of this.#quiet.splice(0)) resolve()
      this.#seeding.queueFell()
      if (this.underWay === 0 && this.#parts.isEnding()) this.#parts.finished()
      this.wake()
    }
  }

  #ended(isPage: boolean): void {
    this.queued--
    if (++this.#endings % saveEvery === 0) this.door.save().catch(() => {}) // it is saved again
    if (!isPage) return
    this.rate.arrived()
  }

  /** What ends before anything is sent: the source's refusal, an answer that was kept, robots.txt. */
  async #serveAtOnce(lease: Lease): Promise<boolean> {
    const { request } = lease
    const refusal = this.#source.admit?.(request, this.#parts.params) ?? this.door.refuses(request)
    if (refusal !== undefined) {
      await this.#harvest.skip(lease, refusal)
      return true
    }
    const kept = await this.#options.cache?.get(request)
    if (kept) {
      await this.#harvest.judge(lease, { response: kept, via: 'cache', attempts: 0, fetchedAt: kept.keptAt })
      return true
    }
    return this.#robots && this.#isForbidden(lease)
  }

  /** Settled because robots.txt forbids it, or cannot be had. */
  async #isForbidden(lease: Lease): Promise<boolean> {
    const { world } = this.#parts
    const { request } = lease
    const decision = await this.#unlessAborted(world.robots.decide(request.url))
    if (decision === undefined) return false
    if (decision.allowed) {
      const delay = await world.robots.crawlDelayMs(request.url)
      const pool = world.engine.router.pool(request.host)
      if (delay !== undefined && delay > pool.hostInterval) pool.hostInterval = delay
      return false
    }
    if (decision.reason === 'disallowed') await this.#harvest.skip(lease, 'robots.txt disallows it')
    else if (decision.retryAt !== undefined) await this.#harvest.retry(lease, decision.retryAt)
    else {
      const detail = 'robots.txt of its host could not be had'
      await this.#harvest.bury(lease, { code: 'robots-unreachable', detail })
    }
    return true
  }

  /** The promise's value, or undefined as soon as the crawl is aborted. */
  #unlessAborted<T>(promise: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const give = () => resolve(undefined)
      if (this.#isAborted) return give()
      this.#aborts.add(give)
      promise.then(resolve, reject).finally(() => this.#aborts.delete(give))
    })
  }

  #race(lease: Lease): Promise<void> {
    const { world, crawl, source } = this.#parts
    const { request } = lease
    const task = `${crawl}-${lease.id}`
    const session = request.session === undefined ? {} : { session: `${crawl}/${request.session}` }
    return new Promise((resolve, reject) => {
      const start = () => {
        if (this.#isAborted) {
          this.#harvest.release(lease).then(resolve, reject)
          return
        }
        this.#tasks.add(task)
        world.engine.accept({
          id: task,
          request: { ...request, headers: this.#headersOf(lease), ...session },
          host: request.host,
          priority: request.priority,
          isDirect: false,
          mayHedge: request.idempotent && request.session === undefined,
          ...(world.options.deadline !== undefined && { deadlineMs: world.options.deadline }),
          ...(source.classifier && { classifier: source.classifier }),
          parked: (until) => this.#yieldPlace(task, request.host, until),
          settle: (result) => {
            this.#tasks.delete(task)
            const finishing = this.#finish(lease, result)
            finishing.then(resolve, reject)
            // The task stays in `settling` until its outputs are safe; it must not reject.
            return finishing.catch(() => {})
          },
        })
      }
      const startInTime = () => {
        if (world.engine.crew.isFull) world.engine.crew.untilRoom().then(startInTime).catch(reject)
        else start()
      }
      startInTime()
    })
  }

  async #finish(lease: Lease, result: TaskResult): Promise<void> {
    this.costs.attempts += result.attempts
    this.costs.hedges += result.hedges
    await this.#harvest.bring(lease, result)
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
    frontier.setHost(host, { blockedUntil: until }).catch((error: unknown) => this.#parts.failed(error))
    world.engine.crew.abandon(task, 'yielded')
    return true
  }

  #headersOf({ request, memo }: Lease): Record<string, string> {
    const { world } = this.#parts
    const { headers } = world.engine.router.pool(request.host).settings
    const { userAgent, headers: own } = world.options
    return { 'user-agent': userAgent, ...own, ...headers, ...conditionsOf(memo), ...request.headers }
  }

  #planted(added: number): void {
    this.queued += added
    this.wake()
  }

  async #recount(): Promise<void> {
    const { ready, waiting, leased } = await this.#parts.frontier.stats()
    this.queued = ready + waiting + leased
  }
}
