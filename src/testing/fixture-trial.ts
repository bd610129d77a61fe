import type { RequestDead, RequestSkipped } from '../contracts/crawl-events.ts'
import type { Page } from '../contracts/page.ts'
import type { HarArchive } from '../contracts/recording.ts'
import type { RequestInput } from '../contracts/request.ts'
import type { Source } from '../contracts/source.ts'
import { type Crawler, createCrawler } from '../face/crawler.ts'
import { createVirtualClock, type VirtualClock } from '../sim/clock.ts'
import type { GivenContext } from './context-memory.ts'
import { drive } from './drive.ts'
import type { PageVisit } from './page-visit.ts'
import { type ReplayedTransport, replayFixture } from './replayed-transport.ts'
import { type SourceWatch, type WatchOptions, watchSource } from './watched-source.ts'

/**
 * A source crawls a fixture: the real crawler, with its classifiers, sessions, redirects and robots.txt, one request at a
 * time, on virtual time, so that nothing waits and the same comes out each time.
 */
export interface TrialOrder {
  readonly source: Source
  readonly archive: HarArchive
  /** As a user gives them. */
  readonly params: unknown
  /** Where to begin instead of at the source's own seeds. Default: these. */
  readonly start?: readonly (RequestInput | string)[] | undefined
  /** Pages that are read too, where the crawl has not asked for them: these in any case, … */
  readonly also: readonly RequestInput[]
  /** … and these where it has come to no page at all. */
  readonly otherwise: readonly RequestInput[]
  /** Bodies are saved below this folder. */
  readonly savesTo: string
  readonly given: GivenContext
}

export interface Trial {
  /** Pages that were read, in the order of the fixture. */
  readonly visits: readonly PageVisit[]
  /** Requests that the crawl itself left out: robots.txt, `admit`, … */
  readonly skipped: readonly Pick<RequestSkipped, 'url' | 'reason' | 'detail'>[]
  /** Requests that were given up. */
  readonly dead: readonly RequestDead[]
  /** What was asked for and is not in the fixture. */
  readonly missing: readonly string[]
  /** Why the crawl as a whole failed: the seeds, an option. */
  readonly failure: unknown
  /** What it was at when it got on no more; undefined when it came to its end. */
  readonly stuckAt: string | undefined
  /** What the seeds did. */
  readonly watch: SourceWatch
  /** Bodies were saved below this folder. */
  readonly savedTo: string
}

/** Why the second round leaves out what the first has read. */
const readBefore = 'it was read before'
const notRecorded = 'it is not in the fixture'

/** So many seeds that no fixture has are enough. */
const mostMissing = 100

/** Seeds that are taken at most: a source may yield without end. */
export const mostSeeds = 1_000

export function runTrial(order: TrialOrder): Promise<Trial> {
  return new TrialRun(order).perform()
}

class TrialRun {
  readonly #order: TrialOrder
  readonly #time: VirtualClock
  readonly #transport: ReplayedTransport
  readonly #skipped: RequestSkipped[] = []
  readonly #dead: RequestDead[] = []
  #settled = 0
  /** The last verdict that was no success, in words. */
  #trouble = ''
  #stuckAt: string | undefined

  constructor(order: TrialOrder) {
    this.#order = order
    this.#time = createVirtualClock(order.archive.exchanges[0]?.startedAt)
    this.#transport = replayFixture(order.archive, this.#time)
  }

