import { type CrawlWork, crawlMachine } from '../machines/crawl.ts'
import { type Adopted, adopt } from './adopt.ts'
import { CrawlFeeder } from './crawl-feeder.ts'
import type { CrawlWorld } from './crawl-world.ts'
import { RegattaError } from './errors.ts'
import type { Frontier } from './frontier/frontier.ts'
import { createMemoryFrontier } from './frontier/memory.ts'
import { proxyCounts, quantiles, statsOf } from './observe/collect.ts'
import type { CrawlerStats, Quantiles } from './observe/stats.ts'
import { LatencyHistogram } from './reputation/latency.ts'
import { createIterableSink, type IterableSink } from './sink/iterable.ts'
import { createOutbox, type Outbox } from './sink/outbox.ts'
import type { Sink } from './sink/sink.ts'
import type { Source } from './source/source.ts'

export interface CrawlOptions {
  /** Where items and edges go besides the iteration. */
  sinks?: readonly Sink[]
  /** Pages fetched at most; what waits beyond is left in the frontier. */
  maxPages?: number
  maxDepth?: number
  /** Requests of this crawl under way at once, waiting ones included. Default: four times the crawler's concurrency. */
  concurrency?: number
  /** Default: the source's own, then the crawler's politeness. */
  robots?: boolean
  /** Default: in memory. */
  frontier?: Frontier
  signal?: AbortSignal
}

/** A crawl under way. Iterate it for items, or `run()` it for its sinks; either starts it. */
export interface Crawl<Item> extends AsyncIterable<Item> {
  readonly id: string
  /** Runs to the end without iterating: items go to `sinks` only. */
  run(): Promise<CrawlSummary>
  /** Resolves when the crawl has ended, however; rejects with what made it fail (a sink, the seeds). */
  readonly done: Promise<CrawlSummary>
  progress(): CrawlProgress
  pause(): void
  resume(): void
  /** Finishes what is under way, takes nothing new. */
  drain(): Promise<CrawlSummary>
  stop(): Promise<CrawlSummary>
}

export interface CrawlProgress {
  readonly state: 'idle' | 'running' | 'paused' | 'draining' | 'stopped'
  /** Pages fetched and settled. */
  readonly pages: number
  readonly items: number
  readonly failed: number
  /** Not fetched because robots.txt or the source said so. */
  readonly skipped: number
  /** Requests known and not yet settled. */
  readonly queued: number
  readonly running: number
  /** Pages a second over the last 10 s. */
  readonly rate: number
}

export interface CrawlSummary {
  readonly pages: number
  readonly items: number
  readonly edges: number
  readonly failed: number
  readonly skipped: number
  /** Left in the frontier: interrupted, or beyond maxPages. */
  readonly queued: number
  readonly attempts: number
  readonly hedges: number
  readonly bytes: number
  readonly wallMs: number
  readonly latencyMs: Quantiles
  readonly hosts: CrawlerStats['hosts']
  readonly proxies: {
    readonly total: number
    readonly healthy: number
    readonly open: number
    readonly retired: number
  }
  /** The first hundred; the frontier has them all. */
  readonly deadLetters: readonly { readonly url: string; readonly code: string; readonly detail: string }[]
}

/**
 * One crawl: the loop from source to frontier to tasks to sinks, and the chart (machines/crawl.ts) that says what it may
 * do at each moment. What a request goes through between two turns of the loop stands in crawl-feeder.ts.
 */
export class CrawlRun<Item> implements Crawl<Item>, CrawlWork {
  readonly id: string
  readonly done: Promise<CrawlSummary>
  readonly #world: CrawlWorld
  readonly #options: CrawlOptions
  readonly #frontier: Frontier
  readonly #latency = new LatencyHistogram()
  readonly #actor: Adopted<typeof crawlMachine>
  readonly #source: Source
  readonly #params: unknown
  readonly #stopping = new AbortController()
  readonly #resolve: (summary: CrawlSummary) => void
  readonly #reject: (error: unknown) => void
  #outbox: Outbox | undefined
  #feeder: CrawlFeeder | undefined
  #iterable: IterableSink | undefined
  #startedAt = 0
  #bytesBefore = 0
  #failure: unknown
  #isStarted = false

  constructor(world: CrawlWorld, id: string, source: Source, params: unknown, options: CrawlOptions) {
    this.#world = world
    this.id = id
    this.#source = source
    this.#params = params
    this.#options = options
    this.#frontier = options.frontier ?? createMemoryFrontier({ clock: world.clock })
    this.#actor = adopt(world.engine.root, crawlMachine, `crawl ${id}`, { work: this })
    const { promise, resolve, reject } = Promise.withResolvers<CrawlSummary>()
    this.done = promise
    this.#resolve = resolve
    this.#reject = reject
    // Whoever never looks at `done` still gets the failure from run() or from the iteration.
    promise.catch(() => {})
    options.signal?.addEventListener('abort', () => void this.stop(), { once: true })
    if (options.signal?.aborted) void this.stop()
  }

