import type { Lease } from '../contracts/frontier.ts'
import { hasRunOut, limitOf } from '../rules/over.ts'
import type { OpenCrawl } from './open-crawl.ts'
import { Seeding } from './seeds.ts'
import { released } from './settle.ts'
import { Visit } from './visit.ts'

/** What runtimes can wait in one timer, ms. */
const longestTimer = 2 ** 31 - 1
const shortestTimer = 5
/** Requests taken from the frontier in one step. */
const mostTaken = 64

/**
 * The loop of a crawl. While there is room (visits, pages, sinks) it takes requests from the frontier, and each becomes a
 * visit. When there is none it waits for something to change. It ends when the crawl does, or has nothing left to do.
 */
export class Feeder {
  isLooping = false
  /** The crawl may fetch no more pages although it knows some. */
  isAtLimit = false
  readonly #crawl: OpenCrawl
  readonly #seeding: Seeding
  /** Visits of pages that have been counted. */
  #correcting = 0
  /** Pages at most. */
  readonly #limit: number
  /** Visits at most, and of one host at most: a slow one leaves room for the others. */
  readonly #most: number
  readonly #perHost: number
  /** Places that must be free before some are filled, so that a frontier elsewhere is not asked for each. */
  readonly #fewest: number
  /** Clock time at which a page is due for another visit. */
  #nextRevisit: number | undefined

  constructor(crawl: OpenCrawl) {
    this.#crawl = crawl
    this.#seeding = new Seeding(crawl)
    const { source, params, options, world } = crawl
    const { concurrency } = world.options
    this.#limit = limitOf(source, params, options)
    this.#most = options.concurrency ?? Math.max(concurrency * 4, 256)
    this.#perHost = Math.max(64, concurrency)
    this.#fewest = Math.max(1, Math.floor(this.#most / 8))
  }

  /** Runs until nothing is left to do or the crawl ends, and tells the chart which. Never rejects. */
  async run(): Promise<void> {
    const { life } = this.#crawl
    this.isLooping = true
    let isExhausted = false
    try {
      await this.#begin()
      isExhausted = await this.#loop()
    } catch (error) {
      life.fail(error)
    }
    this.isLooping = false
    if (isExhausted) life.send('exhausted')
    life.send('work.ended')
    this.#crawl.bell.ring()
  }

