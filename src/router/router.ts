import { type RouterPort, routerLogic } from '../../machines/router.ts'
import { type Adopted, adopt, type Hub, release, tell } from '../actors/adopt.ts'
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import { Timer, type Wheel } from '../base/wheel.ts'
import type { HostNormRecorder } from '../contracts/classifier.ts'
import type { ProxyEndpoint } from '../contracts/endpoint.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { Alert, HostState, ParkReason, PoolState, ProxyState } from '../contracts/events.ts'
import type { Eligible, Refusal } from '../contracts/lease.ts'
import type { HostTable } from '../options/host-table.ts'
import type { Options } from '../options/options.ts'
import { type BreakerChange, open } from '../reputation/breakers.ts'
import type { FleetTable } from '../reputation/fleet-table.ts'
import type { LocalHealth } from '../reputation/local-health.ts'
import type { Candidates } from './candidates.ts'
import { Pool } from './pool.ts'
import { RequestFilters } from './request-filters.ts'

/**
 * The pools, one per host, opened when first asked for and put to sleep when idle: each of these is an event of the
 * router's actor (machines/router.ts), and done when that says so. The router decides whose turn it is: pools that may
 * have something to grant stand in a ring, and each in turn grants one lease as long as the crew has room, so a host with
 * a million requests does not keep a small one waiting.
 */
interface Surroundings {
  readonly options: Options
  readonly hosts: HostTable
  readonly clock: Clock
  readonly wheel: Wheel
  readonly random: Random
  readonly fleet: FleetTable
  readonly candidates: Candidates
  /** For the record of a new host. */
  createPageNorm(): HostNormRecorder
  /** Whether one more task may race. */
  hasRoom(): boolean
  /** Who is believed over plain HTTP. */
  readonly trust: ExitTrust
}

export interface ExitTrust {
  /** Whether what this proxy has said is being compared, and it is not believed before. */
  isOnTrial(proxy: number): boolean
  /** It was found honest, and nothing speaks against it. */
  isCredible(proxy: number): boolean
  /** Those that have said something else than the others, and it is not known yet whether that was chance. */
  readonly suspects: Iterable<number>
}

/** What a pool asks of the router. */
export interface RouterWorld extends Surroundings {
  /** As `trust` says; who is refused a proxy for that is woken when it is over. */
  isOnTrial(proxy: number): boolean
  /** The actor that the pools live under. */
  readonly actor: Hub
  /** Whether this machine seems to be off the network: a request that is sent out is a canary. */
  readonly isBlackout: boolean
  /** Which proxies pass what single requests ask for. */
  readonly filters: RequestFilters
  /** Whether somebody has paused this host by hand. */
  isHeld(host: string): boolean
  /** Why nothing at all may be sent now, or undefined. */
  pause(now: number): { reason: ParkReason; until: number | undefined } | undefined
  /** The host's pool, awake; `source` wants it. Default: the crawler itself. */
  pool(host: string, source?: object): Pool
  wake(pool: Pool): void
  /** Whether somebody was refused this proxy because it is on trial; asked once. */
  wasAwaited(proxy: number): boolean
  /** A lease came back; `freedProxy` when a proxy or credential was full until now. */
  released(pool: Pool, freedProxy: boolean): void
  retire(proxy: number, reason: string): void
  alert(alert: Alert): void
  hostChanged(state: HostState): void
  proxyChanged(proxy: number, host: string | undefined, change: BreakerChange): void
}

export interface RouterParts extends Surroundings {
  /** The actor that the router lives under. */
  readonly parent: Hub
  readonly local: LocalHealth
  hostChanged(state: HostState): void
  proxyChanged(state: ProxyState): void
  alert(alert: Alert): void
  /** A pool was opened, and nothing has been leased from it yet. */
  opened(pool: Pool): void
  /** A proxy came that the fleet does not remember, and no pool has chosen it yet. */
  joined(proxy: number): void
}

const idleBeforeSleep = 60_000

