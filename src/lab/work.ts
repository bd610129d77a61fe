import { z } from 'zod'

/**
 * What a simulation asks of its world: how much, how wide, with which options, and what befalls the crawler itself. In a
 * lab that is up to its visitor.
 */
const count = (low: number, high: number) => z.number().int().min(low).max(high)

export const chaosSchema = z.strictObject({
  /** The process dies so often, at moments drawn from the seed, and is started again. */
  deaths: count(0, 1_000).default(0),
  /** The wall clock is set an hour on or back, so often. */
  clockJumps: count(0, 1_000).default(0),
  /** The event loop stands still, so often… */
  stalls: count(0, 1_000).default(0),
  /** …for so many milliseconds at most. Default 3 s. */
  stallMs: z.number().min(1).max(3_600_000).default(3_000),
  /** The list of proxies is fetched again at once by many, and arrives whole, halved, doubled or empty, so often. */
  refreshes: count(0, 1_000).default(0),
})

export const workSchema = z
  .strictObject({
    /** `fetch`: pages by number, over all origins in turn. `crawl`: every page of each site, by its links. */
    kind: z.enum(['fetch', 'crawl']).default('fetch'),
    /** Pages to fetch, or at most to crawl of each site. Default 1,000. */
    requests: count(1, 100_000_000).default(1_000),
    /** Requests that somebody waits for at once. Default 50. */
    inFlight: count(1, 100_000).default(50),
    /** Paths, with `{n}` for the number of the page; an origin with a site has `/page/{n}`. */
    path: z.string().startsWith('/').optional(),
    /** Share of the pages that are asked for by way of a redirect, half of them by one of another origin. Default 0. */
    redirected: z.number().min(0).max(1).default(0),
    /** Pages are numbered 1 … `pages`, then from 1 again. Default: as many as the site has, or 1,000. */
    pages: count(1, 100_000).optional(),
    /** Options of the crawler, as createCrawler takes them, as far as they are JSON. */
    options: z.record(z.string(), z.unknown()).default({}),
    /** Virtual milliseconds after which the run is called stuck. Default a day. */
    limitMs: z.number().min(1).max(1e10).default(86_400_000),
    chaos: chaosSchema.prefault({}),
  })
  .prefault({})

export type Work = z.output<typeof workSchema>
export type Chaos = z.output<typeof chaosSchema>