  /** What is in flight is finished, and the rest goes back to the frontier. */
  drain(): void {
    for (const visit of this.#crawl.visits) visit.drain()
    this.#crawl.audit.stop()
    this.#crawl.bell.ring()
  }

  /** Everything that is under way goes back to the frontier. */
  abort(): void {
    for (const visit of this.#crawl.visits) visit.abort()
    this.#crawl.audit.stop()
    this.#crawl.reading.end()
    this.#crawl.bell.ring()
  }

  async #begin(): Promise<void> {
    const { door, counting, frontier, options, life } = this.#crawl
    await door.open()
    await counting.recount(frontier)
    if (options.revisit) await this.#revisit()
    this.#seeding.run().catch((error: unknown) => life.fail(error))
  }

  /** True when nothing is left to do; false when the crawl is ending. */
  async #loop(): Promise<boolean> {
    const { audit, outbox, world, life, bell } = this.#crawl
    for (;;) {
      const seen = bell.rings
      if (life.isEnding) return false
      await outbox.room()
      if (this.#nextRevisit !== undefined && this.#nextRevisit <= world.clock.now()) await this.#revisit()
      const taken = life.isRunning ? await this.#takeSome() : 0
      if (taken > 0) continue
      if (life.isRunning && (await this.#isExhausted())) {
        // Meanwhile something may have come to be known.
        if (await audit.prepare()) continue
        if (!audit.goOn()) return true
      }
      await this.#untilSomething(seen)
    }
  }

  async #takeSome(): Promise<number> {
    const room = this.#room()
    if (room <= 0) return 0
    const { frontier, world, life, corrections } = this.#crawl
    const pages = this.#pagesLeft() - this.#pagesUnderWay
    const onlyRecalled = pages <= 0
    const leases = await frontier.take({
      max: Math.min(onlyRecalled ? room : Math.min(room, pages), mostTaken),
      perHost: this.#perHost,
      ...(onlyRecalled && { onlyRecalled }),
      now: world.clock.now(),
    })
    await corrections.memory.leave(leases)
    if (life.isEnding) {
      await frontier.settle(leases.map(released))
      return 0
    }
    for (const lease of leases) void this.#carry(lease)
    return leases.length
  }

  /** One request, from its lease to its settlement. */
  async #carry(lease: Lease): Promise<void> {
    const { visits, life, bell } = this.#crawl
    const visit = new Visit(this.#crawl, lease)
    const correcting = visit.lease.correction ? 1 : 0
    visits.add(visit)
    this.#correcting += correcting
    await visit.carry()
    visits.delete(visit)
    this.#correcting -= correcting
    if (life.isEnding) life.send('work.ended')
    bell.ring()
  }

  /** How many requests may be taken now. */
  #room(): number {
    const { visits, life, world } = this.#crawl
    const places = this.#most - visits.size
    if (!life.isRunning || places < this.#fewest) return 0
    // What is under way comes first; one visit at least, because others may hold the bytes.
    if (world.bodies.isFull && visits.size > 0) return 0
    // Corrections are not bound by the limit of pages: theirs have been counted.
    return this.#pagesLeft() > this.#pagesUnderWay || this.#crawl.frontier.recall ? places : 0
  }

  /** Visits that will count as pages. */
  get #pagesUnderWay(): number {
    return this.#crawl.visits.size - this.#correcting
  }

  #pagesLeft(): number {
    const { counting, options } = this.#crawl
    // Visits are counted anew in each run, or a crawl that goes on for ever would end some day.
    return this.#limit - (options.revisit ? counting.newPages : counting.pages)
  }

  async #isExhausted(): Promise<boolean> {
    const { counting, corrections, frontier, options, visits } = this.#crawl
    if (visits.size > 0 || corrections.isRecalling) return false
    const { recalls } = corrections
    if (this.#pagesLeft() <= 0) {
      const { recalled = 0 } = await frontier.stats()
      await counting.recount(frontier)
      if (recalled > 0 || corrections.recalls !== recalls) return false
      this.isAtLimit = counting.queued > 0 || !this.#seeding.isDone
      return true
    }
    if (!this.#seeding.isDone) return false
    const isEndless = options.revisit?.forever ?? false
    if (isEndless) await this.#revisit()
    const { ready, waiting, resting } = await frontier.stats()
    return corrections.recalls === recalls && hasRunOut({ left: ready + waiting, resting }, isEndless)
  }

  /**
   * Puts what is due for another visit back into the queue; in a crawl without end also sets the time for the next look.
   * Pages rest under the time of their visit, so that what is due depends on this run's option, and on no earlier one's.
   */
  async #revisit(): Promise<void> {
    const { frontier, world, counting, options } = this.#crawl
    if (!options.revisit) return
    const { after, forever } = options.revisit
    const earliest = await frontier.revisit(world.clock.now() - after)
    this.#nextRevisit = forever && earliest !== undefined ? earliest + after : undefined
    await counting.recount(frontier)
  }

  /** Waits for a settlement, a discovery, a change of state, or the moment at which the frontier has something due. */
  async #untilSomething(seen: number): Promise<void> {
    const { frontier, world, bell } = this.#crawl
    const due = this.#room() > 0 ? await frontier.nextDue(world.clock.now()) : undefined
    const at = Math.min(due ?? Infinity, this.#nextRevisit ?? Infinity)
    const wait = Math.max(shortestTimer, at - world.clock.now())
    await bell.after(seen, world.clock, at < Infinity ? Math.min(longestTimer, wait) : Infinity)
  }
}
