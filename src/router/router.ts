import type { Hub } from '../actors/adopt.ts'
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import { Timer, type Wheel } from '../base/wheel.ts'
import type { ProxyEndpoint } from '../contracts/endpoint.ts'
import type { Alert, HostState, ParkReason, ProxyState } from '../contracts/events.ts'
import type { HostTable } from '../options/host-table.ts'
import type { Options } from '../options/options.ts'
import type { BreakerChange } from '../reputation/breakers.ts'
import type { FleetTable } from '../reputation/fleet-table.ts'
import type { LocalHealth } from '../reputation/local-health.ts'
import type { RunningShare } from '../reputation/norm.ts'
import type { Candidates } from './candidates.ts'
import { Pool } from './pool.ts'

/**
 * The pools, one per host, opened when first asked for and put to sleep when idle. The router decides whose turn it is:
 * pools that may have something to grant stand in a ring, and each in turn grants one lease as long as the crew has room,
 * so a host with a million requests does not keep a small one waiting.
 */
interface Surroundings {
  readonly options: Options
  readonly hosts: HostTable
  readonly clock: Clock
  readonly wheel: Wheel
  readonly random: Random
  readonly fleet: FleetTable
  readonly candidates: Candidates
  readonly averageShare: RunningShare
  readonly hub: Hub
}

/** What a pool asks of the router. */
export interface RouterWorld extends Surroundings {
  /** Whether this machine seems to be off the network: whoever is sent out is a canary. */
  readonly isBlackout: boolean
  /** Why nothing at all may be sent now, or undefined. */
  pause(now: number): { reason: ParkReason; until: number | undefined } | undefined
  wake(pool: Pool): void
  /** A lease came back; `freedProxy` when a proxy or credential was full until now. */
  released(pool: Pool, freedProxy: boolean): void
  retire(proxy: number, reason: string): void
  hostChanged(state: HostState): void
  alert(alert: Alert): void
  proxyChanged(proxy: number, host: string | undefined, change: BreakerChange): void
}

export interface RouterParts extends Surroundings {
  readonly local: LocalHealth
  /** Whether one more task may race. */
  hasRoom(): boolean
  hostChanged(state: HostState): void
  proxyChanged(state: ProxyState): void
  alert(alert: Alert): void
  /** A pool was opened, and nobody has leased from it yet. */
  opened(pool: Pool): void
  /** A proxy came that the fleet does not remember, and no pool has chosen it yet. */
  joined(proxy: number): void
}

const idleBeforeSleep = 60_000

export class Router implements RouterWorld {
  readonly options: Options
  readonly hosts: HostTable
  readonly clock: Clock
  readonly wheel: Wheel
  readonly random: Random
  readonly fleet: FleetTable
  readonly candidates: Candidates
  readonly averageShare: RunningShare
  readonly hub: Hub
  readonly pools = new Map<string, Pool>()
  isPaused = false
  readonly #parts: RouterParts
  #ring: Pool[] = []
  #isPumping = false
  readonly #sleepTimer: Timer
  readonly #wantingPermits = new Set<Pool>()

  constructor(parts: RouterParts) {
    this.#parts = parts
    this.options = parts.options
    this.hosts = parts.hosts
    this.clock = parts.clock
    this.wheel = parts.wheel
    this.random = parts.random
    this.fleet = parts.fleet
    this.candidates = parts.candidates
    this.averageShare = parts.averageShare
    this.hub = parts.hub
    this.#sleepTimer = new Timer(() => this.#sleepIdle())
  }

  get isBlackout(): boolean {
    return this.#parts.local.isOut
  }

  /** The host's pool, opened at first use. */
  pool(host: string): Pool {
    let pool = this.pools.get(host)
    if (!pool) {
      pool = new Pool(host, this)
      this.pools.set(host, pool)
      this.#parts.opened(pool)
    }
    if (!this.#sleepTimer.armed) this.wheel.arm(this.#sleepTimer, this.clock.now() + idleBeforeSleep)
    return pool
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
      while (this.#ring.length > 0 && this.#parts.hasRoom()) {
        const pool = this.#ring.shift()!
        pool.isReady = false
        if (this.#grantOne(pool)) this.#line(pool)
      }
    } finally {
      this.#isPumping = false
    }
  }

  released(pool: Pool, freedProxy: boolean): void {
    this.#line(pool)
    if (!freedProxy) return
    for (const other of this.#wantingPermits) this.#line(other)
    this.#wantingPermits.clear()
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
    for (const pool of this.pools.values()) {
      // The row may have been another's.
      if (known === undefined) pool.pairs.forget(number)
      pool.selection.join(number)
    }
    if (known === undefined) this.#parts.joined(number)
    this.wakeAll()
    return number
  }

  leave(id: string): void {
    const number = this.fleet.numberOf(id)
    if (number === undefined) return
    for (const pool of this.pools.values()) pool.selection.leave(number)
    this.fleet.drain(number)
  }

  retire(proxy: number, reason: string): void {
    this.fleet.breakers.send(proxy, { type: 'retire', reason })
  }

  hostChanged(state: HostState): void {
    this.#parts.hostChanged(state)
    if (state.to === 'serving') {
      const pool = this.pools.get(state.host)
      if (pool) this.wake(pool)
    }
  }

  alert(alert: Alert): void {
    this.#parts.alert(alert)
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

  close(): void {
    this.wheel.disarm(this.#sleepTimer)
    for (const pool of this.pools.values()) {
      this.wheel.disarm(pool.wakeTimer)
      if (pool.isAwake) pool.send({ type: 'drain' })
      pool.sleep()
    }
    this.#ring = []
  }

  /** Puts a pool into the ring, once, if anybody waits there. */
  #line(pool: Pool): void {
    if (pool.isReady || pool.waiting.size === 0) return
    pool.isReady = true
    this.#ring.push(pool)
  }

  #grantOne(pool: Pool): boolean {
    let granted = false
    let earliest: number | undefined
    pool.waiting.offer((task) => {
      if (granted) return 'stop'
      const lease = pool.lease(task.wish)
      if (lease) {
        granted = true
        pool.waiting.remove(task)
        task.granted(lease)
        return 'taken'
      }
      const { reason, until } = pool.refusal
      if (until !== undefined) earliest = Math.min(earliest ?? until, until)
      if (reason === 'proxy-limit') this.#wantingPermits.add(pool)
      task.refused(pool.refusal)
      return task.wish.only === undefined ? 'stop' : 'refused'
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
    const { politeness, proxyClass } = this.options
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
      else if (pool.isAwake) pool.sleep()
    }
    if (isAnyAwake) this.wheel.arm(this.#sleepTimer, now + idleBeforeSleep)
  }
}
