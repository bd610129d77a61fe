import type { Random } from '../base/random.ts'
import type { Alert } from '../contracts/events.ts'
import type { ProxyLease } from '../contracts/lease.ts'
import type { Outcome } from '../contracts/outcome.ts'
import type { Options } from '../options/options.ts'
import type { Pool } from '../router/pool.ts'
import { assignBlame, type Blame } from './blame.ts'
import { closed } from './breakers.ts'
import type { FleetTable } from './fleet-table.ts'
import { accuseProxy, creditProxy } from './fleet-view.ts'
import { refundWindow } from './ledger.ts'
import type { LocalHealth } from './local-health.ts'
import type { Norm, RunningShare } from './norm.ts'

/**
 * The one place that applies an outcome: permits back, weights, the proxy's event, the host's event. Everything an
 * outcome changes can be read here from top to bottom. One event goes to the proxy machine that is blamed or credited,
 * and to a pool's machine only when the host itself changes.
 */
export interface FeedbackWorld {
  readonly options: Options
  readonly random: Random
  readonly fleet: FleetTable
  readonly fleetNorm: Norm
  readonly averageShare: RunningShare
  readonly local: LocalHealth
  /** How many more hosts that nobody reaches are told of. */
  readonly hints: { left: number }
  alert(alert: Alert): void
  /** A proxy bears more than before: those who wait for permits may ask again. */
  freed(pool: Pool): void
}

/** The outcome is a neutral loser's when another attempt of its task had already won. */
export function applyOutcome(world: FeedbackWorld, pool: Pool, lease: ProxyLease, outcome: Outcome): Blame {
  const blamed = apply(world, pool, lease, outcome)
  if (lease.why === 'canary' && pool.state === 'down') concludeCanary(world, pool, outcome)
  return blamed
}

function apply(world: FeedbackWorld, pool: Pool, lease: ProxyLease, outcome: Outcome): Blame {
  const { fleet } = world
  const { exchange, verdict, endedAt: now } = outcome
  const { proxy, pair } = lease
  pool.release(lease)
  if (!fleet.has(proxy) || fleet.endpoints[proxy] !== lease.endpoint) return noBlame // it left the fleet meanwhile
  fleet.bytes[proxy]! += exchange.bytes
  pool.counts.bytes += exchange.bytes
  // While the host is held to be down, a failure there says next to nothing about the proxy.
  const hostSuspicion = pool.state === 'down' ? 1 : 1 - pool.share.value
  const suspicion = { proxy: 1 - fleet.mean(proxy, now), host: hostSuspicion }
  assignBlame(verdict, exchange, suspicion, blame)
  const isLocal = world.local.observe(outcome, proxy, fleet.size, now)
  if (isLocal) Object.assign(blame, noBlame)
  if (verdict.kind === 'neutral' || isLocal) {
    if (exchange.kind === 'fault' && exchange.cause === 'cancelled' && pool.health.failures.weight === 0) {
      pool.pairs.observeCensored(pair, exchange.totalMs, now)
    }
    returnProbes(world, pool, lease)
    return blame
  }
  if (isHeard(outcome)) pool.health.found()
  fleet.evidence.add(proxy, blame.fleetSuccess, blame.fleetFailure, now)
  pool.pairs.evidence.add(pair, blame.pairSuccess, blame.pairFailure, now)
  if (blame.pairSuccess > 0) credit(world, pool, lease, outcome)
  else {
    pool.failureCost += (Math.min(5_000, outcome.endedAt - outcome.startedAt) - pool.failureCost) * 0.05
    if (blame.pairFailure > 0) world.averageShare.observe(false)
    if (blame.pairFailure > 0) pool.share.observe(false)
    if (verdict.kind === 'rate-limited') limit(world, pool, lease, outcome)
    else accuse(world, pool, lease, outcome)
    if (blame.host > 0) suspectHost(world, pool, lease, outcome)
  }
  return blame
}

/** A success that changes nothing but weights waits for others, up to this many, to be told in one event. */
const successesInBulk = 16

