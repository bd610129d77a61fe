import { verdictKinds } from '../contracts/outcome.ts'
import type {
  CrawlerStats,
  CrawlerTotals,
  HostStats,
  ProxyCounts,
  ProxyView,
  Quantiles,
} from '../contracts/stats.ts'
import { breakerStates, closed, open } from '../reputation/breakers.ts'
import type { LatencyHistogram } from '../reputation/latency.ts'
import type { Pool } from '../router/pool.ts'
import type { Engine } from './engine.ts'
import { FleetStandings } from './proxy-counts.ts'

/** Reads the engine's columns and counters into plain JSON, when somebody asks. */
export function statsOf(engine: Engine, seed: number, now: number, openedAt: number): CrawlerStats {
  const standings = new FleetStandings(engine.fleet)
  const sessions = sessionCounts(engine)
  const hosts: Record<string, HostStats> = {}
  for (const pool of engine.router.pools.values())
    hosts[pool.host] = readPool(engine, pool, { standings, sessions: sessions.get(pool.host) ?? 0 }, now)
  const { hostStates: _, ...totals } = readTotals(engine, { seed, now, openedAt, standings, sessions })
  return { ...totals, hosts }
}

/** The same without a look at each host. */
export function totalsOf(engine: Engine, seed: number, now: number, openedAt: number): CrawlerTotals {
  const standings = new FleetStandings(engine.fleet)
  return readTotals(engine, { seed, now, openedAt, standings, sessions: sessionCounts(engine) })
}

interface Taken {
  readonly seed: number
  readonly now: number
  readonly openedAt: number
  readonly standings: FleetStandings
  readonly sessions: SessionCounts
}

function readTotals(engine: Engine, { seed, now, openedAt, standings, sessions }: Taken): CrawlerTotals {
  const { crew, router, telling, feedback, fleet } = engine
  const { accepted, succeeded, failed } = crew.counts
  const { attempts, hedges, bytes } = telling.counts
  const hostStates = { serving: 0, throttled: 0, down: 0, starved: 0, draining: 0 }
  let parked = 0
  let requeues = 0
  for (const { waiting, record, state } of router.pools.values()) {
    parked += waiting.size
    requeues += record.counts.requeues
    hostStates[state]++
  }
  const tasks = { accepted, racing: crew.racing, limit: Math.floor(crew.ceiling), parked, succeeded, failed }
  const verdicts = Object.fromEntries(
    verdictKinds.map((kind) => [kind, telling.verdicts.get(kind) ?? 0]),
  ) as CrawlerStats['verdicts']
  const latencyMs = quantiles(telling.latency)
  return {
    seed,
    wallMs: now - openedAt,
    tasks,
    attempts,
    hedges,
    bytes,
    spending: engine.spending.totals(fleet.members.map((proxy) => fleet.endpoints[proxy]!)),
    latencyMs,
    verdicts,
    successRate1m: feedback.lastMinute.rate(now),
    requeues,
    skipped: engine.skips.toJSON(),
    sessions: sessions.get(everywhere) ?? 0,
    hostStates,
    proxies: standings.counts,
    trust: { ...engine.trust.counts },
    held: router.isBlackout ? 'blackout' : router.isPaused ? 'paused' : undefined,
  }
}

/** Of one host, without a look at the others; undefined where it was never asked for. */
export function hostStats(engine: Engine, host: string, now: number): HostStats | undefined {
  const pool = engine.router.pools.get(host)
  if (!pool) return undefined
  const sessions = sessionCounts(engine).get(host) ?? 0
  return readPool(engine, pool, { standings: new FleetStandings(engine.fleet), sessions }, now)
}

function readPool(
  { router }: Engine,
  pool: Pool,
  { standings, sessions }: { readonly standings: FleetStandings; readonly sessions: number },
  now: number,
): HostStats {
  const { limit, record, waiting } = pool
  const { requeues, ...counts } = record.counts
  return {
    state: pool.state,
    reason: pool.reason,
    until: pool.until || undefined,
    isPaused: router.isHeld(pool.host),
    ...counts,
    inFlight: pool.inFlight,
    limit: Number.isFinite(limit.value) ? limit.value : undefined,
    waiting: waiting.size,
    waitingFor: waiting.size > 0 ? pool.refusal.reason : undefined,
    intervalMs: pool.pace.interval,
    firstByteMs: quantiles(record.latency),
    proxies: standings.at(pool),
    successRate1m: record.lastMinute.rate(now),
    requeues,
    skipped: record.skipped?.toJSON() ?? {},
    sessions,
  }
}

const everywhere = Symbol('everywhere')

/** Sessions that live: by the hosts they have asked, and all of them. */
type SessionCounts = ReadonlyMap<string | typeof everywhere, number>

function sessionCounts({ sessions }: Engine): SessionCounts {
  const counts = new Map<string | typeof everywhere, number>()
  const add = (name: string | typeof everywhere) => counts.set(name, (counts.get(name) ?? 0) + 1)
  for (const life of sessions.living()) {
    add(everywhere)
    for (const host of life.hosts) add(host)
  }
  return counts
}

export function quantiles(latency: LatencyHistogram): Quantiles {
  return { p50: latency.quantile(0.5), p95: latency.quantile(0.95), p99: latency.quantile(0.99) }
}

/** Whether anything may go out: nobody has paused it, this machine is online, and a proxy is in use. */
export function mayRun({ fleet, router }: Engine): boolean {
  if (router.isPaused || router.isBlackout) return false
  const { state } = fleet.breakers
  return fleet.members.some((proxy) => state[proxy] === closed)
}

export function proxyCounts({ fleet }: Engine): ProxyCounts {
  return new FleetStandings(fleet).counts
}

/** Hosts that are named for each proxy, of those at which it is shut out. */
const mostNamed = 10

export function proxyViews({ fleet, trust, router }: Engine, now: number): ProxyView[] {
  const shut = shutHosts(router.pools.values())
  return fleet.members.map((proxy) => {
    const state = breakerStates[fleet.breakers.state[proxy]!]!
    const reason = state === 'closed' ? '' : fleet.breakers.contextOf(proxy).reason
    // Where another run has found that out, its breaker alone remembers it.
    const isLiar = state === 'isolated' && reason === 'lies'
    const { named = [], count = 0 } = shut.get(proxy) ?? {}
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
      successes: fleet.successes[proxy]!,
      failures: fleet.failures[proxy]!,
      successRate1m: fleet.lastMinutes[proxy]?.rate(now),
      failing: state === 'closed' && fleet.isFailing(proxy),
      lastReason: fleet.lastReasons[proxy],
      openAt: named,
      openAtCount: count,
      bytes: fleet.bytes[proxy]!,
    }
  })
}

/** Where each proxy is shut out, by its number. */
function shutHosts(pools: Iterable<Pool>): ReadonlyMap<number, { named: string[]; count: number }> {
  const shut = new Map<number, { named: string[]; count: number }>()
  for (const { host, record } of pools) {
    const { proxy, size, breakers } = record.pairs
    for (let row = 0; row < size; row++) {
      if (breakers.state[row] !== open) continue
      const found = shut.get(proxy[row]!) ?? { named: [], count: 0 }
      if (found.named.length < mostNamed) found.named.push(host)
      found.count++
      shut.set(proxy[row]!, found)
    }
  }
  return shut
}
