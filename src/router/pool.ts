import type { PoolEvent } from '../../machines/pool.ts'
import type { Hub } from '../actors/adopt.ts'
import { Timer } from '../base/wheel.ts'
import type { AttemptReason, ParkReason, PoolState } from '../contracts/events.ts'
import type { ChosenBy } from '../contracts/explanation.ts'
import type { Applicant, Eligible, LeaseWish, ProxyLease } from '../contracts/lease.ts'
import type { ProxyFilter } from '../contracts/proxy-filter.ts'
import type { HostSettings } from '../options/host-settings.ts'
import { type BreakerChange, closed } from '../reputation/breakers.ts'
import type { HostPool } from '../reputation/feedback.ts'
import { HostRecord, type HostRecordOwner } from '../reputation/host-record.ts'
import { AdaptiveLimit, type SavedLimit } from './aimd.ts'
import { HedgeBudget } from './hedge-budget.ts'
import { Desk, HostChart } from './host-chart.ts'
import { LastRefusal } from './last-refusal.ts'
import { Pace, type SavedPace } from './pace.ts'
import type { RouterWorld } from './router.ts'
import { Selection } from './selection.ts'
import { Shortfall } from './shortfall.ts'
import { Spacing } from './spacing.ts'
import { strategyFor } from './strategies.ts'
import { WaitingQueue } from './waiting.ts'

/**
 * One host: which task may visit it now, and which wait. Three gates must open before a lease is granted: the interval of
 * the (proxy, host) pair, the adaptive limit of the host, the permits of the proxy. When one is shut the pool says which
 * and until when, and no task asks again before that moment or an event. What is known of the host stands in its record;
 * here is what is done.
 */

/** What another run did with a host. Times in clock ms. */
export interface SavedPool {
  readonly state: 'serving' | 'throttled' | 'down'
  readonly until: number
  readonly reason: string
  /** When the next request may go there, whatever the proxy. */
  readonly nextAt: number
  readonly limit: SavedLimit | undefined
  readonly pace: SavedPace | undefined
}

/** Probes in flight, as a share of all attempts of the host. */
const shareOfProbes = 0.05

/** How soon it is looked again whether the host is paused by hand, ms: its crawls go on with others, and it is soon itself again. */
const heldLook = 10_000

/** How soon a proxy with a probe under way is asked for again, ms. */
const probeLook = 1_000

export class Pool implements HostPool, HostRecordOwner {
  readonly host: string
  readonly record: HostRecord
  readonly #settings: HostSettings
  readonly selection: Selection
  readonly limit: AdaptiveLimit
  readonly pace: Pace
  readonly spacing: Spacing
  readonly hedges: HedgeBudget | undefined
  readonly waiting = new WaitingQueue<Applicant>()
  readonly refusal: LastRefusal
  readonly wakeTimer: Timer
  inFlight = 0
  isCanaryOut = false
  lastUsed: number
  /** In the router's ring of pools that may have something to grant. */
  isReady = false
  #probesOut = 0
  /** Who has chosen the proxy that is about to be granted. */
  #by: ChosenBy = 'strategy'
  readonly #strategy: string
  /** The applicant that the chart has just let in. */
  #admitted: Applicant | undefined
  readonly #world: RouterWorld
  readonly #chart: HostChart
  readonly #shortfall: Shortfall