const blame: Blame = { fleetSuccess: 0, fleetFailure: 0, pairSuccess: 0, pairFailure: 0, host: 0 }
const noBlame: Blame = { fleetSuccess: 0, fleetFailure: 0, pairSuccess: 0, pairFailure: 0, host: 0 }

function credit(world: FeedbackWorld, pool: Pool, lease: ProxyLease, outcome: Outcome): void {
  const { fleet } = world
  const { proxy, pair } = lease
  const { exchange, endedAt: now } = outcome
  const latency = exchange.firstByteMs ?? exchange.totalMs
  const usual = pool.latency.recorded >= 20 ? (pool.latency.quantile(0.5) ?? 0) : Number.POSITIVE_INFINITY
  pool.latency.record(latency)
  pool.pairs.observeLatency(pair, latency, now)
  const offset = pool.pairs.offsetOf(pair)
  const before = pool.pairs.tempo[pair]!
  if (Number.isNaN(before)) fleet.tempoHosts[proxy]!++
  fleet.tempoSum[proxy]! += offset - (Number.isNaN(before) ? 0 : before)
  pool.pairs.tempo[pair] = offset
  fleet.firstByte[proxy] = fleet.firstByte[proxy]! ? fleet.firstByte[proxy]! * 0.9 + latency * 0.1 : latency
  fleet.succeededAt[proxy] = now
  if (fleet.prove(proxy)) world.freed(pool)
  fleet.groups.accepted(fleet.group[proxy]!)
  world.averageShare.observe(true)
  pool.share.observe(true)
  pool.norm.observe(lease.expected)
  world.fleetNorm.observe(lease.expected)
  pool.limit.answered(pool.inFlight + 1)
  pool.pace.answered(pool.pairs.size)
  pool.hedges?.earned()
  pool.selection.prove(proxy)
  pool.health.answered(now)
  if (pool.state === 'down') hostAnswered(world, pool, lease, now)

  const slow = latency > Math.max(3 * usual, pool.settings.limits.timeouts.firstByte / 4)
  const { pairs } = pool
  pairs.untold[pair]!++
  if (slow || pairs.breakers.settled[pair] === 0 || pairs.untold[pair]! >= successesInBulk) {
    tellSuccesses(world, pool, lease, now, slow)
  }
  creditProxy(world, proxy, lease.fleetEpoch, now)
}

/** Tells the pair's machine of the successes it has not heard of. */
function tellSuccesses(
  world: FeedbackWorld,
  pool: Pool,
  lease: ProxyLease,
  now: number,
  slow: boolean,
): void {
  const { evidence, breakers, untold } = pool.pairs
  const { pair, pairEpoch: epoch } = lease
  const times = untold[pair]!
  if (times === 0) return
  untold[pair] = 0
  const weights = { alpha: evidence.success[pair]!, beta: evidence.failure[pair]! }
  breakers.send(pair, {
    type: 'succeeded',
    at: now,
    epoch,
    times,
    slow,
    ...weights,
    options: pool.settings.breaker,
    jitter: world.random(),
  })
}

function accuse(world: FeedbackWorld, pool: Pool, lease: ProxyLease, outcome: Outcome): void {
  const { fleet, random } = world
  const { proxy, pair } = lease
  const { verdict, endedAt: now } = outcome
  if (verdict.kind === 'target') {
    if (verdict.reason === 'tls-certificate') forgiveCertificates(world, pool)
    return returnProbes(world, pool, lease)
  }
  if (verdict.reason === 'tls-certificate') pool.health.forgers.push(proxy)
  const isAmbiguous = verdict.kind === 'transient'
  if (isAmbiguous) pool.ledger.record(proxy, pair, blame.fleetFailure, blame.pairFailure, now)
  if (verdict.kind === 'dead') {
    accuseProxy(world, proxy, lease.fleetEpoch, verdict, blame.fleetFailure, now)
    if (pool.pairs.breakers.state[pair] !== closed) releasePair(pool, lease)
    return
  }
  tellSuccesses(world, pool, lease, now, false)
  pool.pairs.breakers.send(pair, {
    type: 'failed',
    at: now,
    reason: verdict.reason,
    permanent: verdict.permanent ?? false,
    jitter: random(),
    options: pool.settings.breaker,
    epoch: lease.pairEpoch,
    weight: blame.pairFailure,
    hard: (verdict.kind === 'blocked' || verdict.kind === 'challenge') && blame.pairFailure >= 1,
    fatal: verdict.permanent ?? false,
    norm: pool.norm.threshold(),
    mayTrip: pool.mayOpen(now),
    alpha: pool.pairs.evidence.success[pair]!,
    beta: pool.pairs.evidence.failure[pair]!,
  })
  if (fleet.breakers.state[proxy] !== closed) {
    fleet.breakers.send(proxy, { type: 'released', epoch: lease.fleetEpoch })
  }
}

