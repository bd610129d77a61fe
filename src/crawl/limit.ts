import type { CrawlOptions } from '../contracts/crawl.ts'
import type { Source } from '../contracts/source.ts'

/** Pages that a crawl may fetch, by its options or its source; Infinity without a limit. */
export function limitOf(source: Source, params: unknown, { maxPages }: CrawlOptions): number {
  const { pages } = source.limits?.(params) ?? {}
  return Math.min(maxPages ?? Number.POSITIVE_INFINITY, pages ?? Number.POSITIVE_INFINITY)
}