  constructor(host: string, world: RouterWorld) {
    this.host = host
    this.#world = world
    const { fleet, candidates, random } = world
    this.#settings = world.hosts.settingsOf(host)
    this.limit = new AdaptiveLimit(this.#settings.hostConcurrency)
    this.pace = new Pace(this.#settings.interval)
    this.hedges = this.#settings.hedge ? new HedgeBudget(this.#settings.hedge) : undefined
    this.#chart = new HostChart(host, world.actor, new Desk(this), (change) => world.hostChanged(change))
    this.record = new HostRecord(
      host,
      { fleet, options: this.#settings, random, page: world.createPageNorm() },
      this,
    )
    const { pairs, accounts } = this.record
    const strategy = strategyFor(this.#settings.strategy)
    this.#strategy = strategy.name
    const { proxies: filter, limits } = this.#settings
    const probeTime = limits.timeouts.total
    this.selection = new Selection({
      fleet,
      pairs,
      accounts,
      candidates,
      strategy,
      random,
      probeTime,
      // One that nobody can be compared with would stay on trial for ever.
      isOnTrial: (proxy) => this.record.trust.isOpenToLies && this.exits > 1 && world.isOnTrial(proxy),
      filter,
    })
    this.spacing = new Spacing({
      settings: this.#settings,
      pace: this.pace,
      pairs,
      selection: this.selection,
      fleet,
    })
    this.refusal = new LastRefusal(this.record.health, world.clock)
    this.#shortfall = new Shortfall({
      host,
      settings: this.#settings,
      world,
      selection: this.selection,
      pace: this.pace,
      chart: this.#chart,
      refusal: this.refusal,
    })
    this.lastUsed = world.clock.now()
    this.wakeTimer = new Timer(() => world.wake(this))
  }

  /** What holds for its host; no field, because headers stand in it. */
  get settings(): HostSettings {
    return this.#settings
  }

  /** The pool's actor, and the home of the host's view of its proxies; undefined while the pool sleeps. */
  get actor(): Hub | undefined {
    return this.#chart.actor
  }

  get home(): Hub | undefined {
    return this.#chart.actor
  }

  // What tasks ask.

  /**
   * An applicant asks for a lease. The chart says whether there will be one; then it is granted at once, if none waits
   * before it and there is room, or when its turn comes.
   */
  ask(applicant: Applicant): void {
    this.#rouse()
    this.lastUsed = this.#world.clock.now()
    this.send({ type: 'lease.request', applicant }, applicant.actor)
    const admitted = this.#admitted
    this.#admitted = undefined
    if (!admitted) return
    const isNext = this.waiting.size === 0 && (admitted.isRacing || this.#world.hasRoom())
    const lease = isNext ? this.lease(admitted.wish, admitted.actor) : undefined
    if (lease) return admitted.granted(lease)
    admitted.queued()
    this.waiting.push(admitted)
    this.#world.wake(this)
  }

  /** It asks no more. */
  leave(applicant: Applicant): void {
    this.waiting.remove(applicant)
  }

  /** Grants a lease, or undefined: then `refusal` says why. */
  lease(wish: LeaseWish, holder?: object): ProxyLease | undefined {
    this.#rouse()
    const now = this.#world.clock.now()
    this.lastUsed = now
    if (!this.#passes(now)) return undefined
    const isCanary = this.state === 'down'
    const proxy =
      wish.only === undefined ? this.#choose(wish, now, isCanary) : this.#chooseOnly(wish.only, wish, now)
    if (proxy === undefined) return undefined
    const lease = this.#grant(proxy, isCanary ? 'canary' : wish.why, now, holder)
    // Told only now: a listener may ask for a lease at once, and must find this one taken.
    if (this.state === 'starved') this.send({ type: 'proxies.available' })
    return lease
  }

  /** A lease for a half-open proxy, to ride beside another attempt; undefined when none wants one or enough are out. */
  leaseProbe({ busy, among }: Pick<LeaseWish, 'busy' | 'among'>, holder?: object): ProxyLease | undefined {
    if (this.#world.isHeld(this.host)) return undefined
    if (this.state !== 'serving' || this.#probesOut >= Math.max(1, this.inFlight * shareOfProbes))
      return undefined
    const now = this.#world.clock.now()
    if (this.inFlight >= this.limit.value || this.spacing.nextAt > now) return undefined
    const proxy = this.selection.takeProbe(busy, now, among)
    this.#by = 'probe'
    return proxy === undefined ? undefined : this.#grant(proxy, 'probe', now, holder)
  }

  /** The request of this lease leaves for the host now: once, and again for each redirect it follows. */
  sent(lease: ProxyLease): void {
    if (lease.isHeld) this.#left(lease, this.#world.clock.now())
  }

  /** Gives back what a lease holds; a second time is harmless. */
  release(lease: ProxyLease): void {
    if (!lease.isHeld) return
    lease.isHeld = false
    this.inFlight--
    if (!lease.isSent) this.#left(lease, lease.grantedAt)
    if (lease.why === 'canary') this.isCanaryOut = false
    if (lease.why === 'probe') {
      this.#probesOut--
      this.selection.activate(lease.proxy)
    }
    const { proxy } = lease
    const { fleet } = this.#world
    // One that nobody knows yet carries one request at a time: it is free again for all that wait.
    const isFree = fleet.release(proxy) || (fleet.inFlight[proxy] === 0 && this.#world.wasAwaited(proxy))
    this.#world.released(this, isFree)
  }

  // What feedback asks.

  send(event: PoolEvent, source?: object): void {
    this.#chart.send(event, source)
  }

  speedUp(proxy: number): void {
    this.limit.answered(this.inFlight + 1)
    this.pace.answered(this.record.pairs.size)
    this.hedges?.earned()
    this.selection.prove(proxy)
  }

  slowDown(sentAt: number, now: number): void {
    this.pace.refused(sentAt, now)
  }

  pause(sentAt: number, now: number, until: number, reason: string, source?: object): void {
    this.limit.refused(sentAt, now)
    this.send({ type: 'host.limited', until, reason }, source)
  }

  isBelieved(proxy: number): boolean {
    const { trust } = this.#settings
    const isAsked = trust === 'blind' || this.#world.fleet.endpoints[proxy]?.protocol === 'direct'
    return isAsked || this.exits < 2 || this.#world.trust.isCredible(proxy)
  }

  rest({ proxy, pair }: ProxyLease, until: number): void {
    this.selection.rest(proxy, until)
    const { nextAt } = this.record.pairs
    nextAt[pair] = Math.max(nextAt[pair]!, until)
  }

  offerPermits(): void {
    this.#world.released(this, true)
  }

  /** Proxies that may visit this host at all. */
  get exits(): number {
    return this.selection.size
  }

  /** Whether one that is not shut out is left besides those; `among`: of which alone one would do. */
  hasOther(isAsked: (proxy: number) => boolean, among?: Eligible): boolean {
    return this.selection.hasOther(isAsked, among)
  }

  /** Those that pass these filters and that of the host. Ask each time. */
  among(use: readonly ProxyFilter[]): Eligible {
    return this.#world.filters.among(use, this.#settings.proxies)
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

  // What the snapshot asks.

  toSaved(): SavedPool {
    const { state, until, reason } = this.#chart
    // Without proxies is what we are, not what the host is; and leaving is over when the crawler starts again.
    const isHosts = state === 'throttled' || state === 'down'
    return {
      ...(isHosts ? { state, until, reason } : { state: 'serving', until: 0, reason: '' }),
      nextAt: this.spacing.nextAt,
      limit: this.limit.toSaved(),
      pace: this.pace.toSaved(),
    }
  }

  /** Puts the pool where another run left it, before the first lease. */
  restore({ state, until, reason, nextAt, limit, pace }: SavedPool): void {
    if (limit) this.limit.restore(limit)
    if (pace) this.pace.restore(pace)
    this.spacing.restore(nextAt)
    if (state !== 'serving') this.#chart.restore(state, until, reason)
  }

  // What the router's actor tells.

  /** Its machine lives from now on. */
  wake(): void {
    this.#chart.wake()
  }

  /** Its machines become rows. */
  sleep(): void {
    this.record.pairs.breakers.sleep()
    this.#chart.sleep()
  }

  get isAwake(): boolean {
    return this.#chart.isAwake
  }

  // What the chart's actions do, at the desk.

  /** The applicant may have a lease. Granted by `ask`, after the event: a lease may be news for the chart itself. */
  admit(applicant: Applicant): void {
    this.#admitted = applicant
  }

  /** There will be no lease any more for those who wait. */
  dismiss(): void {
    for (const applicant of [...this.waiting]) {
      this.waiting.remove(applicant)
      applicant.refused({ reason: 'stopped', until: undefined })
    }
  }

  // HostRecordOwner: what the host's view of a proxy changes here.

  pairChanged(proxy: number, change: BreakerChange): void {
    if (change.to === 'open') this.selection.rest(proxy, change.context.openUntil)
    if (change.to === 'closed') this.selection.activate(proxy)
    this.#world.proxyChanged(proxy, this.host, change)
  }

  /** A task may have held the pool for longer than it takes to fall asleep. */
  #rouse(): void {
    if (!this.isAwake) this.#world.pool(this.host)
  }

  /** The gates of the host; `refusal` says which is shut. */
  #passes(now: number): boolean {
    const pause = this.#world.pause(now)
    if (pause) return this.#refuse(pause.reason, pause.until)
    if (this.#world.isHeld(this.host)) return this.#refuse('paused', now + heldLook)
    if (this.state === 'throttled') {
      this.send({ type: 'pause.elapsed', at: now })
      if (this.state === 'throttled') return this.#refuse('throttled', this.until)
    }
    if (this.state === 'down') {
      if (this.isCanaryOut) return this.#refuse('host-down', undefined)
      if (this.until > now) return this.#refuse('host-down', this.until)
    }
    if (this.state === 'draining') return this.#refuse('stopped', undefined)
    const { nextAt } = this.spacing
    if (nextAt > now) return this.#refuse('interval', nextAt < Number.POSITIVE_INFINITY ? nextAt : undefined)
    // On a busy host one place is kept for a probe that waits, or none would ever be let back in.
    const reserved = this.#probesOut === 0 && this.selection.wantsProbe && this.limit.value > 1 ? 1 : 0
    if (this.inFlight >= this.limit.value - reserved) return this.#refuse('host-limit', undefined)
    return true
  }

  #choose(wish: LeaseWish, now: number, isCanary: boolean): number | undefined {
    const { candidates } = this.#world
    const suspect = wish.why === 'first' ? this.#suspect(now, wish.among) : undefined
    if (suspect !== undefined) {
      candidates.clear()
      this.#by = 'suspect'
      return suspect
    }
    candidates.begin(this.record, now, wish.why !== 'first')
    const proxy = this.selection.choose(wish, now)
    this.#by = candidates.size === 0 ? 'probe' : isCanary ? 'canary' : 'strategy'
    if (proxy !== undefined) {
      if (candidates.size === 0) return proxy
      if (this.#world.isBlackout) {
        this.#by = 'anyone'
        return this.selection.anyone()
      }
      return isCanary ? this.#shortfall.canary(wish, now) : proxy
    }
    return this.#shortfall.makeUp(wish, now)
  }

  /** An exit that has said something else than others is asked soon: its next answers show whether that was chance. */
  #suspect(now: number, among: Eligible | undefined): number | undefined {
    if (!this.record.trust.isOpenToLies) return undefined
    for (const proxy of this.#world.trust.suspects) {
      if (among?.has(proxy) === false) continue
      const { breakers } = this.#world.fleet
      const isClosed = breakers.state[proxy] === closed && !this.selection.isHalfOpen(proxy)
      if (isClosed && !this.#world.isOnTrial(proxy) && this.selection.usableAt(proxy, now) <= now)
        return proxy
    }
    return undefined
  }

  #chooseOnly(proxy: number, { among }: LeaseWish, now: number): number | undefined {
    const { fleet, candidates } = this.#world
    candidates.clear()
    this.#by = 'bound'
    let at =
      fleet.has(proxy) && among?.has(proxy) !== false ? this.selection.usableAt(proxy, now) : Number.MAX_VALUE
    if (at <= now && this.selection.isHalfOpen(proxy)) {
      if (!this.selection.leaseProbe(proxy, now)) at = now + probeLook
    }
    if (at <= now) return proxy
    if (at === Number.POSITIVE_INFINITY) this.#refuse('proxy-limit', undefined)
    else if (fleet.has(proxy) && at - now <= this.selection.patienceFor(proxy, at, this.pace.interval)) {
      this.#refuse('interval', at)
    } else this.#refuse('no-proxy', at === Number.MAX_VALUE ? undefined : at)
    return undefined
  }

  /** The permit of a probe has been asked for already, where the proxy is half-open. */
  #grant(proxy: number, why: AttemptReason, now: number, holder: object | undefined): ProxyLease {
    const { fleet, candidates, options } = this.#world
    const { pairs, counts } = this.record
    const row = pairs.open(proxy)
    pairs.breakers.adopt(row)
    const isProbe = this.selection.isHalfOpen(proxy)
    const reason = why === 'canary' ? 'canary' : isProbe ? 'probe' : why
    if (reason === 'probe') this.#probesOut++
    if (reason === 'canary') this.isCanaryOut = true
    this.inFlight++
    counts.attempts++
    fleet.acquire(proxy)
    pairs.uses[row]!++
    this.spacing.leased(row)
    this.selection.use(proxy)
    const lease: ProxyLease = {
      endpoint: fleet.endpoints[proxy]!,
      proxy,
      pair: row,
      fleetEpoch: fleet.breakers.epoch[proxy]!,
      pairEpoch: pairs.breakers.epoch[row]!,
      why: reason,
      grantedAt: now,
      expected: this.record.successOf(proxy, now),
      candidates: candidates.size,
      choice: candidates.choiceOf(proxy, this.#by, this.#strategy),
      holder,
      isHeld: true,
      isSent: false,
    }
    const cap = options.maxRequestsPerProxy
    if (cap !== undefined && fleet.uses[proxy]! >= cap) this.#world.retire(proxy, 'request cap reached')
    return lease
  }

  /** Its request leaves at this moment. Those who wait are granted when the gate opens again. */
  #left(lease: ProxyLease, at: number): void {
    if (!this.spacing.left(lease, at) || this.waiting.size === 0) return
    const due = Math.max(this.spacing.nextAt, this.selection.nextDue(at) ?? at)
    if (due < Number.POSITIVE_INFINITY && (!this.wakeTimer.armed || this.wakeTimer.due > due)) {
      this.#world.wheel.arm(this.wakeTimer, due)
    }
  }

  #refuse(reason: ParkReason, until: number | undefined): false {
    this.refusal.say(reason, until)
    return false
  }
}
