import type { Pool } from '../../router/pool.ts'
import { type Moments, ms, short } from './rows.ts'
import type { HostRecord } from './snapshot-record.ts'

/** What is known of a host whatever the proxy: its limit, its pace, how long it takes, what its pages look like. */
export function hostRecord(pool: Pool, at: number, now: number): HostRecord {
  const { host, health, pairs, latency, norm, share, failureCost, page } = pool.record
  const { state, until, reason, nextAt, limit, pace } = pool.toSaved()
  const { answeredAt, ...healthy } = health.toSaved()
  const { mean, variance, votes, noise } = pairs.usual
  const shape = page.toSaved()
  return {
    kind: 'host',
    at,
    host,
    state,
    until: state === 'serving' ? 0 : ms(until - now),
    reason: reason.slice(0, 200),
    next: ms(
      Math.max(0, (nextAt === Number.POSITIVE_INFINITY ? now + pool.spacing.hostInterval : nextAt) - now),
    ),
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
    latency: { recorded: latency.recorded, buckets: [...latency.toSaved().buckets] },
    usual: { mean: short(mean), variance: short(variance), votes, noise: short(noise) },
    health: {
      ...healthy,
      share: short(healthy.share),
      ...(answeredAt !== undefined && { answeredAt: ms(answeredAt - now) }),
    },
    norm: rounded(norm.toSaved()),
    share: short(share.value),
    failureCost: ms(failureCost),
    ...(shape && { page: rounded(shape) }),
  }
}

/** Puts what was known of a host into its pool, before its first lease. `isFinal`: nothing was sent after the record. */
export function restoreHost(
  pool: Pool,
  saved: HostRecord,
  { takenAt, now }: Moments,
  earliest: number,
): void {
  const { record } = pool
  const { hostInterval } = pool.spacing
  const { limit, pace, health } = saved
  const since = (offset: number | undefined) => (offset === undefined ? undefined : takenAt + offset)
  record.latency.restore(saved.latency)
  record.pairs.usual = saved.usual
  record.health.restore({ ...health, answeredAt: since(health.answeredAt) })
  record.norm.restore(saved.norm)
  record.share.value = saved.share
  record.failureCost = saved.failureCost
  if (saved.page) record.page.restore(saved.page)
  const until = takenAt + saved.until
  const isOver = saved.state === 'throttled' && until <= now
  pool.restore({
    state: isOver ? 'serving' : saved.state,
    until,
    reason: saved.reason,
    nextAt: Math.max(takenAt + saved.next, hostInterval > 0 ? earliest + hostInterval : 0),
    limit: limit && { ...limit, cutAt: since(limit.cutAt) },
    pace: pace && { ...pace, raisedAt: since(pace.raisedAt) },
  })
}

function rounded<Numbers extends object>(numbers: Numbers): Numbers {
  return Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [name, short(value as number)]),
  ) as Numbers
}
