import type { HostNormRecorder } from '../../classify/norm.ts'
import type { Pool } from '../../router/pool.ts'
import { type Moments, ms, short } from './rows.ts'
import type { HostRecord } from './schema.ts'

/** What is known of a host whatever the proxy: its limit, its pace, how long it takes, what its pages look like. */
export function hostRecord(
  pool: Pool,
  page: HostNormRecorder | undefined,
  at: number,
  now: number,
): HostRecord {
  const { state, until, reason, host, nextAt, health, pairs } = pool
  const limit = pool.limit.toSaved()
  const pace = pool.pace.toSaved()
  const { answeredAt, ...healthy } = health.toSaved()
  const { mean, variance, votes, noise } = pairs.usual
  const shape = page?.toSaved()
  return {
    kind: 'host',
    at,
    host,
    // Without proxies is what we are, not what the host is; and leaving is over when somebody comes again.
    ...(state === 'throttled' || state === 'down'
      ? { state, until: ms(until - now), reason: reason.slice(0, 200) }
      : { state: 'serving', until: 0, reason: '' }),
    next: ms(Math.max(0, (nextAt === Number.POSITIVE_INFINITY ? now + pool.hostInterval : nextAt) - now)),
    ...(limit && {
      limit: {
        limit: short(limit.limit),
        isProbing: limit.isProbing,
        ...(limit.cutAt !== undefined && { cutAt: ms(limit.cutAt - now) }),
      },
    }),
    ...(pace && {
      pace: {
        interval: short(pace.interval),
        refused: short(pace.refused),
        ...(pace.raisedAt !== undefined && { raisedAt: ms(pace.raisedAt - now) }),
      },
    }),
    latency: { recorded: pool.latency.recorded, buckets: [...pool.latency.toSaved().buckets] },
    usual: { mean: short(mean), variance: short(variance), votes, noise: short(noise) },
    health: {
      ...healthy,
      share: short(healthy.share),
      ...(answeredAt !== undefined && { answeredAt: ms(answeredAt - now) }),
    },
    norm: rounded(pool.norm.toSaved()),
    share: short(pool.share.value),
    failureCost: ms(pool.failureCost),
    ...(shape && { page: rounded(shape) }),
  }
}

/** Puts what was known of a host into its pool, before its first lease. `isFinal`: nothing was sent after the record. */
export function restoreHost(
  pool: Pool,
  page: HostNormRecorder,
  record: HostRecord,
  { takenAt, now }: Moments,
  earliest: number,
): void {
  const { limit, pace, health } = record
  const since = (offset: number | undefined) => (offset === undefined ? undefined : takenAt + offset)
  if (limit) pool.limit.restore({ ...limit, cutAt: since(limit.cutAt) })
  if (pace) pool.pace.restore({ ...pace, raisedAt: since(pace.raisedAt) })
  pool.latency.restore(record.latency)
  pool.pairs.usual = record.usual
  pool.health.restore({ ...health, answeredAt: since(health.answeredAt) })
  pool.norm.restore(record.norm)
  pool.share.value = record.share
  pool.failureCost = record.failureCost
  if (record.page) page.restore(record.page)
  const nextAt = Math.max(takenAt + record.next, pool.hostInterval > 0 ? earliest + pool.hostInterval : 0)
  const until = takenAt + record.until
  const isOver = record.state === 'throttled' && until <= now
  pool.restore(isOver ? 'serving' : record.state, until, record.reason, nextAt)
}

function rounded<Numbers extends object>(numbers: Numbers): Numbers {
  return Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [name, short(value as number)]),
  ) as Numbers
}