export class Router implements RouterWorld, RouterPort {
  readonly #options: Options
  readonly hosts: HostTable
  readonly clock: Clock
  readonly wheel: Wheel
  readonly random: Random
  readonly fleet: FleetTable
  readonly candidates: Candidates
  readonly actor: Adopted<typeof routerLogic>
  readonly pools = new Map<string, Pool>()
  isPaused = false
  /** Hosts that somebody has paused by hand, also before their pool is opened. */
  readonly #held = new Set<string>()
  readonly #parts: RouterParts
  #ring: Pool[] = []
  #isPumping = false
  #phase: 'open' | 'draining' | 'closed' = 'open'
  readonly #sleepTimer: Timer
  readonly #wantingPermits = new Set<Pool>()
  readonly #awaited = new Set<number>()
  readonly filters: RequestFilters

  constructor(parts: RouterParts) {
    this.#parts = parts
    this.#options = parts.options
    this.hosts = parts.hosts
    this.clock = parts.clock
    this.wheel = parts.wheel
    this.random = parts.random
    this.fleet = parts.fleet
    this.candidates = parts.candidates
    this.filters = new RequestFilters(parts.fleet, parts.options.offline)
    this.#sleepTimer = new Timer(() => this.#sleepIdle())
    this.actor = adopt(parts.parent, routerLogic, 'router', { port: this })
  }

  /** No field, because headers stand in it: who prints this prints its fields. */
  get options(): Options {
    return this.#options
  }

  get isBlackout(): boolean {
    return this.#parts.local.isOut
  }

  createPageNorm(): HostNormRecorder {
    return this.#parts.createPageNorm()
  }

  hasRoom(): boolean {
    return this.#parts.hasRoom()
  }

  isOnTrial(proxy: number): boolean {
    const isOnTrial = this.trust.isOnTrial(proxy)
    if (isOnTrial) this.#awaited.add(proxy)
    return isOnTrial
  }

  /** Whether somebody was refused this proxy because it is on trial; asked once. */
  wasAwaited(proxy: number): boolean {
    return this.#awaited.delete(proxy)
  }

  get trust(): ExitTrust {
    return this.#parts.trust
  }

