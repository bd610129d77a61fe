import type { PoolEvent } from '../../machines/pool.ts'
import { Timer } from '../base/wheel.ts'
import type { AttemptReason, PoolState } from '../contracts/events.ts'
import type { LeaseWish, ProxyLease, Refusal } from '../contracts/lease.ts'
import { describeFilter } from '../contracts/proxy-filter.ts'
import type { HostSettings } from '../options/host-settings.ts'
import { type BreakerChange, Breakers, halfOpen } from '../reputation/breakers.ts'
import { HostHealth } from '../reputation/host-health.ts'
import { LatencyHistogram } from '../reputation/latency.ts'
import { Ledger } from '../reputation/ledger.ts'
import { Norm, RunningShare } from '../reputation/norm.ts'
import { PairTable } from '../reputation/pair-table.ts'
import { priorWeight } from '../reputation/posterior.ts'
import { AdaptiveLimit } from './aimd.ts'
import { HedgeBudget } from './hedge-budget.ts'
import { HostChart } from './host-chart.ts'
import { Pace } from './pace.ts'
import type { RouterWorld } from './router.ts'
import { Selection } from './selection.ts'
import { strategyFor } from './strategies.ts'
import { type Waiter, WaitingQueue } from './waiting.ts'

/**
 * One host: who may visit it now, and who waits. Three gates must open before a lease is granted: the interval of the
 * (proxy, host) pair, the adaptive limit of the host, the permits of the proxy. When one is shut the pool says which and
 * until when, and nobody asks again before that moment or an event.
 */
export interface Applicant extends Waiter {
  readonly wish: LeaseWish
  granted(lease: ProxyLease): void
  /** Told once per refusal of another kind than the last. */
  refused(refusal: Refusal): void
}

/** Probes in flight, as a share of all attempts of the host. */
const shareOfProbes = 0.05

/** Proxies are asked before their time no more often than this, ms. */
const leastEarlyPace = 5_000

/** How soon it is looked again whether any proxy passes, ms; so long a crawl leaves the host's requests in its frontier. */
const exclusionLook = 30_000

/** How long a session waits for its proxy, ms: a limit of a second or two is no reason to begin again elsewhere. */
const pinnedPatience = 5_000

export class Pool {
  readonly host: string
  readonly settings: HostSettings
  readonly pairs: PairTable
  readonly selection: Selection
  readonly limit: AdaptiveLimit
  readonly pace: Pace
  readonly hedges: HedgeBudget | undefined
  readonly latency = new LatencyHistogram()
  readonly health = new HostHealth()
  readonly ledger = new Ledger()
  readonly norm = new Norm()
  readonly share = new RunningShare()
  readonly waiting = new WaitingQueue<Applicant>()
  readonly refusal: Refusal = { reason: 'no-proxy', until: undefined }
  readonly counts = { succeeded: 0, failed: 0, attempts: 0, hedges: 0, bytes: 0 }
  readonly wakeTimer: Timer
  inFlight = 0
  /** Mean cost of a failed attempt, ms. */
  failureCost = 300
  isCanaryOut = false
  /** Milliseconds between two requests whatever the proxy; robots' crawl-delay raises it. */
  hostInterval: number
  lastUsed: number
  /** In the router's ring of pools that may have something to grant. */
  isReady = false
  /** Waits for a proxy's permit. */
  wantsPermit = false
  #nextAt = Number.NEGATIVE_INFINITY
  #isExclusionTold = false
  #probesOut = 0
  /** When somebody may be asked before its time, clock ms. */
  #earlyAt = Number.NEGATIVE_INFINITY
  /** When this host's failures opened proxies, lately. */
  readonly #openings: number[] = []
  readonly #world: RouterWorld
  readonly #chart: HostChart

  constructor(host: string, world: RouterWorld) {
    this.host = host
    this.#world = world
    this.settings = world.hosts.settingsOf(host)
    this.limit = new AdaptiveLimit(this.settings.hostConcurrency)
    this.pace = new Pace(this.settings.interval)
    this.hedges = this.settings.hedge ? new HedgeBudget(this.settings.hedge) : undefined
    this.hostInterval = this.settings.hostInterval
    this.#chart = new HostChart(host, world.hub, (change) => world.hostChanged(change))
    const breakers = new Breakers({
      scope: 'host',
      hub: () => this.#chart.hub(),
      nameOf: (row) => world.fleet.endpoints[this.pairs.proxy[row]!]?.id ?? 'gone',
      changed: (change) => this.#pairChanged(change),
    })
    this.pairs = new PairTable(this.settings.posterior, breakers)
    const { fleet, candidates, random } = world
    const strategy = strategyFor(this.settings.strategy)
    const filter = this.settings.proxies
    this.selection = new Selection({ fleet, pairs: this.pairs, candidates, strategy, random, filter })
    this.lastUsed = world.clock.now()
    this.wakeTimer = new Timer(() => world.wake(this))
  }

