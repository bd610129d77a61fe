import type { Robots } from '../admission/robots.ts'
import type { ByteBudget } from '../base/byte-budget.ts'
import type { Clock } from '../base/clock.ts'
import type { HttpCache } from '../contracts/cache.ts'
import type { CrawlStore } from '../contracts/crawl-store.ts'
import type { CrawlerEvents } from '../contracts/events.ts'
import type { Spent, TaskJob } from '../contracts/job.ts'
import type { SourceFetch } from '../contracts/source-session.ts'
import type { TrustTeller } from '../contracts/trust.ts'
import type { Engine } from '../engine/engine.ts'
import type { Options } from '../options/options.ts'

/** What a crawl needs of the crawler it runs in. */
export interface CrawlWorld {
  readonly options: Options
  readonly clock: Clock
  readonly engine: Engine
  /** Bytes of bodies in memory, of all crawls and of what is on its way. */
  readonly bodies: ByteBudget
  readonly robots: Robots
  /** Who tells of the honesty of exits. Default: nobody, and no page is corrected. */
  readonly trust?: TrustTeller | undefined
  /** Where crawls outlive their process; undefined without the option `state`. */
  store(): CrawlStore | undefined
  hostKey(url: URL): string
  /**
   * Fetches through the proxies, outside any frontier. `hop`: asked about each URL that a redirect leads to. `cache`: asked
   * first, and given what came. Default: none.
   */
  fetch(
    url: string,
    init: SourceFetch & { readonly signal: AbortSignal },
    asker: Spent,
    hop: NonNullable<TaskJob['hop']>,
    cache?: HttpCache,
  ): Promise<Response>
  emit<Name extends keyof CrawlerEvents>(event: Name, ...payload: CrawlerEvents[Name]): void
}
