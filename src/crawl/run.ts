import { type CrawlWork, crawlMachine } from '../../machines/crawl.ts'
import { type Adopted, adopt } from '../actors/adopt.ts'
import type { Crawl, CrawlEnding, CrawlOptions, CrawlProgress, CrawlSummary } from '../contracts/crawl.ts'
import { messageOf, RegattaError } from '../contracts/errors.ts'
import type { Sink } from '../contracts/sink.ts'
import type { Source } from '../contracts/source.ts'
import type { StoredCrawl } from '../contracts/store.ts'
import { proxyCounts, quantiles, statsOf } from '../engine/stats.ts'
import { createMemoryFrontier } from '../frontier/memory.ts'
import { LatencyHistogram } from '../reputation/latency.ts'
import { createIterableSink, type IterableSink } from '../sink/iterable.ts'
import { createOutbox, type Outbox } from '../sink/outbox.ts'
import { Counting, countsOf } from './counts.ts'
import { CrawlFeeder } from './feeder.ts'
import { limitOf } from './limit.ts'
import type { CrawlWorld } from './world.ts'

/**
 * One crawl: the loop from source to frontier to tasks to sinks, and the chart (machines/crawl.ts) that says what it may
 * do at each moment. What a request goes through between two turns of the loop stands in feeder.ts.
 */
export class CrawlRun<Item> implements Crawl<Item>, CrawlWork {
  readonly id: string
  readonly done: Promise<CrawlSummary>
  readonly #world: CrawlWorld
  readonly #options: CrawlOptions
  readonly #latency = new LatencyHistogram()
  readonly #actor: Adopted<typeof crawlMachine>
  readonly #source: Source
  readonly #params: unknown
  readonly #stopping = new AbortController()
  readonly #resolve: (summary: CrawlSummary) => void
  readonly #reject: (error: unknown) => void
  #stored: StoredCrawl | undefined
  #outbox: Outbox | undefined
  #counting: Counting | undefined
  #feeder: CrawlFeeder | undefined
  #iterable: IterableSink | undefined
  #startedAt = 0
  #bytesBefore = 0
  #failure: unknown
  #isStarted = false
  /** Ends when all that it needs is open, or has failed to open. */
  #opening: Promise<void> = Promise.resolve()
  /** Ends with the feeder's loop. */
  #looping: Promise<void> = Promise.resolve()
  #hasRunOut = false
  /** Outputs that some sink has not got: whoever was to take them has left. */
  #lacksOutputs = false

