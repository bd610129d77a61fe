import { z } from 'zod'

/**
 * What a peer is given and what it gives back, in any language: the job as a JSON file whose path is its only argument,
 * the result as one line of JSON on standard output. Between them three lines, so that what is measured is the run and
 * not the loading of modules: the peer prints {"ready":…}, waits for a line, runs, prints the result, and waits for its
 * standard input to end while the bench reads what it used.
 */
export const jobSchema = z.strictObject({
  /** Full URLs; the peer never resolves the names of pages itself. */
  proxies: z.array(z.string()).min(1),
  /** http://site.lab/page/N, in the order to fetch; a query tells apart those asked for twice. */
  pages: z.array(z.string()).min(1),
  /** Host of every page. */
  host: z.string(),
  /** Pages in flight. */
  concurrency: z.number().int().min(1),
  /** The run ends after so many milliseconds, and what is not done then is cut. */
  capMs: z.number().min(1),
  /** Longest that one attempt may take. */
  attemptMs: z.number().min(1),
  /** Attempts beside the first, for peers that count. */
  retries: z.number().int().min(0),
  /** The host has limits: the peer keeps the politeness it has by default. Otherwise it is told not to hold back. */
  polite: z.boolean(),
  seed: z.number().int().min(0),
})

export type Job = z.output<typeof jobSchema>

export const readySchema = z.strictObject({ ready: z.literal(true), version: z.string() })

export const resultSchema = z.strictObject({
  /** Of each good page: milliseconds from its first attempt to its good answer. */
  latencies: z.array(z.number().min(0)),
  /** Handed over as good although it was another page, or one that somebody wrote into. */
  bad: z.number().int().min(0),
  /** Given up. */
  failed: z.number().int().min(0),
  /** Not ended when time was up. */
  cut: z.number().int().min(0),
  /** Requests begun, by the peer's own count. */
  attempts: z.number().int().min(0),
  wallMs: z.number().min(0),
  /** What the peer can tell about why, for the reader of a log. */
  notes: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
})

export type PeerResult = z.output<typeof resultSchema>

/** A line of a peer's output as an object, or undefined: libraries print lines of their own. */
export function parseLine<Schema extends z.ZodType>(
  schema: Schema,
  line: string,
): z.output<Schema> | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    const parsed = schema.safeParse(JSON.parse(line))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}
