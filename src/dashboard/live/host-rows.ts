import type { Engine } from '../../engine/engine.ts'
import { FleetStandings } from '../../engine/proxy-counts.ts'
import { quantiles } from '../../engine/stats.ts'
import type { Pool } from '../../router/pool.ts'
import type { HostRow, HostTable } from '../protocol.ts'
import type { LiveParts } from './live-parts.ts'
import type { Recorder } from './recorder.ts'

/** A row for each host that matters: a crawl may know a million. */
const mostHosts = 500
/** How its proxies fare is counted for so many: each count looks at every pair. */
const mostCounted = 50

export function hostTable({ engine, clock }: LiveParts, recorder: Recorder): HostTable {
  const now = clock.now()
  const offset = clock.wall() - now
  const { router, fleet } = engine
  const pools = [...router.pools.values()]
  const chosen =
    pools.length > 1 ? pools.sort((a, b) => order(router, a) - order(router, b) || load(b) - load(a)) : pools
  const standings = new FleetStandings(fleet)
  const rows = chosen.slice(0, mostHosts).map((pool, at) => {
    const { total, healthy } = at < mostCounted ? standings.at(pool) : standings.counts
    const proxies = { working: healthy, shut: total - healthy, total }
    return { ...rowOf(engine, pool, recorder, { now, offset }), proxies }
  })
  return { at: clock.wall(), rows, more: Math.max(0, pools.length - mostHosts) }
}

function rowOf(
  { router }: Engine,
  pool: Pool,
  recorder: Recorder,
  { now, offset }: { readonly now: number; readonly offset: number },
): Omit<HostRow, 'proxies'> {
  const { host, record, limit, waiting } = pool
  const { p50, p95 } = quantiles(record.latency)
  const { succeeded, failed, attempts, bytes } = record.counts
  const known = recorder.hosts.get(host)
  return {
    ...{ host, succeeded, failed, attempts, bytes },
    state: pool.state,
    reason: pool.reason,
    until: pool.until === 0 ? null : Math.round(pool.until + offset),
    isPaused: router.isHeld(host),
    inFlight: pool.inFlight,
    limit: Number.isFinite(limit.value) ? Math.round(limit.value * 10) / 10 : null,
    intervalMs: Math.round(pool.pace.interval),
    waiting: waiting.size,
    waitingFor: waiting.size > 0 ? pool.refusal.reason : null,
    queued: null,
    verdicts: known?.verdicts ?? {},
    success: record.lastMinute.rate(now) ?? null,
    p50: p50 === undefined ? null : Math.round(p50),
    p95: p95 === undefined ? null : Math.round(p95),
    requestsPerSecond: Math.round((known?.perSecond ?? 0) * 10) / 10,
  }
}

/** Those that need attention come first. */
function order(router: Engine['router'], pool: Pool): number {
  if (router.isHeld(pool.host)) return 0
  return { down: 1, starved: 2, throttled: 3, serving: 4, draining: 5 }[pool.state]
}

function load(pool: Pool): number {
  return pool.record.counts.attempts
}
