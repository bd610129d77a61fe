import { Bell } from '../base/bell.ts'
import { heapLimit } from '../base/heap-limit.ts'
import { within } from '../base/within.ts'
import type { HttpCache } from '../contracts/cache.ts'
import type { CrawlOptions } from '../contracts/crawl.ts'
import type { ReadingJournal, StoredCrawl } from '../contracts/crawl-store.ts'
import type { Frontier } from '../contracts/frontier.ts'
import type { ProxyFilter } from '../contracts/proxy-filter.ts'
import type { Source, SourceContext } from '../contracts/source.ts'
import type { Credentials, SourceFetch } from '../contracts/source-session.ts'
import { bothOf, readUse } from '../options/read-use.ts'
import type { Outbox } from '../sink/outbox.ts'
import { credentialsOf } from '../source/session-pass.ts'
import { ClosingAudit } from './closing-audit.ts'
import { Corrections } from './corrections.ts'
import type { Counting } from './counts.ts'
import type { CrawlLife } from './crawl-life.ts'
import type { CrawlWorld } from './crawl-world.ts'
import { Door } from './door.ts'
import { Gate } from './gate.ts'
import { Reporter } from './page-report.ts'
import { Reading } from './reading.ts'
import { CrawlSessions, type Sender } from './session-lives.ts'
import { SourcePace } from './source-pace.ts'
import type { Visit } from './visit.ts'

/** What is asked for: a source with its params, to be crawled in this way. */
export interface CrawlOrder {
  readonly world: CrawlWorld
  readonly id: string
  readonly source: Source
  readonly params: unknown
  readonly options: CrawlOptions
  readonly life: CrawlLife
}

/** Of the memory that this process may take: what pages that are read at a time may weigh, by estimate. */
const heapShare = 1 / 8

/**
 * A crawl with its frontier and its sinks: what the loop, the seeds and the visits share. The run makes it when it has
 * opened the frontier (run.ts), and there is one of it.
 */
export class OpenCrawl implements CrawlOrder {
  readonly world: CrawlWorld
  readonly id: string
  readonly source: Source
  readonly params: unknown
  readonly options: CrawlOptions
  readonly life: CrawlLife
  readonly frontier: Frontier
  readonly outbox: Outbox
  readonly counting: Counting
  /** Its pages are visited again: by this run, or by one with the option `revisit` before or after it. */
  readonly comesAgain: boolean
  /** Requests under way, each from its lease to its settlement. */
  readonly visits = new Set<Visit>()
  /** Of those, the ones that are being settled. */
  settling = 0
  /** Rings when the loop or the seeds should look again. */
  readonly bell = new Bell()
  readonly door: Door
  readonly gate: Gate
  readonly pace: SourcePace
  readonly reading: Reading
  readonly journal: ReadingJournal | undefined
  readonly reporter: Reporter
  readonly sessions: CrawlSessions
  /** What was answered before: the crawl's own, or that of its crawler. */
  readonly cache: HttpCache | undefined
  readonly corrections: Corrections
  readonly audit: ClosingAudit
  /** Which proxies all of its requests may use; undefined: any. */
  readonly use: readonly ProxyFilter[] | undefined
  /** What all of its requests are sent with; in memory only. */
  readonly credentials: Credentials | undefined
  /** What reads pages is given. */
  readonly context: SourceContext
  /** Of requests that have a deadline and have not ended. */
  readonly #begun = new Map<string, number>()

  constructor(
    order: CrawlOrder,
    { frontier, journal }: Pick<StoredCrawl, 'frontier' | 'journal'>,
    outbox: Outbox,
    counting: Counting,
    resting: number,
  ) {
    const { world, source, options, life } = order
    this.world = world
    this.id = order.id
    this.source = source
    this.params = order.params
    this.options = options
    this.life = life
    this.frontier = frontier
    this.journal = journal
    this.outbox = outbox
    this.counting = counting
    this.use = bothOf(readUse(source.use), readUse(options.use))
    this.credentials = credentialsOf(
      source.credentials?.(order.params, { env: world.options.env ?? {} }),
      source.name,
    )
    this.comesAgain = options.revisit !== undefined || resting > 0
    this.door = new Door(this)
    this.gate = new Gate(this)
    this.pace = new SourcePace(this)
    this.reading = new Reading(Math.min(2 * world.bodies.most, heapLimit() * heapShare), world.clock)
    this.cache = options.cache ?? world.options.cache
    this.reporter = new Reporter(world, order.id)
    this.sessions = new CrawlSessions(this)
    this.corrections = new Corrections(this)
    this.audit = new ClosingAudit(this)
    this.context = this.#contextFor({ hasRead: true })
  }

