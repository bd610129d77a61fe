import type { PoolEvent } from '../../machines/pool.ts'
import { LastMinute } from '../base/last-minute.ts'
import type { Random } from '../base/random.ts'
import type { Alert, PoolState } from '../contracts/events.ts'
import type { ProxyLease } from '../contracts/lease.ts'
import type { Outcome, Verdict } from '../contracts/outcome.ts'
import type { HostSettings } from '../options/host-settings.ts'
import type { Options } from '../options/options.ts'
import type { Spending } from '../spending/spending.ts'
import { isProxysOwn } from './accusers.ts'
import { assignBlame, type Blame } from './blame.ts'
import { closed } from './breakers.ts'
import type { FleetSilence } from './fleet-silence.ts'
import type { FleetTable } from './fleet-table.ts'
import { FleetView } from './fleet-view.ts'
import { HostHints } from './host-hints.ts'
import type { HostRecord } from './host-record.ts'
import { refundWindow } from './ledger.ts'
import type { LocalHealth } from './local-health.ts'
import { fellShort } from './reach.ts'
import { hasBegun, isHeard, isOutrun, isRefusal } from './signs.ts'

/**
 * The one place that applies an outcome: permits back, weights, the proxy's event, the host's event. Everything that an
 * outcome changes can be read here from top to bottom. One event goes to the proxy machine that is blamed or credited,
 * and to a pool's machine only when the host itself changes. It writes what is known (the host's record, the fleet's
 * table), and asks the pool for what the pool alone does.
 */
export interface HostPool {
  readonly record: HostRecord
  readonly settings: HostSettings
  /** Proxies that may visit this host at all. */
  readonly exits: number
  readonly state: PoolState
  /** Why the host is in that state. */
  readonly reason: string
  /** Whether a usable exit is left besides those that `isAsked` knows. */
  hasOther(isAsked: (proxy: number) => boolean): boolean
  /** Whether this proxy is taken at its word about the host. */
  isBelieved(proxy: number): boolean
  /** Gives back what the lease holds; a second time is harmless. */
  release(lease: ProxyLease): void
  /** The host has answered well over this proxy: it may be asked a little more. */
  speedUp(proxy: number): void
  /** A request that was sent at `sentAt` was refused for haste: each exit visits the host less often. */
  slowDown(sentAt: number, now: number): void
  /** The host limits us whatever the exit: nothing more is sent before `until`. */
  pause(sentAt: number, now: number, until: number, reason: string, source?: object): void
  /** The lease's proxy does not visit this host before `until`. */
  rest(lease: ProxyLease, until: number): void
  /** A proxy bears more than before: tasks that wait for permits may ask again. */
  offerPermits(): void
  /** What the host has done, told to its chart. */
  send(event: PoolEvent, source?: object): void
}

/** What a refusal has cost a pair, to be given back when it turns out to be the page. */
export interface RefusalPenalty {
  readonly proxy: number
  readonly pair: number
  readonly weight: number
}

/** An exit that has brought broken what another one brings whole. */
export interface Spoiler extends RefusalPenalty {
  readonly reason: string
}

interface PairFailure {
  readonly pair: number
  readonly epoch: number
  readonly reason: string
  readonly weight: number
  readonly hard: boolean
  /** Once is enough. */
  readonly fatal?: boolean
  /** Likewise, and it will not pass soon. */
  readonly permanent?: boolean
}

export interface FeedbackParts {
  readonly options: Options
  readonly random: Random
  readonly fleet: FleetTable
  readonly local: LocalHealth
  readonly silence: FleetSilence
  readonly spending: Spending
  alert(alert: Alert): void
}

/** How soon another proxy is sent when the canary's own failed it, in ms. */
const nextAfterProxy = 1_000

/** A host that has answered since then is answering, ms. */
const answering = 60_000

/** That nobody listens at the host is never chance: it counts as so many failures. */
const surely = 5

const noBlame: Blame = { fleetSuccess: 0, fleetFailure: 0, pairSuccess: 0, pairFailure: 0, host: 0 }