  /** The host's pool, opened at first use and awake; `source` wants it. Throws STOPPED when the router is closed. */
  pool(host: string, source: object = this.#parts.parent): Pool {
    let pool = this.pools.get(host)
    if (pool?.isAwake !== true) {
      if (this.#phase === 'closed')
        throw new RegattaError('STOPPED', `The crawler has stopped: there is no way to ${host} any more.`)
      tell(source, this.actor, { type: pool ? 'pool.wake' : 'pool.open', host })
      pool = this.pools.get(host)!
    }
    if (!this.#sleepTimer.armed) this.wheel.arm(this.#sleepTimer, this.clock.now() + idleBeforeSleep)
    return pool
  }

  // RouterPort: what the actor's events do.

  openPool(host: string): void {
    const pool = new Pool(host, this)
    this.pools.set(host, pool)
    this.#parts.opened(pool)
    this.wakePool(host)
  }

  wakePool(host: string): void {
    const pool = this.pools.get(host)!
    pool.wake()
    if (this.#phase === 'draining') pool.send({ type: 'drain' })
  }

  sleepPool(host: string): void {
    const pool = this.pools.get(host)!
    this.wheel.disarm(pool.wakeTimer)
    pool.sleep()
  }

  closePool(host: string): void {
    this.pools.get(host)!.send({ type: 'drain' })
  }

  toJSON(): object {
    return { pools: this.pools.size, ready: this.#ring.length }
  }

  /** Pools whose machines are rows. */
  *sleeping(): Generator<{ host: string; state: PoolState; reason: string; until: number }> {
    for (const { isAwake, host, state, reason, until } of this.pools.values()) {
      if (!isAwake) yield { host, state, reason, until }
    }
  }

  isHeld(host: string): boolean {
    return this.#held.has(host)
  }

  /** Nothing is leased for this host until `let`; attempts under way go on. False when it is held already. */
  hold(host: string): boolean {
    if (this.#held.has(host)) return false
    this.#held.add(host)
    return true
  }

  /** Ends that. False when it was not held. */
  let(host: string): boolean {
    if (!this.#held.delete(host)) return false
    const pool = this.pools.get(host)
    if (pool) this.wake(pool)
    return true
  }

  /** Tasks that wait for a host that somebody has paused. */
  get heldBack(): number {
    let tasks = 0
    for (const host of this.#held) tasks += this.pools.get(host)?.waiting.size ?? 0
    return tasks
  }

  /** This pool may have something to grant. */
  wake(pool: Pool): void {
    this.#line(pool)
    this.pump()
  }

  wakeAll(): void {
    for (const pool of this.pools.values()) this.#line(pool)
    this.pump()
  }

  /** Grants what can be granted, one lease per pool and round. */
  pump(): void {
    if (this.#isPumping) return
    this.#isPumping = true
    try {
      while (this.#ring.length > 0 && this.hasRoom()) {
        const pool = this.#ring.shift()!
        pool.isReady = false
        if (this.#grantOne(pool)) this.#line(pool)
      }
    } finally {
      this.#isPumping = false
    }
  }

  released(pool: Pool, freedProxy: boolean): void {
    // Those that found no permit come first, or a host that keeps them for long would have them back each time.
    if (freedProxy) {
      for (const other of this.#wantingPermits) if (other !== pool) this.#line(other)
      this.#wantingPermits.clear()
    }
    this.#line(pool)
  }

  pause(now: number): { reason: ParkReason; until: number | undefined } | undefined {
    if (this.isPaused) return { reason: 'paused', until: undefined }
    const { local } = this.#parts
    if (local.pausedUntil > now) return { reason: 'blackout', until: local.pausedUntil }
    if (local.isOut && this.#racing() > 0) return { reason: 'blackout', until: now + 250 }
    return undefined
  }

  join(endpoint: ProxyEndpoint): number {
    const known = this.fleet.revive(endpoint)
    const number = known ?? this.fleet.add(endpoint, this.#permits(endpoint), undefined)
    this.filters.join(number, endpoint)
    for (const pool of this.pools.values()) {
      // The row may have been another's.
      if (known === undefined) pool.record.pairs.forget(number)
      pool.selection.join(number)
    }
    if (known === undefined) this.#parts.joined(number)
    this.wakeAll()
    return number
  }

  /** The same exit with another account or other tags. What its old account was refused is forgotten. */
  renew(id: string, endpoint: ProxyEndpoint): void {
    const number = this.fleet.numberOf(id)
    if (number === undefined) return void this.join(endpoint)
    for (const pool of this.pools.values()) pool.selection.leave(number)
    this.filters.leave(number)
    const before = this.fleet.group[number]
    this.fleet.renew(number, endpoint, this.#permits(endpoint))
    this.filters.join(number, endpoint)
    for (const pool of this.pools.values()) pool.selection.join(number)
    const { state } = this.fleet.breakers
    const isRefused = state[number] === open && this.fleet.breakers.contextOf(number).reason === 'proxy-auth'
    if (before !== this.fleet.group[number] && isRefused) this.fleet.readmit(number)
    this.wakeAll()
  }

  leave(id: string): void {
    const number = this.fleet.numberOf(id)
    if (number === undefined) return
    this.filters.leave(number)
    for (const pool of this.pools.values()) pool.selection.leave(number)
    this.fleet.drain(number)
  }

  retire(proxy: number, reason: string): void {
    this.fleet.breakers.send(proxy, { type: 'retire', reason })
  }

  /** An open proxy is asked before its time, one request at a time. */
  probe(proxy: number): void {
    this.fleet.breakers.send(proxy, { type: 'cooldown.cut' })
    for (const pool of this.pools.values()) pool.selection.activate(proxy)
  }

  alert(alert: Alert): void {
    this.#parts.alert(alert)
  }

  hostChanged(state: HostState): void {
    this.#parts.hostChanged(state)
    if (state.to === 'serving') {
      const pool = this.pools.get(state.host)
      if (pool) this.wake(pool)
    }
  }

  proxyChanged(proxy: number, host: string | undefined, change: BreakerChange): void {
    this.#parts.proxyChanged({
      proxy: this.fleet.endpoints[proxy]?.id ?? 'gone',
      host,
      from: change.from,
      to: change.to,
      reason: change.context.reason,
      until: change.to === 'open' ? change.context.openUntil : undefined,
    })
    if (host === undefined && change.to === 'closed') {
      for (const pool of this.pools.values()) pool.selection.activate(proxy)
      this.wakeAll()
    }
  }

  /** The crawler stops: those that wait are refused, and no lease is granted any more. */
  drain(): void {
    if (this.#phase !== 'open') return
    this.#phase = 'draining'
    for (const pool of this.pools.values()) {
      if (pool.isAwake) tell(this.#parts.parent, this.actor, { type: 'pool.close', host: pool.host })
    }
  }

  /** Stops every actor of the pools. */
  close(): void {
    this.drain()
    this.#phase = 'closed'
    this.wheel.disarm(this.#sleepTimer)
    for (const pool of this.pools.values()) {
      if (pool.isAwake) tell(this.#parts.parent, this.actor, { type: 'pool.sleep', host: pool.host })
    }
    this.#ring = []
    release(this.actor)
  }

  /** Puts a pool into the ring, once, if a task waits there. */
  #line(pool: Pool): void {
    if (pool.isReady || pool.waiting.size === 0) return
    pool.isReady = true
    this.#ring.push(pool)
  }

  #grantOne(pool: Pool): boolean {
    let granted = false
    let earliest: number | undefined
    // What those were told that may use some proxies only: others that ask for the same need not be looked for.
    let shut: Map<Eligible, Refusal> | undefined
    // Exits that are on trial carry nothing but each other's witnesses, who may stand behind all others.
    let isForWitnesses = false
    pool.waiting.offer((task) => {
      if (granted) return 'stop'
      if (isForWitnesses && task.wish.why !== 'witness') return 'passed over'
      const { among } = task.wish
      const known = among && shut?.get(among)
      if (known) {
        task.refused(known)
        return 'passed over'
      }
      const lease = pool.lease(task.wish, task.actor)
      if (lease) {
        granted = true
        pool.leave(task)
        task.granted(lease)
        return 'taken'
      }
      const { reason, until } = pool.refusal
      if (until !== undefined) earliest = Math.min(earliest ?? until, until)
      if (reason === 'proxy-limit') this.#wantingPermits.add(pool)
      if (among && task.wish.only === undefined && task.wish.busy.length === 0) {
        shut ??= new Map()
        shut.set(among, { reason, until })
        task.refused({ reason, until })
        // Where the host itself is shut nobody else is let in.
        const isShut =
          reason === 'interval' ? pool.spacing.nextAt > this.clock.now() : !ofProxies.includes(reason)
        return isShut ? 'stop' : 'passed over'
      }
      task.refused(pool.refusal)
      // Where an account is refused, one that has nothing to wait for leaves, and so may those behind it.
      const hasLeft = task.waitingIn === undefined && !pool.record.accounts.isEmpty
      // Nor is it a sign for others that one is refused who has heard most exits already.
      const isAnyones = task.wish.only === undefined && task.wish.busy.length === 0
      if (!isAnyones || hasLeft) return 'refused'
      isForWitnesses = reason === 'proxy-limit' && pool.record.trust.isOpenToLies
      return isForWitnesses ? 'passed over' : 'stop'
    })
    // Nothing to grant now: come back at the moment that the refusal named, or at the event it waits for.
    if (!granted && earliest !== undefined && pool.waiting.size > 0) {
      this.wheel.arm(pool.wakeTimer, Math.max(earliest, this.clock.now() + this.wheel.tick))
    }
    return granted
  }

  #racing(): number {
    let racing = 0
    for (const pool of this.pools.values()) racing += pool.inFlight
    return racing
  }

  #permits(endpoint: ProxyEndpoint): number {
    const { politeness, proxyClass } = this.#options
    const unlimited = 0x7fff_ffff
    if (!politeness || politeness.proxyConcurrency === false) return unlimited
    const isFree = (endpoint.tags.class ?? proxyClass) === 'free'
    return isFree ? Math.min(2, politeness.proxyConcurrency) : politeness.proxyConcurrency
  }

  #sleepIdle(): void {
    const now = this.clock.now()
    let isAnyAwake = false
    for (const pool of this.pools.values()) {
      if (pool.inFlight > 0 || pool.waiting.size > 0 || now - pool.lastUsed < idleBeforeSleep)
        isAnyAwake ||= pool.isAwake
      else if (pool.isAwake) tell(this.actor, this.actor, { type: 'pool.sleep', host: pool.host })
    }
    if (isAnyAwake) this.wheel.arm(this.#sleepTimer, now + idleBeforeSleep)
  }
}

/** None of the proxies that a request may use is to be had: that says nothing of others. */
const ofProxies: readonly ParkReason[] = ['proxy-limit', 'no-proxy', 'no-proxy-passes']