  async perform(): Promise<Trial> {
    const { also, otherwise, start } = this.#order
    const options = this.#watchOptions()
    // Nothing is sent, so no key is needed, and a recording holds none. Where the next run is to begin is not this one's business.
    const { credentials: _key, complete: _complete, ...own } = this.#order.source
    const watch = watchSource(own, {
      ...options,
      ...(start && { starts: { requests: start, only: true } }),
    })
    const crawler = await createCrawler({
      ...{ direct: true, clock: this.#time, transport: this.#transport, seed: 1, concurrency: 1 },
      ...{ allowPrivateTargets: true, hedge: { max: 1 }, politeness: { interval: 0 } },
    })
    let failure: unknown
    const visits: PageVisit[] = []
    try {
      this.#listen(crawler)
      failure = await this.#crawl(crawler, watch)
      visits.push(...watch.visits)
      const seen = new Set(visits.map(({ request }) => request.id))
      const wanted = visits.length === 0 ? [...also, ...otherwise] : also
      const left = wanted.filter(({ url }) => !this.#transport.hasAsked(String(url)))
      if (failure === undefined && left.length > 0 && this.#stuckAt === undefined) {
        const rest = watchSource(own, {
          ...options,
          starts: { requests: left, only: true },
          admit: (request) => (seen.has(request.id) ? readBefore : options.admit?.(request)),
        })
        failure = await this.#crawl(crawler, rest)
        visits.push(...rest.visits)
      }
    } finally {
      await this.#stop(crawler)
    }
    // Its page is that of another request: what it yielded first was thrown away.
    const isDouble = new Set(
      this.#skipped.flatMap(({ reason, request }) => (reason === 'duplicate' ? request : [])),
    )
    const read = visits.filter(({ request }) => !isDouble.has(request.id))
    const wasRead = new Set(read.map(({ request }) => request.id))
    return {
      visits: this.#inOrder(read),
      skipped: this.#skipped.filter(
        ({ detail, request }) => detail !== readBefore && detail !== notRecorded && !wasRead.has(request),
      ),
      dead: this.#dead.filter(({ code }) => code !== 'not-recorded'),
      missing: this.#transport.missing,
      failure,
      stuckAt: this.#stuckAt,
      watch,
      savedTo: this.#order.savesTo,
    }
  }

  #watchOptions(): WatchOptions {
    const { exchanges } = this.#order.archive
    return {
      savesTo: this.#order.savesTo,
      given: this.#order.given,
      // Sent, each would go through the whole engine to learn that there is no answer; a page may have thousands of links.
      admit: (request) => (this.#transport.mayHave(request) ? undefined : notRecorded),
      isEnough: () => this.#transport.missing.length >= mostMissing,
      mostSeeds,
      // Virtual time has no date that means something.
      fetchedAt: (page: Page) =>
        exchanges.findLast(({ url }) => url === page.url)?.startedAt ?? exchanges[0]?.startedAt,
    }
  }

  #listen(crawler: Crawler): void {
    crawler.on('request.skipped', (event) => {
      this.#settled++
      this.#skipped.push(event)
    })
    crawler.on('request.dead', (event) => {
      this.#settled++
      this.#dead.push(event)
    })
    crawler.on('request.done', () => this.#settled++)
    crawler.on('outcome', ({ url, verdict, reason }) => {
      this.#trouble = verdict === 'success' ? '' : `${url} is ${verdict} (${reason})`
    })
  }

  /** What made it fail; undefined when it came to its end, or got stuck. */
  async #crawl(crawler: Crawler, watch: SourceWatch): Promise<unknown> {
    const crawl = crawler.crawl(watch.source, this.#order.params as never, { concurrency: 1, traps: false })
    let failure: unknown
    let isOver = false
    crawl.run().then(
      () => {
        isOver = true
      },
      (error: unknown) => {
        failure = error
        isOver = true
      },
    )
    const isEnded = await drive({
      time: this.#time,
      isOver: () => isOver,
      isBusy: () => watch.isBusy,
      progress: () => this.#settled + watch.progress,
      sent: () => this.#transport.sent,
    })
    if (!isEnded) this.#stuckAt = this.#whereStuck(watch)
    return failure
  }

  #whereStuck(watch: SourceWatch): string {
    if (watch.isBusy) {
      const url = watch.visits.findLast(({ isWhole }) => !isWhole)?.url
      return url === undefined ? 'seeds() does not end' : `parse() of ${url} does not end`
    }
    if (this.#trouble !== '') return `${this.#trouble}, again and again`
    return `${this.#transport.last ?? 'nothing'} was the last that was asked for`
  }

  async #stop(crawler: Crawler): Promise<void> {
    let isOver = false
    crawler.stop().then(
      () => {
        isOver = true
      },
      () => {
        isOver = true
      },
    )
    const calm = { isBusy: () => false, progress: () => 0, sent: () => 0 }
    await drive({ time: this.#time, isOver: () => isOver, ...calm })
  }

  /** As they stand in the fixture, so that what is expected does not depend on how the crawler schedules. */
  #inOrder(visits: readonly PageVisit[]): PageVisit[] {
    const places = new Map<string, number>()
    for (const [at, { url }] of this.#order.archive.exchanges.entries()) {
      if (!places.has(url)) places.set(url, at)
    }
    const placeOf = ({ request }: PageVisit) =>
      places.get(request.url.replace(/#.*$/s, '')) ?? Number.POSITIVE_INFINITY
    return visits.toSorted((one, other) => {
      const [first, second] = [placeOf(one), placeOf(other)]
      return first === second ? 0 : first - second
    })
  }
}