  /** What the source's seeds are given, and whether they have read something that a stranger wrote. */
  contextOfSeeds(): { context: SourceContext; hasRead: () => boolean } {
    const reader = { hasRead: false }
    return { context: this.#contextFor(reader), hasRead: () => reader.hasRead }
  }

  #contextFor(reader: { hasRead: boolean }): SourceContext {
    const { world, life, counting } = this
    return {
      fetch: async (url, init = {}) => {
        await this.door.assertOpen(url, reader.hasRead)
        this.pace.hold(url)
        reader.hasRead = true
        const send: Sender = (to, how) =>
          world.fetch(
            to,
            { ...how, ...this.#useOf(how), signal: life.signal },
            counting,
            (next) => this.door.refusesFetch(next.url),
            this.cache,
          )
        if (init.session === undefined) return send(url, init)
        return this.sessions.fetch(init.session, url, init, send)
      },
      sitemaps: async (origin) => {
        reader.hasRead = true
        if (!this.obeysRobots(origin) || !this.door.isOpen(origin)) return []
        return this.#inTime(origin, world.robots.sitemaps(origin, counting), [])
      },
      allows: async (url) => {
        reader.hasRead = true
        if (!this.door.isOpen(url)) return false
        return !this.obeysRobots(url) || this.#inTime(url, world.robots.allows(url), false)
      },
      env: world.options.env ?? {},
      input: this.options.input,
      signal: life.signal,
      log: (message) => world.emit('log', { crawl: this.id, kind: 'source', message: String(message) }),
    }
  }

  /** A wait of the source's that ends with the time a request may take, or with the crawl; then `otherwise` holds. */
  #inTime<Value>(url: string, promise: Promise<Value>, otherwise: Value): Promise<Value> {
    const { world, life } = this
    const { deadlineMs } = world.engine.hosts.settingsFor(url)
    const due = deadlineMs === undefined ? undefined : world.clock.now() + deadlineMs
    const patience = { clock: world.clock, due, signal: life.signal }
    return within(promise, patience, () => undefined).catch(() => otherwise)
  }

  /** What a session fetches while it begins; `key` is what the engine calls its life. `isFound`: something was read before. */
  async fetchWithin(key: string, url: string, init: SourceFetch, isFound: boolean): Promise<Response> {
    const { world, life, counting } = this
    await this.door.assertOpen(url, isFound)
    this.pace.hold(url)
    const how = { ...init, ...this.#useOf(init), session: key, signal: life.signal }
    return world.fetch(url, how, counting, (next) => this.door.refusesFetch(next.url))
  }

  /** What the source asks for by itself keeps to these proxies too. */
  #useOf({ use }: SourceFetch): Pick<SourceFetch, 'use'> {
    return { use: bothOf(this.use, readUse(use)) }
  }

  /** When this request was first taken from the frontier, clock ms: its deadline counts from then, wherever it waits. */
  beginningOf(request: string): number {
    const known = this.#begun.get(request)
    if (known !== undefined) return known
    const now = this.world.clock.now()
    this.#begun.set(request, now)
    return now
  }

  /** It has ended. */
  forgetBeginning(request: string): void {
    this.#begun.delete(request)
    this.sessions.forget(request)
  }

  /** Visits that are on the network, or whose answer is being taken in; the others wait for something. */
  get running(): number {
    let running = 0
    for (const { isActive } of this.visits) if (isActive) running++
    return running
  }

  /** Nothing is under way. */
  get isIdle(): boolean {
    return this.visits.size === 0 && !this.audit.isRunning
  }

  /** The crawl's own option decides. Without it, the source and what is set for the host must both want it. */
  obeysRobots(url: string): boolean {
    const { options, source, world } = this
    return options.robots ?? (source.robots !== false && world.engine.hosts.settingsFor(url).robots)
  }

  note(message: string): void {
    this.world.emit('log', { crawl: this.id, kind: 'note', message })
  }
}