/** So many proxies bring the same bad certificate that it is the host's own: those who were taken out are let in again. */
function forgiveCertificates(world: FeedbackWorld, pool: Pool): void {
  const { fleet } = world
  for (const proxy of pool.health.forgers.splice(0)) {
    if (!fleet.has(proxy)) continue
    fleet.evidence.takeBack(proxy, 1)
    const [alpha, beta] = [fleet.evidence.success[proxy]!, fleet.evidence.failure[proxy]!]
    fleet.breakers.send(proxy, { type: 'refunded', since: 0, alpha, beta })
  }
}

function limit(world: FeedbackWorld, pool: Pool, lease: ProxyLease, outcome: Outcome): void {
  const { verdict, startedAt, endedAt: now } = outcome
  const wait = verdict.retryAfterMs ?? pool.health.backoff(world.random())
  returnProbes(world, pool, lease)
  pool.selection.rest(lease.proxy, now + wait)
  pool.pairs.nextAt[lease.pair] = Math.max(pool.pairs.nextAt[lease.pair]!, now + wait)
  if (verdict.limiter === 'proxy') return
  pool.pace.refused(startedAt, now)
  if (startedAt < pool.health.answeredAt && verdict.retryAfterMs === undefined) return
  if (!pool.health.limited(lease.proxy, now, pool.selection.size)) return
  pool.limit.refused(startedAt, now)
  pool.send({ type: 'host.limited', until: now + wait, reason: verdict.reason })
}

/** Somebody spoke who is not the proxy itself. */
function isHeard({ exchange, verdict }: Outcome): boolean {
  if (exchange.verified) return true
  if (exchange.kind === 'fault') return exchange.phase === 'body' || exchange.phase === 'decode'
  return verdict.kind !== 'transient' && verdict.kind !== 'dead'
}

/** Once for each host that nobody has ever reached, and for the first few of them only: a broad crawl meets thousands. */
function tellOutOfReach(world: FeedbackWorld, { host, health, selection }: Pool): void {
  if (world.hints.left === 0 || !health.isOutOfReach(selection.size)) return
  world.hints.left--
  const { failures } = health
  const message = `No proxy has reached ${host} yet: ${failures.exits} were tried, and most say ${failures.family()}. It is tried on for a while.`
  world.alert({ code: 'HOST_UNREACHABLE', message })
}

function suspectHost(world: FeedbackWorld, pool: Pool, lease: ProxyLease, outcome: Outcome): void {
  const { fleet } = world
  const { size } = pool.selection
  const { exchange, verdict, endedAt: now } = outcome
  const { failures } = pool.health
  if (verdict.reason === 'host-not-found') pool.health.notFound(lease.proxy)
  if (pool.state === 'down') return
  // Whoever began to answer is not down: it is the page, or the way.
  if (exchange.kind === 'fault' && (exchange.phase === 'body' || exchange.phase === 'decode')) return
  // A proxy that has lately worked elsewhere is a better witness than one that never has.
  const isProven = now - fleet.succeededAt[lease.proxy]! < 300_000
  const witness = verdict.kind === 'target' || isProven ? 1 : 0.25
  failures.failed(lease.proxy, verdict.reason, blame.host * witness, now)
  tellOutOfReach(world, pool)
  if (!pool.health.isDown(size) && !pool.health.isAbsent(size)) return
  const since = Math.max(failures.since, now - refundWindow)
  pool.send({ type: 'host.failed', until: pool.health.nextCanary(now), reason: failures.family() })
  refund(world, pool, since)
}

