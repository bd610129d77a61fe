import type { CrawlOptions } from '../contracts/crawl.ts'
import type { Lease } from '../contracts/frontier.ts'
import type { Source, SourceContext } from '../contracts/source.ts'
import { Door } from './door.ts'
import { Harvest, type HarvestParts } from './harvest.ts'
import { limitOf } from './limit.ts'
import { Racing } from './racing.ts'
import { Rate } from './rate.ts'
import { RobotsGate } from './robots-gate.ts'
import { Seeding } from './seeds.ts'

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

/** What runtimes can wait in one timer, ms. */
const longestTimer = 2 ** 31 - 1
/** Requests after which what was learnt of traps is kept. */
const saveEvery = 500

export class CrawlFeeder {
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
  /** Pages at most. */
  readonly #limit: number
  /** Whether robots.txt is obeyed; undefined where its host's settings say. */
  readonly #robots: boolean | undefined
  readonly #gate: RobotsGate
  /** Leases under way at most, and of one host at most: a slow one leaves room for the others. */
  readonly #most: number
  readonly #perHost: number
  /** Places that must be free before some are filled, so that a frontier elsewhere is not asked for each. */
  readonly #fewest: number
  readonly #racing: Racing
  readonly #seeding: Seeding
  #nextVisit: number | undefined
  #wake: (() => void) | undefined
  /** Counts what happened, so that nothing that happens between looking and waiting is missed. */
  #changes = 0
  #quiet: (() => void)[] = []
  #endings = 0
  #isOver = false

  constructor(parts: FeederParts) {
    this.#parts = parts
    const { world, source, params, options, signal, crawl, frontier } = parts
    this.#source = source
    this.#options = options
    this.#limit = limitOf(source, params, options)
    const { concurrency } = world.options
    this.#robots = options.robots ?? (source.robots === false ? false : undefined)
    this.#perHost = Math.max(64, concurrency)
    this.#most = options.concurrency ?? Math.max(concurrency * 4, 256)
    this.#fewest = Math.max(1, Math.floor(this.#most / 8))
    this.#context = {
      fetch: async (url, init) => {
        this.door.assertOpen(url)
        return world.fetch(url, { ...init, signal })
      },
      sitemaps: async (origin) =>
        this.#obeysRobots(origin) && this.door.isOpen(origin) ? world.robots.sitemaps(origin) : [],
      signal,
      log: (message) => world.log(`[${crawl}] ${message}`),
    }
    this.rate = new Rate(world.clock)
    this.door = new Door({ world, source, options, limits: source.limits?.(params) ?? {}, frontier })
    this.#harvest = new Harvest({
      ...parts,
      context: this.#context,
      door: this.door,
      planted: (added) => this.#planted(added),
      ended: (isPage) => this.#ended(isPage),
      isAborted: () => this.#racing.isAborted,
    })
    this.#racing = new Racing({
      world,
      crawl,
      source,
      frontier,
      isEnding: parts.isEnding,
      bring: (lease, result) => this.#harvest.bring(lease, result),
      release: (lease) => this.#harvest.release(lease),
      failed: parts.failed,
    })
    this.#gate = new RobotsGate({ world, harvest: this.#harvest, racing: this.#racing })
    this.#seeding = new Seeding({
      source,
      params,
      context: this.#context,
      door: this.door,
      isIdle: () => this.underWay === 0,
      waiting: () => this.queued - this.underWay,
      isOver: () => this.#isOver || this.#racing.isAborted,
      planted: (added) => this.#planted(added),
    })
  }

  /** Something may have become possible: look again. */
  wake(): void {
    this.#changes++
    this.#wake?.()
  }

  /** Those under way that are on the network or whose answer is being taken in; the others wait for something. */
  get running(): number {
    return this.#racing.active
  }

  /** Attempts of this run. */
  get costs(): { readonly attempts: number; readonly hedges: number } {
    return this.#racing.costs
  }

  /** Gives everything that is under way back to the frontier. */
  abort(): void {
    this.#racing.abort()
    this.wake()
  }

  /** No attempt is begun any more: what is in flight is finished, the rest goes back to the frontier. */
  drain(): void {
    this.#racing.drain()
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
      while (!this.#isOver && !this.#racing.isEnding) {
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
    if (this.#racing.isEnding) {
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
    const { counting } = this.#parts
    // Visits are counted anew in each run, or a crawl that goes on for ever would end some day.
    const pages = counting.pages - (this.#options.revisit ? counting.earlier.pages : 0)
    return this.#limit - pages
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
        if (this.#racing.isEnding) await this.#harvest.release(lease)
        else await this.#racing.race(lease)
      }
    } catch (error) {
      // Not the page's doing: a sink that was given up, a frontier that broke. The request stays. A crawl that was stopped
      // has no use for the outputs anyway.
      await this.#harvest.release(lease).catch(() => {})
      if (!this.#racing.isAborted) this.#parts.failed(error)
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
    if (isPage) this.rate.arrived()
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
    return this.#obeysRobots(request.url) && this.#gate.settles(lease)
  }

  #obeysRobots(url: string): boolean {
    return this.#robots ?? this.#parts.world.engine.hosts.settingsFor(url).robots
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