  constructor(world: CrawlWorld, id: string, source: Source, params: unknown, options: CrawlOptions) {
    this.#world = world
    this.id = id
    this.#source = source
    this.#params = params
    this.#options = options
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
    if (this.#state() === 'stopped') return void (await this.done)
    for await (const record of this.#iterable) if (record.kind === 'item') yield record.value as Item
    await this.done
  }

  progress(): CrawlProgress {
    const feeder = this.#feeder
    return {
      ...(this.#counting?.total ?? countsOf({})),
      state: this.#state(),
      earlier: this.#counting?.earlier.pages ?? 0,
      queued: feeder?.queued ?? 0,
      running: feeder?.running ?? 0,
      rate: feeder?.rate.perSecond ?? 0,
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
    // What is stopped may still be opening, or writing to a slow sink.
    this.abort()
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
    if (this.#stopping.signal.aborted) return
    this.#stopping.abort(new RegattaError('STOPPED', `Crawl ${this.id} was stopped.`))
    this.#feeder?.abort()
    this.#outbox?.stopRetrying()
    this.#stored?.stopRetrying?.()
    // Whoever stops a crawl from within its own loop takes nothing more: what waits for him goes back to the frontier.
    if (this.#failure === undefined) void this.#iterable?.return()
  }

  close(): void {
    void this.#opening.then(() => this.#close())
  }

  isQuiet(): boolean {
    return !this.#feeder || this.#feeder.underWay === 0
  }

  async #start(extra: readonly Sink[]): Promise<void> {
    if (this.#isStarted) return
    this.#isStarted = true
    if (this.#state() === 'stopped') return
    this.#startedAt = this.#world.clock.now()
    this.#bytesBefore = this.#world.engine.telling.counts.bytes
    let failure: unknown
    this.#opening = this.#prepare(extra).catch((error: unknown) => {
      failure = error
    })
    await this.#opening
    if (failure !== undefined) return this.#fail(failure)
    this.#send('start')
    if (this.#state() !== 'running') return
    this.#looping = this.#feeder!.run()
    await this.#looping
  }

  /** Opens the frontier and the sinks, and sends the sinks what they lack of earlier runs. */
  async #prepare(extra: readonly Sink[]): Promise<void> {
    const stored = await this.#open()
    this.#stored = stored
    const { frontier } = stored
    if (this.#stopping.signal.aborted) stored.stopRetrying?.()
    const sinks = [...(this.#options.sinks ?? []), ...extra]
    const { clock } = this.#world
    const onStalled = ({ message }: Error) =>
      this.#world.emit('alert', {
        code: 'SINK_FAILED',
        message: `${message} It is tried again for two minutes.`,
      })
    const onUnwritable = (error: unknown) =>
      this.#world.emit('alert', { code: 'ITEM_INVALID', message: messageOf(error) })
    const onLack = (_: Sink, message: string) => this.#world.emit('alert', { code: 'SINK_FAILED', message })
    const counting = new Counting((await frontier.stats()).tally, stored.revived)
    this.#counting = counting
    const earlier = { item: counting.earlier.items, edge: counting.earlier.edges }
    const outbox = createOutbox({
      sinks,
      clock,
      log: frontier.outputs,
      earlier,
      onStalled,
      onUnwritable,
      onLack,
    })
    if (this.#stopping.signal.aborted) outbox.stopRetrying()
    this.#outbox = outbox
    await outbox.open()
    this.#feeder = new CrawlFeeder({
      world: this.#world,
      crawl: this.id,
      source: this.#source,
      params: this.#params,
      options: this.#options,
      frontier,
      outbox,
      latency: this.#latency,
      counting,
      signal: this.#stopping.signal,
      mayTake: () => this.#state() === 'running',
      isEnding: () => this.#state() === 'draining' || this.#state() === 'stopped',
      finished: () => this.#finished(),
      failed: (error) => this.#fail(error),
    })
  }

  /** Where its requests wait: in the user's own frontier, in the crawler's state, or in memory. */
  async #open(): Promise<StoredCrawl> {
    const options = this.#options
    const { frontier: own } = options
    if (own) return { frontier: own, end: () => own.flush() }
    const store = this.#world.store()
    const complete = limitOf(this.#source, this.#params, {})
    if (store) return store.open({ source: this.#source.name, params: this.#params, options, complete })
    const frontier = createMemoryFrontier({ clock: this.#world.clock })
    return { frontier, end: () => frontier.close() }
  }

  /** The feeder has nothing left to do, or may do nothing more. */
  #finished(): void {
    if (this.#state() === 'running') this.#hasRunOut = true
    this.#send('finished')
  }

  /** The crawl cannot go on: what is under way goes back to the frontier, and the error is whoever asked's. */
  #fail(error: unknown): void {
    if (this.#failure !== undefined || this.#isWanted(error)) return
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

  /** Every step is done whatever became of those before it; the first thing that went wrong is told. */
  async #close(): Promise<void> {
    const feeder = this.#feeder
    let summary: CrawlSummary | undefined
    await this.#attempt(() => this.#looping)
    await this.#attempt(() => feeder?.untilQuiet())
    await this.#attempt(() => feeder?.door.save())
    // Before there is a feeder, opening has failed, and has closed what it had opened.
    const retry = this.#failure === undefined && !this.#stopping.signal.aborted
    await this.#attempt(() => (feeder ? this.#outbox?.close({ retry }) : undefined))
    await this.#attempt(async () => {
      summary = await this.#summary()
    })
    await this.#attempt(() => this.#stored?.end(this.#ending()))
    if (summary === undefined || this.#failure !== undefined) {
      this.#iterable?.fail(this.#failure)
      this.#reject(this.#failure)
    } else this.#resolve(summary)
  }

  async #attempt(step: () => Promise<void> | undefined): Promise<void> {
    try {
      await step()
    } catch (error) {
      if (!this.#isWanted(error)) this.#failure ??= error
    }
  }

  /** Whoever was stopped has no more use for his outputs, and what is closed says so. */
  #isWanted(error: unknown): boolean {
    if (!this.#stopping.signal.aborted || !(error instanceof RegattaError)) return false
    return error.code === 'ABORTED' || error.code === 'STOPPED'
  }

  #ending(): CrawlEnding {
    if (this.#failure !== undefined) return 'failed'
    if (!this.#hasRunOut || this.#lacksOutputs) return 'interrupted'
    return this.#feeder?.isAtLimit ? 'limit' : 'finished'
  }

  async #summary(): Promise<CrawlSummary> {
    const { engine, clock } = this.#world
    const frontier = this.#stored?.frontier
    const stats = await frontier?.stats()
    this.#lacksOutputs = ((await frontier?.outputs?.read(0, 1)) ?? []).length > 0
    const { total, healthy, open, retired } = proxyCounts(engine)
    const deadLetters: { url: string; code: string; detail: string }[] = []
    for await (const { request, reason } of frontier?.deadLetters() ?? []) {
      if (deadLetters.length === 100) break
      deadLetters.push({ url: request.url, code: reason.code, detail: reason.detail })
    }
    const counting = this.#counting
    return {
      ...(counting?.total ?? countsOf({})),
      earlier: counting === undefined || counting.isFirstRun ? undefined : counting.earlier,
      ending: this.#ending(),
      queued: stats ? stats.ready + stats.waiting + stats.leased : 0,
      attempts: this.#feeder?.costs.attempts ?? 0,
      hedges: this.#feeder?.costs.hedges ?? 0,
      bytes: engine.telling.counts.bytes - this.#bytesBefore,
      wallMs: this.#startedAt === 0 ? 0 : clock.now() - this.#startedAt,
      latencyMs: quantiles(this.#latency),
      hosts: statsOf(engine, 0, 0).hosts,
      proxies: { total, healthy, open, retired },
      trapped: this.#feeder?.door.rejected() ?? [],
      deadLetters,
    }
  }
}
