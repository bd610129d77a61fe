import type { CrawlOptions } from '../contracts/crawl.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { Source } from '../contracts/source.ts'
import type { FrontierCounts } from '../contracts/stats.ts'
import type { CrawlWorld } from './crawl-world.ts'
import { frontierCounts } from './frontier-counts.ts'
import { CrawlRun } from './run.ts'

/** The crawls of one crawler, from when they are begun until they have ended. */
export class CrawlsUnderWay {
  readonly #world: CrawlWorld
  readonly #underWay = new Set<CrawlRun<unknown>>()
  readonly #watchers = new Set<(crawl: CrawlRun<unknown>) => void>()
  /** Ends the requests for robots.txt that no crawl waits for any more. */
  #asking = new AbortController()
  #count = 0

  constructor(world: CrawlWorld) {
    this.#world = world
  }

  begin<Item>(source: Source, params: unknown, options: CrawlOptions): CrawlRun<Item> {
    const id = `${source.name}-${++this.#count}`
    const crawl = new CrawlRun<Item>(this.#world, id, source, params, options)
    this.#underWay.add(crawl)
    for (const tell of this.#watchers) tell(crawl)
    const forget = () => {
      this.#underWay.delete(crawl)
      if (this.#underWay.size === 0) this.#askNoMore()
    }
    crawl.done.then(forget, forget)
    return crawl
  }

  /** Tells of each crawl, until the returned function is called: those that are under way, and those that are begun later. */
  watch(tell: (crawl: CrawlRun<unknown>) => void): () => void {
    for (const crawl of this.#underWay) tell(crawl)
    this.#watchers.add(tell)
    return () => this.#watchers.delete(tell)
  }

  /** For what is asked on behalf of all of them: aborts when none is left. */
  get signal(): AbortSignal {
    return this.#asking.signal
  }

  #askNoMore(): void {
    this.#asking.abort(new RegattaError('ABORTED', 'No crawl waits for this robots.txt any more.'))
    this.#asking = new AbortController()
  }

  /** What they have to do, have under way and have done: the sums of their frontiers. */
  counts(now: () => number, mayRun: boolean): Promise<FrontierCounts> {
    return frontierCounts(this.#underWay, { now, mayRun })
  }

  /** Somebody has ended the pause of this host. */
  letGo(host: string): void {
    for (const crawl of this.#underWay) crawl.letGo(host)
  }

  /** Resolves when all have ended: what is in flight is finished, within `timeout` ms. */
  async drain(timeout: number): Promise<void> {
    await Promise.allSettled([...this.#underWay].map((crawl) => crawl.drain({ timeout })))
  }

  /** Resolves when all have ended, now. */
  async stop(): Promise<void> {
    await Promise.allSettled([...this.#underWay].map((crawl) => crawl.stop()))
  }
}