/** Whether an observer wants to see what this holder of a lease brings; undefined for a check in the background. */
export type Wants = (holder: object | undefined) => boolean

export class Feedback {
  readonly #random: Random
  readonly #fleet: FleetTable
  readonly #view: FleetView
  readonly #local: LocalHealth
  readonly #silence: FleetSilence
  readonly #spending: Spending
  readonly #alert: (alert: Alert) => void
  readonly #blame: Blame = { ...noBlame }
  readonly #hints: HostHints
  /** Those who look at the machines: whether they want to hear of this holder's successes at once. */
  #watchers: readonly Wants[] = []
  /** How attempts ended lately, whatever the host. */
  readonly lastMinute = new LastMinute()

  constructor({ options, random, fleet, local, silence, spending, alert }: FeedbackParts) {
    this.#random = random
    this.#fleet = fleet
    this.#local = local
    this.#silence = silence
    this.#spending = spending
    this.#alert = alert
    this.#hints = new HostHints(fleet, alert)
    this.#view = new FleetView(fleet, options, random, alert)
  }

  /** A request waits, and there is no proxy in the fleet. */
  nobodyToAsk(): void {
    this.#silence.asked()
  }

  /** A request goes out over this lease. */
  started({ endpoint }: ProxyLease): void {
    this.#silence.asked(endpoint)
  }

  /** What came of a lease. The blame is used again: it holds until the next outcome. */
  apply(pool: HostPool, lease: ProxyLease, outcome: Outcome): Blame {
    this.#spending.book(lease.endpoint, pool.record.host, outcome.exchange)
    const blamed = this.#apply(pool, lease, outcome)
    if (lease.why === 'canary' && pool.state === 'down') this.#concludeCanary(pool, lease, outcome)
    if (this.#watchers.length > 0 && this.#isWanted(lease.holder) && this.#fleet.has(lease.proxy)) {
      const now = outcome.endedAt
      this.#fleet.breakers.settle(lease.proxy, now, lease.holder)
      pool.record.pairs.breakers.settle(lease.pair, now, lease.holder)
    }
    return blamed
  }

