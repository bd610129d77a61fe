import type { CrawlWork } from '../../machines/crawl.ts'
import { counted } from '../base/format.ts'
import type {
  Crawl,
  CrawlEnding,
  CrawlOptions,
  CrawlProgress,
  CrawlSummary,
  RetriedLetters,
  RunSpending,
} from '../contracts/crawl.ts'
import type { CrawlPlan, StoredCrawl } from '../contracts/crawl-store.ts'
import { messageOf, RegattaError } from '../contracts/errors.ts'
import type { DeadLetter, Frontier, FrontierStats } from '../contracts/frontier.ts'
import type { Sink, SinkRecord } from '../contracts/sink.ts'
import type { Source } from '../contracts/source.ts'
import type { TrustCounts } from '../contracts/trust.ts'
import { createMemoryFrontier } from '../frontier/memory.ts'
import { endingOf, limitOf } from '../rules/over.ts'
import { markedItem } from '../sink/fields.ts'
import { createIterableSink, type IterableSink } from '../sink/iterable.ts'
import { createOutbox, type Outbox } from '../sink/outbox.ts'
import { kindsOf } from '../source/item-schemas.ts'
import { Counting, countsOf } from './counts.ts'
import { CrawlLife, stopPatience } from './crawl-life.ts'
import { retriedLetters, timeoutOf } from './crawl-options.ts'
import type { CrawlWorld } from './crawl-world.ts'
import { type LetterPlaces, lettersOf, retryLetters } from './dead-letters.ts'
import { Feeder } from './feeder.ts'
import { type CrawlOrder, OpenCrawl } from './open-crawl.ts'
import { spendingOf, summarize, undeliveredOf } from './summary.ts'
import { timeFrontier } from './timed-frontier.ts'

/**
 * One crawl as its user holds it. What the user asks for becomes an event of its chart (crawl-life.ts), and the chart calls
 * back: open, begin, drain, abort, close, deliver. The loop between is the feeder's.
 */
export class CrawlRun<Item> implements Crawl<Item>, CrawlWork {
  readonly id: string
  readonly done: Promise<CrawlSummary>
  readonly #order: CrawlOrder
  readonly #life: CrawlLife
  readonly #sinks: readonly Sink[]
  readonly #resolve: (summary: CrawlSummary) => void
  readonly #reject: (error: unknown) => void
  #isOpening = false
  /** Ends the time that what is under way has to end, after a stop. */
  #endPatience: (() => void) | undefined
  #isLeftBehind = false
  /** Its frontier is closed, or is being closed. */
  #isClosed = false
  #stored: StoredCrawl | undefined
  #crawl: OpenCrawl | undefined
  #feeder: Feeder | undefined
  /** What the user's loop reads. */
  #iterable: IterableSink | undefined
  #isStarted = false
  #startedAt: number | undefined
  #bytesBefore = 0
  #trustBefore: TrustCounts | undefined
  #spentBefore: RunSpending | undefined
  /** A cap has ended it. */
  #isSpent = false
  /** It came to its end by itself. */
  #isComplete = false
  /** Outputs that some sink has not got, because the loop that was to take them was left. */
  #undelivered = 0
  #summary: CrawlSummary | undefined

  constructor(world: CrawlWorld, id: string, source: Source, params: unknown, options: CrawlOptions) {
    this.id = id
    this.#life = new CrawlLife(world, id)
    this.#sinks = sinksFor(options.sinks ?? [], source)
    this.#order = { world, id, source, params, options, life: this.#life }
    const { promise, resolve, reject } = Promise.withResolvers<CrawlSummary>()
    this.done = promise
    this.#resolve = resolve
    this.#reject = reject
    this.#life.publish(this)
    // A user that never looks at `done` still gets the failure from run() or from the iteration.
    promise.catch(() => {})
    const { signal } = options
    const stop = () => void this.stop().catch(() => {})
    const forget = () => signal?.removeEventListener('abort', stop)
    signal?.addEventListener('abort', stop, { once: true })
    promise.then(forget, forget)
    if (signal?.aborted) stop()
  }

