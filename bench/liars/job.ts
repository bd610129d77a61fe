import { z } from 'zod'

/** What a client of the liars' bench is given: a site, a list of proxies, and what every one of them is set to. */
export interface LiarsJob {
  /** Full URLs. */
  readonly proxies: readonly string[]
  /** Where it begins; with `follow` it goes on by links on the same host, otherwise these are all. */
  readonly urls: readonly string[]
  readonly follow: boolean
  /** Requests in flight. */
  readonly concurrency: number
  /** Least milliseconds between two requests over one proxy, for a client that has such a setting. */
  readonly interval: number
  readonly attemptMs: number
  /** Attempts beside the first, where a client has no number of its own. */
  readonly retries: number
  /** A client that is not done by then says what it has. */
  readonly capMs: number
}

/** What it gives back (peers/job.ts says in which lines). */
export const liarsResultSchema = z.strictObject({
  /** Every page that it handed to its user as a good one, under the address that it says it is of. */
  pages: z.array(z.strictObject({ url: z.string(), body: z.string(), isMarked: z.boolean().optional() })),
  /** Proxies that it has given up by the end, as `host:port`; null: it keeps no account of proxies. */
  givenUp: z.array(z.string()).nullable(),
})

export type LiarsResult = z.output<typeof liarsResultSchema>