  /** What a background check found out: no host was visited, so it speaks of the proxy alone. */
  check(id: string, outcome: Outcome): void {
    const proxy = this.#fleet.numberOf(id)
    const { verdict, exchange, endedAt: now } = outcome
    if (proxy === undefined || verdict.kind === 'neutral') return
    const blame = this.#blame
    assignBlame(verdict, exchange, { proxy: 1 - this.#fleet.mean(proxy, now), host: 0.5 }, blame)
    this.#fleet.evidence.add(proxy, blame.fleetSuccess, blame.fleetFailure, now)
    const epoch = this.#fleet.breakers.epoch[proxy]!
    if (verdict.kind === 'success') this.#fleet.drySpells.succeeded(proxy)
    if (verdict.kind === 'success') this.#view.credit(proxy, epoch, now)
    else if (verdict.kind === 'dead') this.#view.accuse(proxy, epoch, verdict, blame.fleetFailure, now)
    if (this.#isWanted(undefined)) this.#fleet.breakers.settle(proxy, now)
  }

  /** So many exits were refused one page that it is the page: what it cost them since `since` is given back. */
  forgive(record: HostRecord, penalties: readonly RefusalPenalty[], since: number, now: number): void {
    for (const { proxy, pair, weight } of penalties) {
      if (record.pairs.proxy[pair] !== proxy || this.#fleet.endpoints[proxy] === undefined) continue
      this.#giveBack(record, pair, weight, since, now)
    }
  }

  /** Another exit has brought whole what these brought broken: they spoil what they carry. */
  expose(pool: HostPool, spoilers: readonly Spoiler[], now: number): void {
    const { record } = pool
    for (const { proxy, pair, weight, reason } of spoilers) {
      if (record.pairs.proxy[pair] !== proxy || !this.#fleet.has(proxy)) continue
      record.pairs.evidence.add(pair, 0, weight, now)
      const epoch = record.pairs.breakers.epoch[pair]!
      this.#failPair(pool, { pair, epoch, reason, weight, hard: weight >= 1 }, now)
      if (!this.#fleet.accusers.agree(proxy, record.host, now)) continue
      this.#fleet.evidence.add(proxy, 0, weight, now)
      const verdict = { kind: 'dead', reason } as const
      this.#view.accuse(proxy, this.#fleet.breakers.epoch[proxy]!, verdict, weight, now)
    }
  }

  /**
   * An observer looks at the machines: until the returned function is called, they hear at once of the successes of the
   * holders that it wants to see. Those of the others are told in bulk, as ever.
   */
  watch(wants: Wants): () => void {
    this.#watchers = [...this.#watchers, wants]
    return () => {
      this.#watchers = this.#watchers.filter((each) => each !== wants)
    }
  }

  #isWanted(holder: object | undefined): boolean {
    return this.#watchers.some((wants) => wants(holder))
  }

  #apply(pool: HostPool, lease: ProxyLease, outcome: Outcome): Blame {
    const fleet = this.#fleet
    const { record } = pool
    const { exchange, verdict, endedAt: now } = outcome
    const { proxy, pair } = lease
    pool.release(lease)
    if (!fleet.has(proxy) || fleet.endpoints[proxy] !== lease.endpoint) return noBlame // it left the fleet meanwhile
    fleet.bytes[proxy]! += exchange.bytes
    record.counts.bytes += exchange.bytes
    // While the host is held to be down, a failure there says next to nothing about the proxy.
    const hostSuspicion = pool.state === 'down' ? 1 : 1 - record.share.value
    const suspicion = { proxy: 1 - fleet.mean(proxy, now), host: hostSuspicion }
    const blame = this.#blame
    assignBlame(verdict, exchange, suspicion, blame)
    // One host alone never speaks for the others.
    const isDoubted =
      verdict.kind === 'dead' &&
      !isProxysOwn(exchange, now - record.health.answeredAt < answering) &&
      !fleet.accusers.agree(proxy, record.host, now)
    if (isDoubted) blame.fleetFailure = 0
    if (isDoubted && verdict.credential) record.accounts.refused(fleet.group[proxy]!, now)
    if (isDoubted && verdict.credential && !record.health.hasAnswered) this.#hints.refusal(record.host, proxy)
    this.#silence.observe(outcome, proxy, lease.endpoint)
    const isLocal = this.#local.observe(outcome, proxy, fleet.size, now)
    if (isLocal) Object.assign(blame, noBlame)
    if (verdict.kind === 'neutral' || isLocal) {
      if (
        exchange.kind === 'fault' &&
        exchange.cause === 'cancelled' &&
        record.health.failures.weight === 0
      ) {
        record.pairs.observeCensored(pair, exchange.totalMs, now)
      }
      if (pool.state !== 'down' && isOutrun(record, outcome)) {
        record.pairs.failed(pair, outcome.startedAt)
        fleet.drySpells.outrun(proxy)
      }
      this.#returnProbes(record, lease)
      return blame
    }
    this.#count(record, lease, verdict, now)
    if (isHeard(outcome)) record.health.found()
    fleet.evidence.add(proxy, blame.fleetSuccess, blame.fleetFailure, now)
    record.pairs.evidence.add(pair, blame.pairSuccess, blame.pairFailure, now)
    if (blame.pairSuccess > 0) this.#credit(pool, lease, outcome)
    else {
      record.lastFailure = `${verdict.reason} over ${lease.endpoint.id}`
      record.failureCost += (Math.min(5_000, outcome.endedAt - outcome.startedAt) - record.failureCost) * 0.05
      if (blame.pairFailure > 0) fleet.averageShare.observe(false)
      if (blame.pairFailure > 0) record.share.observe(false)
      if (verdict.kind === 'rate-limited') this.#limit(pool, lease, outcome)
      else this.#accuse(pool, lease, outcome)
      if (blame.host > 0) this.#suspectHost(pool, lease, outcome)
    }
    return blame
  }

  #credit(pool: HostPool, lease: ProxyLease, outcome: Outcome): void {
    const fleet = this.#fleet
    const { record } = pool
    const { pairs, latency } = record
    const { proxy, pair } = lease
    const { exchange, endedAt: now } = outcome
    const ms = exchange.firstByteMs ?? exchange.totalMs
    const usual = latency.recorded >= 20 ? (latency.quantile(0.5) ?? 0) : Number.POSITIVE_INFINITY
    latency.record(ms)
    pairs.observeLatency(pair, ms, now)
    const offset = pairs.offsetOf(pair)
    const before = pairs.tempo[pair]!
    if (Number.isNaN(before)) fleet.tempoHosts[proxy]!++
    fleet.tempoSum[proxy]! += offset - (Number.isNaN(before) ? 0 : before)
    pairs.tempo[pair] = offset
    fleet.firstByte[proxy] = fleet.firstByte[proxy]! ? fleet.firstByte[proxy]! * 0.9 + ms * 0.1 : ms
    fleet.succeededAt[proxy] = now
    fleet.accusers.acquit(proxy, record.host)
    fleet.drySpells.succeeded(proxy)
    pairs.succeeded(pair)
    record.accounts.accepted(fleet.group[proxy]!)
    if (fleet.prove(proxy)) pool.offerPermits()
    fleet.averageShare.observe(true)
    record.share.observe(true)
    record.norm.observe(lease.expected)
    fleet.norm.observe(lease.expected)
    pool.speedUp(proxy)
    record.health.answered(now)
    record.lastFailure = undefined
    if (pool.state === 'down') this.#hostAnswered(pool, lease, now)

    const slow = ms > Math.max(3 * usual, pool.settings.limits.timeouts.firstByte / 4)
    pairs.breakers.credit(pair, lease.pairEpoch, now, slow, lease.holder)
    this.#view.credit(proxy, lease.fleetEpoch, now, lease.holder)
  }

  #accuse(pool: HostPool, lease: ProxyLease, outcome: Outcome): void {
    const { record } = pool
    const blame = this.#blame
    const { proxy, pair, holder } = lease
    const { exchange, verdict, endedAt: now } = outcome
    if (verdict.kind === 'target') {
      if (verdict.reason === 'tls-certificate') this.#forgiveCertificates(record, now)
      return this.#returnProbes(record, lease)
    }
    if (verdict.reason === 'tls-certificate') record.health.forgers.push(proxy)
    const isAmbiguous = verdict.kind === 'transient'
    if (isAmbiguous) record.ledger.record(proxy, pair, blame.fleetFailure, blame.pairFailure, now)
    const permanent = verdict.permanent ?? false
    const isFruitless = pool.state !== 'down' && this.#isFruitless(record, lease, outcome)
    const isEvicted = isFruitless && !permanent && !verdict.credential
    if (isEvicted) this.#view.evict(proxy, lease.fleetEpoch, now, holder)
    if (verdict.kind === 'dead' && blame.fleetFailure > 0) {
      if (!isEvicted) this.#view.accuse(proxy, lease.fleetEpoch, verdict, blame.fleetFailure, now, holder)
      return releasePair(record, lease)
    }
    const hard = isRefusal(verdict) && blame.pairFailure >= 1
    const failure = {
      pair,
      epoch: lease.pairEpoch,
      reason: verdict.reason,
      weight: blame.pairFailure,
      hard,
      // It has said itself that it may not go there: asking again would bring the same word.
      fatal: verdict.kind === 'blocked' && exchange.kind === 'fault' && exchange.phase === 'handshake',
      permanent,
    }
    this.#failPair(pool, failure, now, holder)
    if (!isEvicted) this.#view.release(lease)
  }

  /** One more failure of a proxy at a host that is not held to be down. Whether it works at no host. */
  #isFruitless(
    record: HostRecord,
    { proxy, pair }: ProxyLease,
    { exchange, endedAt: now }: Outcome,
  ): boolean {
    const fleet = this.#fleet
    const isOwn =
      this.#blame.fleetFailure > 0 && isProxysOwn(exchange, now - record.health.answeredAt < answering)
    record.pairs.failed(pair, now)
    return fleet.drySpells.failed(proxy, record, { isOwn, average: fleet.averageShare.value, now })
  }

  /** For those who ask how it goes; nothing decides on it. */
  #count({ lastMinute }: HostRecord, { proxy }: ProxyLease, { kind, reason }: Verdict, now: number): void {
    const isGood = kind === 'success' || kind === 'final'
    this.lastMinute.add(isGood, now)
    lastMinute.add(isGood, now)
    this.#fleet.ended(proxy, reason, isGood, kind !== 'target' && kind !== 'rate-limited', now)
  }

