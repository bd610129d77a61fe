import type { Clock } from '../clock.ts'
import type { Engine } from '../engine.ts'
import type { CrawlerEvents } from '../events.ts'
import type { Options } from '../options.ts'
import type { Robots } from '../source/robots.ts'
import type { CrawlStore } from '../state/store.ts'

/** What a crawl needs of the crawler it runs in. */
export interface CrawlWorld {
  readonly options: Options
  readonly clock: Clock
  readonly engine: Engine
  readonly robots: Robots
  /** Where crawls outlive their process; undefined without the option `state`. */
  store(): CrawlStore | undefined
  hostKey(url: URL): string
  /** Fetches through the proxies, outside any frontier. */
  fetch(url: string, init: { headers?: Record<string, string>; signal: AbortSignal }): Promise<Response>
  log(message: string): void
  emit<Name extends keyof CrawlerEvents>(event: Name, ...payload: CrawlerEvents[Name]): void
}
