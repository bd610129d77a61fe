import { z } from 'zod'

/**
 * What a crawler knows of its proxies and hosts, as plain JSON that outlives it. Each record is true by itself: `at` is
 * the wall clock when it was taken, and every other time in it counts milliseconds from there, past ones below zero. So a
 * record may be carried from file to file unread, and a clock that was set back harms nothing.
 *
 * Many rows are written as columns: it is how they are kept, it is half the size, and checking an array of numbers costs
 * a tenth of checking as many objects. Proxies are named by label, which holds no secret; addresses, credentials, URLs of
 * pages and cookies are not in it at all.
 */
export const snapshotVersion = 1

const count = z.number().min(0)
const share = z.number().min(0).max(1)
const time = z.number()
const wall = z.number()
const label = z.string().max(600)
const reason = z.string().max(200)

/** A breaker that is not closed: row, state, until when it is open, since when, and why. */
const outage = z.tuple([
  z.int().min(0),
  z.enum(['open', 'halfOpen', 'isolated', 'retired']),
  time,
  time,
  reason,
])

const rows = {
  proxies: z.array(label),
  /** Evidence, as it was `since`. */
  success: z.array(count),
  failure: z.array(count),
  since: z.array(time),
  /** The breaker's numbers: see rules/breaker.ts. */
  run: z.array(count),
  seen: z.array(count),
  failed: z.array(share),
  slow: z.array(share),
  reopens: z.array(count),
  proven: z.array(count),
  outages: z.array(outage),
}

/** Row, whether the account was accepted, how often its group has opened, and until when it is open. */
const account = z.tuple([z.int().min(0), z.boolean(), count, time])

const proxiesSchema = z.object({
  kind: z.literal('proxies'),
  at: wall,
  ...rows,
  /** Mean first byte over all hosts, ms; 0 before the first. */
  firstByte: z.array(count),
  /** Last success anywhere. */
  answered: z.array(time.nullable()),
  tempoSum: z.array(z.number()),
  tempoHosts: z.array(count),
  uses: z.array(count),
  /** Whether it was found honest over plain HTTP: 1, else 0. Files of before have none. */
  honest: z.array(count).optional(),
  accounts: z.array(account),
})

const pairsSchema = z.object({
  kind: z.literal('pairs'),
  at: wall,
  host: z.string(),
  ...rows,
  latencyWeight: z.array(count),
  latencyMean: z.array(z.number()),
  latencyAt: z.array(time),
  tempo: z.array(z.number().nullable()),
  uses: z.array(count),
  /** Earliest next request; 0 when that is past. */
  next: z.array(count),
})

const norm = z.object({ seen: count, mean: z.number(), deviation: count })

const hostSchema = z.object({
  kind: z.literal('host'),
  at: wall,
  host: z.string(),
  state: z.enum(['serving', 'throttled', 'down']),
  until: time,
  reason,
  next: count,
  limit: z.object({ limit: count, isProbing: z.boolean(), cutAt: time.optional() }).optional(),
  pace: z.object({ interval: count, refused: count, raisedAt: time.optional() }).optional(),
  latency: z.object({ recorded: count, buckets: z.array(count).max(240) }),
  usual: z.object({ mean: z.number(), variance: count, votes: count, noise: count }),
  health: z.object({
    share,
    isProven: z.boolean(),
    canaries: count,
    backoffs: count,
    isStalled: z.boolean(),
    answeredAt: time.optional(),
  }),
  norm,
  share,
  failureCost: count,
  page: z
    .object({
      answers: count,
      pages: count,
      logSizeMean: z.number(),
      variance: count,
      htmlShare: share,
      titledShare: share,
      linkedShare: share,
      foreignCanonicalShare: share,
    })
    .optional(),
})

const fleetSchema = z.object({ kind: z.literal('fleet'), at: wall, averageShare: share, norm })

/** Digest of the session's key, label of its proxy, last use. */
const sessionsSchema = z.object({
  kind: z.literal('sessions'),
  at: wall,
  bindings: z.array(z.tuple([z.string().max(64), label, time])),
})

const recordSchema = z.discriminatedUnion('kind', [
  fleetSchema,
  proxiesSchema,
  hostSchema,
  pairsSchema,
  sessionsSchema,
])

export type SnapshotRecord = z.output<typeof recordSchema>
export type ProxiesRecord = z.output<typeof proxiesSchema>
export type PairsRecord = z.output<typeof pairsSchema>
export type HostRecord = z.output<typeof hostSchema>
export type RowColumns = Pick<PairsRecord, keyof typeof rows>
export type Outage = z.output<typeof outage>

export interface ReputationSnapshot {
  readonly version: typeof snapshotVersion
  /** Wall clock, ms. */
  readonly at: number
  readonly isFinal: boolean
  readonly records: readonly SnapshotRecord[]
}

/** The record, or why it is none. */
export function readRecord(value: unknown): SnapshotRecord | string {
  const parsed = recordSchema.safeParse(value)
  if (!parsed.success) return z.prettifyError(parsed.error).slice(0, 300)
  return faultOf(parsed.data) ?? parsed.data
}

/** Columns of one record are of one length, and what names a row names one that is there. */
function faultOf(record: SnapshotRecord): string | undefined {
  if (record.kind !== 'proxies' && record.kind !== 'pairs') return undefined
  const size = record.proxies.length
  for (const [name, column] of Object.entries(record)) {
    if (Array.isArray(column) && !sparse.has(name) && column.length !== size)
      return `the column "${name}" has ${column.length} rows, not ${size}`
  }
  const isOutside = ([row]: readonly [number, ...unknown[]]) => row >= size
  if (record.outages.some(isOutside) || (record.kind === 'proxies' && record.accounts.some(isOutside)))
    return `a row is named that is not there; there are ${size}`
  return undefined
}

/** Lists that name the few rows they speak of. */
export const sparse = new Set(['outages', 'accounts'])