  /** Grants a lease, or undefined: then `refusal` says why. */
  lease(wish: LeaseWish): ProxyLease | undefined {
    const now = this.#world.clock.now()
    this.lastUsed = now
    if (!this.#passes(now)) return undefined
    const isCanary = this.state === 'down'
    const proxy =
      wish.only === undefined ? this.#choose(wish, now, isCanary) : this.#chooseOnly(wish.only, now)
    if (proxy === undefined) return undefined
    const lease = this.#grant(proxy, isCanary ? 'canary' : wish.why, now)
    // Told only now: whoever hears it may ask for a lease at once, and must find this one taken.
    if (this.state === 'starved') this.send({ type: 'proxies.available' })
    return lease
  }

  /** A lease for a half-open proxy, to ride beside another attempt; undefined when none wants one or enough are out. */
  leaseProbe(busy: readonly number[]): ProxyLease | undefined {
    if (this.state !== 'serving' || this.#probesOut >= Math.max(1, this.inFlight * shareOfProbes))
      return undefined
    const now = this.#world.clock.now()
    if (this.inFlight >= this.limit.value || this.#nextAt > now) return undefined
    const proxy = this.selection.takeProbe(busy, now)
    return proxy === undefined ? undefined : this.#grant(proxy, 'probe', now)
  }

  /** The request of this lease leaves for the host now: once, and again for each redirect it follows. */
  sent(lease: ProxyLease): void {
    if (lease.isHeld) this.#spaceFrom(lease, this.#world.clock.now())
  }

  /** Gives back what a lease holds; a second time is harmless. */
  release(lease: ProxyLease): void {
    if (!lease.isHeld) return
    lease.isHeld = false
    this.inFlight--
    if (!lease.isSent) this.#spaceFrom(lease, lease.grantedAt)
    if (lease.why === 'canary') this.isCanaryOut = false
    if (lease.why === 'probe') {
      this.#probesOut--
      this.selection.activate(lease.proxy)
    }
    this.#world.released(this, this.#world.fleet.release(lease.proxy))
  }

  send(event: PoolEvent): void {
    this.#chart.send(event)
  }

  get state(): PoolState {
    return this.#chart.state
  }

  /** Clock ms until which nothing, or nothing but a canary, is sent; 0 when that is not the matter. */
  get until(): number {
    return this.#chart.until
  }

  get reason(): string {
    return this.#chart.reason
  }

  /** When the next request may go to this host, whatever the proxy: clock ms, Infinity while one is on its way. */
  get nextAt(): number {
    return this.#nextAt
  }

  /** Puts the host where another run left it, before the first lease. */
  restore(state: 'serving' | 'throttled' | 'down', until: number, reason: string, nextAt: number): void {
    this.#nextAt = nextAt
    if (state !== 'serving' && !this.#chart.isAwake)
      this.#chart.restore(state, until, reason, this.health.canaries)
  }

  /** Puts the actors to sleep; what they know stays. */
  sleep(): void {
    this.pairs.breakers.sleep()
    this.#chart.sleep()
  }

  get isAwake(): boolean {
    return this.#chart.isAwake
  }

  /** May one more proxy be opened on account of this host? Beyond half of them in a minute it is the host. */
  mayOpen(now: number): boolean {
    while (this.#openings.length > 0 && now - this.#openings[0]! > 60_000) this.#openings.shift()
    return this.#openings.length < Math.max(1, this.selection.size / 2)
  }

  /** Posterior mean of success of a proxy here. */
  successOf(proxy: number, now: number): number {
    const mean = this.#world.fleet.mean(proxy, now)
    const row = this.pairs.rowOf(proxy)
    if (row === undefined) return mean
    const left = this.pairs.evidence.left(row, now)
    const success = this.pairs.evidence.success[row]! * left
    const failure = this.pairs.evidence.failure[row]! * left
    return (priorWeight * mean + success) / (priorWeight + success + failure)
  }

  /** The gates of the host; `refusal` says which is shut. */
  #passes(now: number): boolean {
    const pause = this.#world.pause(now)
    if (pause) return this.#refuse(pause.reason, pause.until)
    if (this.state === 'throttled') {
      if (this.until > now) return this.#refuse('throttled', this.until)
      this.send({ type: 'pause.elapsed', at: now })
    }
    if (this.state === 'down') {
      if (this.isCanaryOut) return this.#refuse('host-down', undefined)
      if (this.until > now) return this.#refuse('host-down', this.until)
    }
    if (this.state === 'draining') return this.#refuse('paused', undefined)
    if (this.#nextAt > now) {
      return this.#refuse('interval', this.#nextAt < Number.POSITIVE_INFINITY ? this.#nextAt : undefined)
    }
    // On a busy host one place is kept for a probe that waits, or nobody would ever be let back in.
    const reserved = this.#probesOut === 0 && this.selection.wantsProbe && this.limit.value > 1 ? 1 : 0
    if (this.inFlight >= this.limit.value - reserved) return this.#refuse('host-limit', undefined)
    return true
  }

  #choose(wish: LeaseWish, now: number, isCanary: boolean): number | undefined {
    const { candidates, averageShare } = this.#world
    const isUrgent = wish.why !== 'first'
    candidates.begin(this.pairs, now, this.share.value, averageShare.value, this.failureCost, isUrgent)
    const proxy = this.selection.choose(wish, now)
    if (proxy !== undefined) {
      if (candidates.size === 0) return proxy
      if (this.#world.isBlackout) return this.selection.anyone()
      return isCanary ? this.#chooseCanary(wish, now) : proxy
    }
    if (this.selection.size === 0 && this.#world.fleet.size > 0) return this.#refuseAll(now)
    const early = this.#askEarly(wish, now)
    if (early !== undefined) return early
    const due = this.#nextChance(now)
    if (this.selection.shortage === 'busy') this.#refuse('proxy-limit', due)
    else if (this.selection.shortage === 'resting' && due !== undefined && due - now <= this.pace.usual) {
      this.#refuse('interval', due)
    } else {
      if (this.state === 'serving') {
        const reason = this.#world.fleet.size === 0 ? 'the fleet is empty' : 'no proxy is closed'
        this.send({ type: 'proxies.exhausted', until: due ?? 0, reason })
      }
      this.#refuse('no-proxy', due)
    }
    return undefined
  }

  /** The host's filter lets nobody pass. That is said once, for it may be a slip; a proxy that joins wakes those who wait. */
  #refuseAll(now: number): undefined {
    const reason = `no proxy of the fleet passes ${describeFilter(this.settings.proxies ?? {})}`
    if (!this.#isExclusionTold) {
      this.#isExclusionTold = true
      const advice = 'Its requests wait for one that does, and nothing goes out another way'
      const message = `${this.host}: ${reason}, which the option "hosts" asks for. ${advice}.`
      this.#world.alert({ code: 'NO_PROXY_PASSES', message })
    }
    const until = now + exclusionLook
    if (this.state === 'serving') this.send({ type: 'proxies.exhausted', until, reason })
    this.#refuse('no-proxy-passes', until)
  }

  /**
   * A canary over a proxy that never brought anything proves nothing: then rather one that waits for its probe, or one
   * whose cooldown is cut short.
   */
  #chooseCanary(wish: LeaseWish, now: number): number {
    const surest = this.selection.surest()
    const isProven = this.#world.fleet.succeededAt[surest]! > Number.NEGATIVE_INFINITY
    if (isProven) return surest
    const probe = this.selection.takeProbe(wish.busy, now)
    if (probe !== undefined) return probe
    if (this.#earlyAt > now) return surest
    this.#earlyAt = now + this.#earlyPace
    return this.selection.cutCooldown(wish.busy, now) ?? surest
  }

  /**
   * While nobody is closed one proxy is asked before its time, at the pace of the first cooldown: cooldowns double, and
   * a fleet that was away for ten minutes would else be missed for an hour.
   */
  #askEarly(wish: LeaseWish, now: number): number | undefined {
    if (this.selection.shortage === 'busy') return undefined
    const due = this.selection.nextDue(now)
    if (due !== undefined && due - now <= this.pace.usual) return undefined
    if (this.state !== 'starved') this.#earlyAt = now + this.#earlyPace
    if (this.#earlyAt > now) return undefined
    this.#earlyAt = now + this.#earlyPace
    return this.selection.cutCooldown(wish.busy, now)
  }

  get #earlyPace(): number {
    return Math.max(leastEarlyPace, this.settings.breaker.base)
  }

  /** When it is worth asking again, clock ms. */
  #nextChance(now: number): number | undefined {
    const due = this.selection.nextDue(now)
    if (this.#earlyAt <= now) return due
    return due === undefined ? this.#earlyAt : Math.min(due, this.#earlyAt)
  }

  #chooseOnly(proxy: number, now: number): number | undefined {
    const { fleet, candidates } = this.#world
    candidates.size = 0
    const at = fleet.has(proxy) ? this.selection.usableAt(proxy, now) : Number.MAX_VALUE
    if (at <= now) return proxy
    if (at === Number.POSITIVE_INFINITY) this.#refuse('proxy-limit', undefined)
    else if (fleet.has(proxy) && at - now <= Math.max(this.pace.interval, pinnedPatience)) {
      this.#refuse('interval', at)
    } else this.#refuse('no-proxy', at === Number.MAX_VALUE ? undefined : at)
    return undefined
  }

  #grant(proxy: number, why: AttemptReason, now: number): ProxyLease {
    const { fleet, candidates, options } = this.#world
    const row = this.pairs.open(proxy)
    const isProbe =
      this.#beginProbe(fleet.breakers, proxy, now) || this.#beginProbe(this.pairs.breakers, row, now)
    const reason = why === 'canary' ? 'canary' : isProbe ? 'probe' : why
    if (reason === 'probe') this.#probesOut++
    if (reason === 'canary') this.isCanaryOut = true
    this.inFlight++
    this.counts.attempts++
    fleet.acquire(proxy)
    this.pairs.uses[row]!++
    const { interval } = this.pace
    // The interval counts from when the request leaves for the host, which a slow handshake may put off: until then shut.
    if (interval > 0) this.pairs.nextAt[row] = Number.POSITIVE_INFINITY
    if (this.hostInterval > 0) this.#nextAt = Number.POSITIVE_INFINITY
    this.selection.use(proxy)
    const lease: ProxyLease = {
      endpoint: fleet.endpoints[proxy]!,
      proxy,
      pair: row,
      fleetEpoch: fleet.breakers.epoch[proxy]!,
      pairEpoch: this.pairs.breakers.epoch[row]!,
      why: reason,
      grantedAt: now,
      expected: this.successOf(proxy, now),
      candidates: candidates.size,
      isHeld: true,
      isSent: false,
    }
    const cap = options.maxRequestsPerProxy
    if (cap !== undefined && fleet.uses[proxy]! >= cap) this.#world.retire(proxy, 'request cap reached')
    return lease
  }

  /** The next request of this pair, and of this host, comes an interval after `at`. */
  #spaceFrom(lease: ProxyLease, at: number): void {
    const { fleet, wheel } = this.#world
    const { proxy, pair, isSent } = lease
    const { interval } = this.pace
    lease.isSent = true
    if (interval === 0 && this.hostInterval === 0) return
    if (this.hostInterval > 0) this.#nextAt = next(this.#nextAt, at + this.hostInterval, isSent)
    if (interval > 0 && fleet.has(proxy) && fleet.endpoints[proxy] === lease.endpoint) {
      const { nextAt } = this.pairs
      nextAt[pair] = next(nextAt[pair]!, at + interval, isSent)
      if (nextAt[pair]! < Number.POSITIVE_INFINITY) this.selection.rest(proxy, nextAt[pair]!)
    }
    if (this.waiting.size === 0) return
    const due = Math.max(this.#nextAt, this.selection.nextDue(at) ?? at)
    if (due < Number.POSITIVE_INFINITY && (!this.wakeTimer.armed || this.wakeTimer.due > due)) {
      wheel.arm(this.wakeTimer, due)
    }
  }

  #beginProbe(breakers: Breakers, row: number, now: number): boolean {
    if (breakers.state[row] !== halfOpen) return false
    breakers.send(row, { type: 'probe.leased', at: now, expires: now + this.settings.limits.timeouts.total })
    return true
  }

  #refuse(reason: Refusal['reason'], until: number | undefined): false {
    this.refusal.reason = reason
    this.refusal.until = until
    return false
  }

  #pairChanged(change: BreakerChange): void {
    const proxy = this.pairs.proxy[change.row]!
    if (change.to === 'open') {
      this.#openings.push(change.context.openedAt)
      this.selection.rest(proxy, change.context.openUntil)
    }
    if (change.to === 'closed') this.selection.activate(proxy)
    this.#world.proxyChanged(proxy, this.host, change)
  }
}

/** A request that was sent before only adds to what is shut already; its first sending opens what it had shut. */
function next(before: number, due: number, isSent: boolean): number {
  return isSent ? Math.max(before, due) : due
}