  run(): Promise<CrawlSummary> {
    void this.#start([])
    return this.done
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Item> {
    if (this.#isStarted)
      throw new RegattaError('ABORTED', `Crawl ${this.id} was started before; iterate a new one.`)
    // A consumer that leaves early is done with the crawl: what is under way goes back to the frontier.
    this.#iterable = createIterableSink(() => {
      if (!this.#stopping.signal.aborted) void this.stop()
    })
    void this.#start([this.#iterable])
    for await (const record of this.#iterable) if (record.kind === 'item') yield record.value as Item
    await this.done
  }

  progress(): CrawlProgress {
    const feeder = this.#feeder
    return {
      state: this.#state(),
      pages: feeder?.counts.pages ?? 0,
      items: feeder?.counts.items ?? 0,
      failed: feeder?.counts.failed ?? 0,
      skipped: feeder?.counts.skipped ?? 0,
      queued: feeder?.queued ?? 0,
      running: feeder?.underWay ?? 0,
      rate: feeder?.rate() ?? 0,
    }
  }

  pause(): void {
    this.#send('pause')
  }

  resume(): void {
    this.#send('resume')
  }

  drain(): Promise<CrawlSummary> {
    this.#send('drain')
    return this.done
  }

  stop(): Promise<CrawlSummary> {
    if (this.#state() !== 'stopped') this.#send('stop')
    return this.done
  }

  toJSON(): object {
    return { crawl: this.id, source: this.#source.name, ...this.progress() }
  }

  // CrawlWork: what the chart asks for.

  feed(): void {
    this.#feeder?.wake()
  }

  abort(): void {
    this.#stopping.abort(new RegattaError('STOPPED', `Crawl ${this.id} was stopped.`))
    this.#feeder?.abort()
    // Whoever stops a crawl from within its own loop takes nothing more: what waits for him goes back to the frontier.
    if (this.#failure === undefined) void this.#iterable?.return()
  }

  close(): void {
    void this.#close()
  }

  isQuiet(): boolean {
    return !this.#feeder || this.#feeder.underWay === 0
  }

  async #start(extra: readonly Sink[]): Promise<void> {
    if (this.#isStarted) return
    this.#isStarted = true
    const { clock, engine } = this.#world
    this.#startedAt = clock.now()
    this.#bytesBefore = engine.crew.counts.bytes
    const outbox = createOutbox({ sinks: [...(this.#options.sinks ?? []), ...extra], clock })
    try {
      await outbox.open()
      this.#outbox = outbox
      if (this.#state() === 'stopped') return
      this.#feeder = new CrawlFeeder({
        world: this.#world,
        crawl: this.id,
        source: this.#source,
        params: this.#params,
        options: this.#options,
        frontier: this.#frontier,
        outbox,
        latency: this.#latency,
        signal: this.#stopping.signal,
        mayTake: () => this.#state() === 'running',
        isEnding: () => this.#state() === 'draining' || this.#state() === 'stopped',
        finished: () => this.#send('finished'),
        failed: (error) => this.#fail(error),
      })
    } catch (error) {
      this.#fail(error)
      return
    }
    this.#send('start')
    if (this.#state() === 'running') await this.#feeder.run()
  }

  /** The crawl cannot go on: what is under way goes back to the frontier, and the error is whoever asked's. */
  #fail(error: unknown): void {
    if (this.#failure !== undefined) return
    this.#failure = error
    this.#send('stop')
  }

  #send(type: 'start' | 'pause' | 'resume' | 'drain' | 'stop' | 'finished'): void {
    const before = this.#state()
    if (before === 'stopped') return
    this.#actor.send({ type })
    const after = this.#state()
    if (before !== after) {
      this.#world.emit('crawl.state', { crawl: this.id, from: before, to: after })
      if (after === 'draining') this.#feeder?.drain()
      this.#feeder?.wake()
    }
  }

  #state(): CrawlProgress['state'] {
    return this.#actor.getSnapshot().value
  }

  async #close(): Promise<void> {
    const feeder = this.#feeder
    try {
      await feeder?.untilQuiet()
      await this.#outbox?.close({ retry: this.#failure === undefined && !this.#stopping.signal.aborted })
      await this.#frontier.flush()
    } catch (error) {
      this.#failure ??= error
    }
    if (this.#failure !== undefined) {
      this.#iterable?.fail(this.#failure)
      this.#reject(this.#failure)
      return
    }
    this.#resolve(await this.#summary())
  }

  async #summary(): Promise<CrawlSummary> {
    const { engine, clock } = this.#world
    const stats = await this.#frontier.stats()
    const counts = this.#feeder?.counts
    const { total, healthy, open, retired } = proxyCounts(engine)
    const deadLetters: { url: string; code: string; detail: string }[] = []
    for await (const { request, reason } of this.#frontier.deadLetters()) {
      if (deadLetters.length === 100) break
      deadLetters.push({ url: request.url, code: reason.code, detail: reason.detail })
    }
    return {
      pages: counts?.pages ?? 0,
      items: counts?.items ?? 0,
      edges: counts?.edges ?? 0,
      failed: counts?.failed ?? 0,
      skipped: counts?.skipped ?? 0,
      queued: stats.ready + stats.waiting + stats.leased,
      attempts: counts?.attempts ?? 0,
      hedges: counts?.hedges ?? 0,
      bytes: engine.crew.counts.bytes - this.#bytesBefore,
      wallMs: this.#startedAt === 0 ? 0 : clock.now() - this.#startedAt,
      latencyMs: quantiles(this.#latency),
      hosts: statsOf(engine, 0, 0).hosts,
      proxies: { total, healthy, open, retired },
      deadLetters,
    }
  }
}