  run(): Promise<CrawlSummary> {
    this.#isStarted = true
    this.#life.send('start')
    return this.done
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Item> {
    if (this.#isStarted)
      throw new RegattaError('ABORTED', `Crawl ${this.id} was started before; iterate a new one.`)
    this.#isStarted = true
    // A loop that is left early is done with the crawl: what is under way goes back to the frontier.
    this.#iterable = createIterableSink(() => this.#life.send('stop'))
    this.#life.send('start')
    if (!this.#isOpening) return void (await this.done)
    for await (const record of this.#iterable) if (record.kind === 'item') yield itemOf(record) as Item
    await this.done
  }

  progress(): CrawlProgress {
    const crawl = this.#crawl
    return {
      ...(crawl?.counting.total ?? countsOf({})),
      state: this.#life.state,
      earlier: crawl?.counting.earlier.pages ?? 0,
      queued: crawl?.counting.queued ?? 0,
      running: crawl?.running ?? 0,
      waiting: crawl ? crawl.visits.size - crawl.running : 0,
      reading: crawl?.reading.size ?? 0,
      storing: crawl?.settling ?? 0,
      undelivered: crawl?.outbox.held ?? 0,
      rate: crawl?.counting.rate.perSecond ?? 0,
    }
  }

  /** What its frontier holds; undefined before it is open, and when it is closed. */
  async frontierStats(): Promise<(FrontierStats & { oldestDue?: number | undefined }) | undefined> {
    const { frontier } = this.#crawl ?? {}
    if (!frontier || this.#summary !== undefined) return undefined
    try {
      const [stats, oldestDue] = await Promise.all([frontier.stats(), frontier.oldestDue?.()])
      return { ...stats, oldestDue }
    } catch {
      // It was closed meanwhile, or has failed, which its crawl tells.
      return undefined
    }
  }

  deadLetters(): AsyncIterable<DeadLetter> {
    return lettersOf(this.#letterPlaces())
  }

  retryDead(which: RetriedLetters = {}): Promise<number> {
    return retryLetters(this.#letterPlaces(), retriedLetters(which))
  }

  /** Nobody holds this host back any more: what was put off on its account may come at once. */
  letGo(host: string): void {
    const { world } = this.#order
    const crawl = this.#crawl
    if (!crawl || this.#isClosed) return
    const blockedUntil = world.clock.now()
    crawl.frontier.setHost(host, { blockedUntil }).then(
      () => crawl.bell.ring(),
      (error: unknown) => this.#life.fail(error),
    )
  }

  /** The name of what it reads. */
  get source(): string {
    return this.#order.source.name
  }

  pause(): void {
    this.#life.send('pause')
  }

  resume(): void {
    this.#life.send('resume')
  }

  drain(options: { timeout?: number } = {}): Promise<CrawlSummary> {
    const timeout = timeoutOf(options)
    const { clock } = this.#order.world
    this.#life.send('drain')
    if (timeout < Number.POSITIVE_INFINITY) {
      const cancel = clock.after(timeout, () => void this.stop().catch(() => {}))
      this.done.then(cancel, cancel)
    }
    return this.done
  }

  stop(): Promise<CrawlSummary> {
    this.#life.send('stop')
    return this.done
  }

  toJSON(): object {
    return { crawl: this.id, source: this.#order.source.name, ...this.progress() }
  }

  // CrawlWork: what the chart asks for.

  open(): void {
    void this.#open()
  }

  begin(): void {
    const { options, world } = this.#order
    if (options.keepTrying === false) {
      const listen = world.engine.silence.onceOver((error) => this.#life.fail(error))
      this.done.then(listen, listen)
    }
    const forget = world.engine.spending.caps.onceReached(() => {
      this.#isSpent = true
      // What has come is paid for, and is read to its end.
      this.#life.send('drain')
    })
    this.done.then(forget, forget)
    void this.#feeder!.run()
  }

  goOn(): void {
    this.#crawl?.bell.ring()
  }

  complete(): void {
    this.#isComplete = true
  }

  beginNoMore(): void {
    this.#feeder?.drain()
  }

  abort(): void {
    this.#life.abort()
    this.#feeder?.abort()
    this.#crawl?.outbox.stopRetrying()
    this.#stored?.stopRetrying?.()
    const { clock } = this.#order.world
    this.#endPatience ??= clock.after(stopPatience, () => this.#life.send('patience.over'))
    // A loop that stops its own crawl takes nothing more: what waits for it goes back to the frontier.
    if (this.#life.failure === undefined) void this.#iterable?.return()
  }

  leaveBehind(): void {
    this.#isLeftBehind = true
    const { id, world } = this.#order
    const sentence = `Crawl ${id} was stopped, and something of it still runs after ${stopPatience / 1_000} s: a parse, a sink or a frontier. It is left behind, and its requests go back.`
    world.emit('log', { crawl: id, kind: 'note', message: sentence })
  }

  close(): void {
    this.#endPatience?.()
    void this.#close()
  }

  deliver(): void {
    const { failure } = this.#life
    this.#endPatience?.()
    if (this.#summary !== undefined && failure === undefined) return this.#resolve(this.#summary)
    this.#iterable?.fail(failure)
    this.#reject(failure)
  }

  isQuiet(): boolean {
    return !this.#isOpening && !this.#feeder?.isLooping && (this.#crawl?.isIdle ?? true)
  }

  async #open(): Promise<void> {
    this.#isOpening = true
    const { clock, engine } = this.#order.world
    this.#startedAt = clock.now()
    this.#bytesBefore = engine.telling.counts.bytes
    this.#trustBefore = { ...engine.trust.counts }
    this.#spentBefore = spendingOf(engine)
    try {
      await this.#openAll()
      this.#isOpening = false
      this.#life.send('opened')
    } catch (error) {
      this.#life.fail(error)
      this.#isOpening = false
    }
    this.#life.send('work.ended')
  }

  /** Opens the frontier and the sinks, and sends the sinks what they lack of earlier runs. */
  async #openAll(): Promise<void> {
    const { world, life } = this.#order
    const stored = await this.#openFrontier()
    this.#stored = stored
    if (life.isAborted) stored.stopRetrying?.()
    const { engine, clock } = world
    const frontier = timeFrontier(stored.frontier, this.id, engine.telling, clock)
    if (stored.isNew) engine.spending.beginRound()
    const { tally, resting } = await frontier.stats()
    const counting = new Counting(world.clock, tally)
    const crawl = new OpenCrawl(
      this.#order,
      { frontier, journal: stored.journal },
      this.#createOutbox(frontier, counting),
      counting,
      resting,
    )
    this.#crawl = crawl
    if (life.isAborted) crawl.outbox.stopRetrying()
    await crawl.corrections.open()
    await crawl.outbox.open()
    this.#feeder = new Feeder(crawl)
  }

  #letterPlaces(): LetterPlaces {
    // The user's own frontier is not closed with the crawl.
    const isOpen = !this.#isClosed || this.#order.options.frontier !== undefined
    const open = isOpen ? this.#crawl : undefined
    const hasEnded = this.#life.state === 'stopped' || this.#isClosed
    return { id: this.id, open, hasEnded, store: this.#order.world.store(), plan: this.#plan }
  }

  get #plan(): CrawlPlan {
    const { options, source, params } = this.#order
    return { source: source.name, params, options, complete: limitOf(source, params, {}) }
  }

  /** Where its requests wait: in the user's own frontier, in the crawler's state, or in memory. */
  async #openFrontier(): Promise<StoredCrawl> {
    const { options, world } = this.#order
    const { frontier: own } = options
    if (own) return { frontier: own, end: () => own.flush() }
    const store = world.store()
    if (store) return store.open(this.#plan)
    const frontier = createMemoryFrontier({ clock: world.clock })
    return { frontier, end: () => frontier.close() }
  }

  #createOutbox(frontier: Frontier, { earlier }: Counting): Outbox {
    const { world } = this.#order
    const alert = (code: 'SINK_FAILED' | 'ITEM_INVALID' | 'NOT_CORRECTED', message: string) =>
      world.emit('alert', { code, message })
    return createOutbox({
      sinks: [...this.#sinks, ...(this.#iterable ? [this.#iterable] : [])],
      clock: world.clock,
      log: frontier.outputs,
      side: frontier.side,
      earlier: { item: earlier.items, edge: earlier.edges },
      onStalled: ({ message }, forMs) =>
        alert('SINK_FAILED', `${message} It is tried again for ${counted(forMs / 1_000, 'second')}.`),
      onWritten: ({ name }, records, ms, failed) =>
        world.engine.telling.written(this.id, name, records, ms, failed),
      onUnwritable: (error) => alert('ITEM_INVALID', messageOf(error)),
      onLack: (_, message) => alert('SINK_FAILED', message),
      onKept: ({ name }) => alert('NOT_CORRECTED', keptSentence(name)),
      onMissing: ({ name }, count) => alert('NOT_CORRECTED', missingSentence(name, count)),
    })
  }

  /** Every step is done whatever became of those before it; the first thing that went wrong is told. */
  async #close(): Promise<void> {
    const { life, world } = this.#order
    const crawl = this.#crawl
    if (crawl && this.#isLeftBehind) await this.#attempt(() => this.#giveBack(crawl))
    // Without a feeder the opening has failed, and has closed what it had opened.
    if (crawl && this.#feeder) {
      crawl.sessions.close()
      await this.#attempt(() => crawl.corrections.end(this.#isComplete))
      await this.#attempt(() => crawl.door.save())
      const retry = life.failure === undefined && !life.isAborted
      await this.#attempt(() => crawl.outbox.close({ retry }))
    }
    await this.#attempt(async () => {
      this.#undelivered = await undeliveredOf(crawl)
      const since = {
        startedAt: this.#startedAt,
        bytes: this.#bytesBefore,
        trust: this.#trustBefore,
        spending: this.#spentBefore,
      }
      this.#summary = await summarize(world, crawl, this.#ending(), since)
    })
    if (this.#order.source.complete) await this.#attempt(() => this.#tellSource())
    this.#isClosed = true
    await this.#attempt(() => this.#stored?.end(this.#ending()))
    life.send('closed')
  }

  /** Everything is there: the source may write down where the next run is to begin. */
  async #tellSource(): Promise<void> {
    const { source, params } = this.#order
    const { failed, gone, setAside, ending } = this.#summary!
    const isWhole = ending === 'finished' && failed === gone && setAside === 0
    if (!isWhole || !this.#crawl) return
    try {
      await source.complete?.(params, this.#crawl.context)
    } catch (error) {
      const sentence = `complete() of source "${source.name}" failed: ${messageOf(error)}`
      throw new RegattaError('SOURCE_FAILED', sentence, { value: undefined, cause: error })
    }
  }

  /** Requests whose visits do not end are asked for again in a later run. */
  async #giveBack({ visits, frontier }: OpenCrawl): Promise<void> {
    const left = [...visits].map((visit) => visit.leave())
    await frontier.settle(left)
  }

  async #attempt(step: () => Promise<void> | undefined): Promise<void> {
    try {
      await this.#life.bounded(Promise.resolve(step()))
    } catch (error) {
      this.#life.remember(error)
    }
  }

  #ending(): CrawlEnding {
    return endingOf({
      failure: this.#life.failure,
      isComplete: this.#isComplete,
      undelivered: this.#undelivered,
      isAtLimit: this.#feeder?.isAtLimit ?? false,
      isSpent: this.#isSpent,
    })
  }
}

/** One for each kind of record, where a sink has a place for each. Throws OPTION_INVALID for one that holds a single kind. */
function sinksFor(sinks: readonly Sink[], source: Source): readonly Sink[] {
  const kinds = kindsOf(source)
  return sinks.flatMap((sink) => sink.forKinds?.(kinds) ?? sink)
}

/** As a loop gets it: with its kind, where the source has several. */
function itemOf(record: SinkRecord): unknown {
  const item = markedItem(record)
  return record.itemKind === undefined ? item : { kind: record.itemKind, item }
}

function keptSentence(sink: string): string {
  return `${sink} cannot take back what it was given: records that are not believed any more stay there, and what takes their place comes behind them. The event item.retracted names each.`
}

function missingSentence(sink: string, count: number): string {
  return `${sink} was to take back what is not believed any more, and ${counted(count, 'record')} of it cannot be found there: somebody else has changed it. The event item.retracted named each.`
}
