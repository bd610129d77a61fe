import { verdictKinds } from '../contracts/outcome.ts'
import type { CrawlerStats, HostStats, ProxyCounts, ProxyView, Quantiles } from '../contracts/stats.ts'
import { breakerStates } from '../reputation/breakers.ts'
import type { LatencyHistogram } from '../reputation/latency.ts'
import type { Engine } from './engine.ts'

/** Reads the engine's columns and counters into plain JSON, when somebody asks. */
export function statsOf(engine: Engine, seed: number, wallMs: number): CrawlerStats {
  const { crew, router, telling } = engine
  const { accepted, succeeded, failed } = crew.counts
  const { attempts, hedges, bytes } = telling.counts
  const hosts: Record<string, HostStats> = {}
  let parked = 0
  for (const pool of router.pools.values()) {
    parked += pool.waiting.size
    const limit = pool.limit.value
    hosts[pool.host] = {
      state: pool.state,
      reason: pool.reason,
      until: pool.until || undefined,
      ...pool.record.counts,
      inFlight: pool.inFlight,
      limit: Number.isFinite(limit) ? limit : undefined,
      waiting: pool.waiting.size,
      waitingFor: pool.waiting.size > 0 ? pool.refusal.reason : undefined,
      intervalMs: pool.pace.interval,
      firstByteMs: quantiles(pool.record.latency),
    }
  }
  const tasks = { accepted, racing: crew.racing, parked, succeeded, failed }
  const verdicts = Object.fromEntries(
    verdictKinds.map((kind) => [kind, telling.verdicts.get(kind) ?? 0]),
  ) as CrawlerStats['verdicts']
  const latencyMs = quantiles(telling.latency)
  return {
    seed,
    wallMs,
    tasks,
    attempts,
    hedges,
    bytes,
    latencyMs,
    verdicts,
    hosts,
    proxies: proxyCounts(engine),
    trust: { ...engine.trust.counts },
    held: router.isBlackout ? 'blackout' : router.isPaused ? 'paused' : undefined,
  }
}

export function quantiles(latency: LatencyHistogram): Quantiles {
  return { p50: latency.quantile(0.5), p95: latency.quantile(0.95), p99: latency.quantile(0.99) }
}

export function proxyCounts({ fleet }: Engine): ProxyCounts {
  const counts = { total: fleet.size, healthy: 0, open: 0, halfOpen: 0, isolated: 0, retired: 0 }
  for (const proxy of fleet.members) {
    const state = breakerStates[fleet.breakers.state[proxy]!]!
    if (state === 'closed') counts.healthy++
    else counts[state]++
  }
  return counts
}

export function proxyViews({ fleet, trust }: Engine, now: number): ProxyView[] {
  return fleet.members.map((proxy) => {
    const state = breakerStates[fleet.breakers.state[proxy]!]!
    const reason = state === 'closed' ? '' : fleet.breakers.contextOf(proxy).reason
    // Where another run has found that out, its breaker alone remembers it.
    const isLiar = state === 'isolated' && reason === 'lies'
    return {
      id: fleet.endpoints[proxy]!.id,
      state,
      reason,
      until: state === 'open' ? fleet.breakers.openUntil[proxy]! : undefined,
      trust: isLiar ? 'lies' : trust.honesty.standingOf(proxy, fleet.size),
      success: fleet.mean(proxy, now),
      firstByteMs: fleet.firstByte[proxy] || undefined,
      inFlight: fleet.inFlight[proxy]!,
      attempts: fleet.uses[proxy]!,
      bytes: fleet.bytes[proxy]!,
    }
  })
}