  /** The host's view of a proxy: one failure. */
  #failPair({ record, settings }: HostPool, failure: PairFailure, now: number, holder?: object): void {
    const { pair, epoch, reason, weight, hard, fatal = false, permanent = false } = failure
    const { alpha, beta } = record.weigh(pair, now)
    record.pairs.breakers.send(
      pair,
      {
        type: 'failed',
        at: now,
        reason,
        permanent,
        jitter: this.#random(),
        options: settings.breaker,
        epoch,
        weight,
        hard,
        fatal: fatal || permanent,
        norm: record.norm.threshold(),
        mayTrip: record.mayOpen(now),
        alpha,
        beta,
      },
      holder,
    )
  }

  /** So many proxies bring the same bad certificate that it is the host's own: those that were taken out come back. */
  #forgiveCertificates(record: HostRecord, now: number): void {
    for (const proxy of record.health.forgers.splice(0)) {
      if (!this.#fleet.has(proxy)) continue
      this.#view.forgive(proxy, 1, now)
      const pair = record.pairs.rowOf(proxy)
      if (pair !== undefined) this.#giveBack(record, pair, 1, 0, now)
    }
  }

  #limit(pool: HostPool, lease: ProxyLease, outcome: Outcome): void {
    const { health } = pool.record
    const { exchange, verdict, startedAt, endedAt: now } = outcome
    const wait = verdict.retryAfterMs ?? health.backoff(this.#random())
    this.#returnProbes(pool.record, lease)
    pool.rest(lease, now + wait)
    if (verdict.limiter === 'proxy') return
    const isBelieved = exchange.verified || pool.isBelieved(lease.proxy)
    const isLate = startedAt < health.answeredAt && verdict.retryAfterMs === undefined
    const isHosts = !isLate && health.limited(lease.proxy, now, pool.exits, isBelieved)
    const isPromise = verdict.retryAfterMs !== undefined && (isBelieved || isHosts)
    health.refusedForHaste(now, isPromise ? now + wait : undefined)
    pool.slowDown(startedAt, now)
    if (!isHosts) return
    pool.pause(startedAt, now, now + wait, verdict.reason, lease.holder)
    this.#hints.limit(pool.record, verdict.reason, now, wait)
  }

  #suspectHost(pool: HostPool, lease: ProxyLease, outcome: Outcome): void {
    const fleet = this.#fleet
    const { health } = pool.record
    const { exchange, verdict, endedAt: now } = outcome
    const { failures } = health
    if (verdict.reason === 'host-not-found') health.notFound(lease.proxy)
    const isProven = now - fleet.succeededAt[lease.proxy]! < 300_000
    if (!health.isReached && fellShort(exchange))
      health.reach.failed(lease.proxy, verdict.reason, isProven, now)
    if (pool.state === 'down') return
    // A host that began to answer is not down: it is the page, or the way.
    if (exchange.kind === 'fault' && hasBegun.has(exchange.phase)) return
    // A proxy that has lately worked elsewhere is a better witness than one that never has.
    const isAway =
      lease.endpoint.protocol === 'direct' && exchange.kind === 'fault' && exchange.phase === 'dial'
    const witness = isAway ? surely : verdict.kind === 'target' || isProven ? 1 : 0.25
    health.failed(lease.proxy, verdict.reason, this.#blame.host * witness, now, lease.holder)
    this.#hints.outOfReach(pool.record, pool.exits, lease.endpoint.protocol === 'direct')
    const isLost = health.isAbsent(pool.exits) || health.isLost(() => hasAsked(pool))
    if (!isLost && !health.isDown(pool.exits)) return
    const since = Math.max(failures.since, now - refundWindow)
    const next = health.nextCanary(now)
    // Is it the host, or one page alone? Where a good page is known, that is found out at once.
    const until = health.isOneTask && pool.record.goodUrl !== undefined ? now : next
    pool.send({ type: 'host.failed', until, reason: failures.family() }, lease.holder)
    this.#refund(pool.record, since, now)
  }

  /** The canary has come back without a good page: is the host still down, and when is it asked again? */
  #concludeCanary(pool: HostPool, lease: ProxyLease, outcome: Outcome): void {
    const { host, health } = pool.record
    const { exchange, verdict, startedAt, endedAt: now } = outcome
    // A refusal is an answer too.
    if (exchange.kind === 'response' && verdict.kind !== 'target' && verdict.kind !== 'transient') {
      health.failures.clear()
      pool.send({ type: 'host.answered' }, lease.holder)
      return
    }
    if (health.hasStalled(now)) {
      const minutes = Math.round((now - health.answeredAt) / 60_000)
      const message = `${host} has not answered for ${minutes} min (${pool.reason}); its tasks wait, nothing is lost.`
      this.#alert({ code: 'HOST_STALLED', message })
    }
    const isHosts = verdict.kind === 'target' || verdict.kind === 'transient'
    // From one start to the next: a host that is silent keeps a canary for as long as a request may take.
    const until = isHosts ? Math.max(now, health.nextCanary(startedAt)) : now + nextAfterProxy
    pool.send({ type: 'canary.failed', until }, lease.holder)
  }

  /** An answer from a host that was held to be down. */
  #hostAnswered(pool: HostPool, lease: ProxyLease, now: number): void {
    const { ledger, pairs } = pool.record
    pool.send({ type: 'host.answered' }, lease.holder)
    if (lease.why === 'canary') return
    // It was sent before the verdict: the host was alive all along, and the blame was right after all.
    ledger.restore((entry) => {
      this.#fleet.evidence.add(entry.proxy, 0, entry.fleetWeight, now)
      pairs.evidence.add(entry.pair, 0, entry.pairWeight, now)
    })
  }

  #refund(record: HostRecord, since: number, now: number): void {
    record.refunded(since, now)
    record.ledger.refund(since, (entry) => {
      if (record.pairs.proxy[entry.pair] !== entry.proxy) return
      this.#fleet.evidence.takeBack(entry.proxy, entry.fleetWeight)
      this.#giveBack(record, entry.pair, entry.pairWeight, since, now)
    })
  }

  #giveBack(record: HostRecord, pair: number, weight: number, since: number, now: number): void {
    const { evidence, breakers, failures } = record.pairs
    evidence.takeBack(pair, weight)
    failures[pair] = 0
    this.#fleet.drySpells.forgive(record.pairs.proxy[pair]!, record.health)
    const { alpha, beta } = record.weigh(pair, now)
    breakers.send(pair, { type: 'refunded', since, alpha, beta })
  }

  #returnProbes(record: HostRecord, lease: ProxyLease): void {
    this.#view.release(lease)
    releasePair(record, lease)
  }
}

function releasePair(
  { pairs: { breakers } }: HostRecord,
  { pair, pairEpoch: epoch, holder }: ProxyLease,
): void {
  if (breakers.state[pair] !== closed) breakers.send(pair, { type: 'released', epoch }, holder)
}

/** Every usable exit has tried to reach the host, and none did. */
function hasAsked(pool: HostPool): boolean {
  const { reach } = pool.record.health
  return !pool.hasOther((proxy) => reach.has(proxy))
}
