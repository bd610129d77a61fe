import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { CrawlPlan } from '../contracts/crawl-store.ts'
import type { SideStore } from '../contracts/frontier.ts'

/** What the state of a crawl says of itself: whose it is, and how its last run ended. Kept beside its requests. */
const recordSchema = z.object({
  version: z.literal(1),
  source: z.string(),
  /** Digest of the params; the params themselves may hold secrets. */
  params: z.string(),
  /** What shares a pool: requests are known under their host. */
  hostKey: z.enum(['host', 'domain', 'own']).optional(),
  /** Wall-clock milliseconds. */
  startedAt: z.number(),
  runs: z.number(),
  lastRunAt: z.number(),
  /** Undefined while it runs, and after a crash. */
  ending: z.enum(['finished', 'limit', 'spent', 'interrupted', 'failed']).optional(),
  endedAt: z.number().optional(),
})

export type CrawlRecord = z.infer<typeof recordSchema>

const key = 'crawl'

export async function readRecord(side: Pick<SideStore, 'get'>): Promise<CrawlRecord | undefined> {
  return parseRecord(await side.get(key))
}

/** Undefined for what is none. */
export function parseRecord(bytes: Uint8Array | undefined): CrawlRecord | undefined {
  if (bytes === undefined) return undefined
  const parsed = recordSchema.safeParse(JSON.parse(Buffer.from(bytes).toString()))
  return parsed.success ? parsed.data : undefined
}

export async function writeRecord(side: Pick<SideStore, 'put'>, record: CrawlRecord): Promise<void> {
  await side.put(key, Buffer.from(JSON.stringify(record)))
}

/** 16 hexadecimal digits, equal for equal params. */
export function digestOfParams(params: unknown): string {
  return createHash('sha256').update(stable(params)).digest('hex').slice(0, 16)
}

/** A file name for a crawl: readable, and different for other params. */
export function nameOf({ source, params, options }: CrawlPlan): string {
  if (options.name !== undefined) return options.name
  const slug = source
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|(?<!-)-+$/g, '')
  return `${slug.slice(0, 40) || 'crawl'}-${digestOfParams(params).slice(0, 8)}`
}

/** JSON with its keys in order, and what JSON has no word for as text. */
function stable(value: unknown): string {
  return (
    JSON.stringify(value, (_, each: unknown) => {
      if (typeof each === 'bigint') return `${each}n`
      if (each instanceof Map || each instanceof Set) return [...each]
      if (typeof each !== 'object' || each === null || Array.isArray(each)) return each
      return Object.fromEntries(Object.entries(each).sort(([one], [other]) => (one < other ? -1 : 1)))
    }) ?? 'undefined'
  )
}