/** The canary has come back without a good page: is the host still down, and when is it asked again? */
function concludeCanary(world: FeedbackWorld, pool: Pool, outcome: Outcome): void {
  const { exchange, verdict, startedAt, endedAt: now } = outcome
  // A refusal is an answer too.
  if (exchange.kind === 'response' && verdict.kind !== 'target' && verdict.kind !== 'transient') {
    pool.health.failures.clear()
    pool.send({ type: 'host.answered' })
    return
  }
  if (pool.health.hasStalled(now)) {
    const minutes = Math.round((now - pool.health.answeredAt) / 60_000)
    const message = `${pool.host} has not answered for ${minutes} min (${pool.reason}); its tasks wait, nothing is lost.`
    world.alert({ code: 'HOST_STALLED', message })
  }
  const isHosts = verdict.kind === 'target' || verdict.kind === 'transient'
  // From one start to the next: a host that is silent keeps a canary for as long as a request may take.
  const until = isHosts ? Math.max(now, pool.health.nextCanary(startedAt)) : now + nextAfterProxy
  pool.send({ type: 'canary.failed', until })
}

/** How soon another proxy is sent when the canary's own failed it, in ms. */
const nextAfterProxy = 1_000

/** An answer from a host that was held to be down. */
function hostAnswered(world: FeedbackWorld, pool: Pool, lease: ProxyLease, now: number): void {
  pool.send({ type: 'host.answered' })
  if (lease.why === 'canary') return
  // It was sent before the verdict: the host was alive all along, and the blame was right after all.
  pool.ledger.restore((entry) => {
    world.fleet.evidence.add(entry.proxy, 0, entry.fleetWeight, now)
    pool.pairs.evidence.add(entry.pair, 0, entry.pairWeight, now)
  })
}

/** So many exits were refused one page that it is the page: what it cost them since `since` is given back. */
export function forgiveRefusals(
  world: FeedbackWorld,
  pool: Pool,
  penalties: readonly { proxy: number; pair: number; weight: number }[],
  since: number,
): void {
  const { pairs } = pool
  for (const { proxy, pair, weight } of penalties) {
    if (pairs.proxy[pair] !== proxy || world.fleet.endpoints[proxy] === undefined) continue
    giveBack(pool, pair, weight, since)
  }
}

function giveBack(pool: Pool, pair: number, weight: number, since: number): void {
  const { evidence, breakers } = pool.pairs
  evidence.takeBack(pair, weight)
  breakers.send(pair, {
    type: 'refunded',
    since,
    alpha: evidence.success[pair]!,
    beta: evidence.failure[pair]!,
  })
}

function refund(world: FeedbackWorld, pool: Pool, since: number): void {
  const { fleet } = world
  const { pairs } = pool
  pool.ledger.refund(since, (entry) => {
    if (pairs.proxy[entry.pair] !== entry.proxy) return
    fleet.evidence.takeBack(entry.proxy, entry.fleetWeight)
    giveBack(pool, entry.pair, entry.pairWeight, since)
  })
}

function returnProbes(world: FeedbackWorld, pool: Pool, lease: ProxyLease): void {
  if (world.fleet.breakers.state[lease.proxy] !== closed) {
    world.fleet.breakers.send(lease.proxy, { type: 'released', epoch: lease.fleetEpoch })
  }
  if (pool.pairs.breakers.state[lease.pair] !== closed) releasePair(pool, lease)
}

function releasePair(pool: Pool, lease: ProxyLease): void {
  pool.pairs.breakers.send(lease.pair, { type: 'released', epoch: lease.pairEpoch })
}
