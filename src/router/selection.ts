import { pickIndex, type Random } from '../base/random.ts'
import type { Gates } from '../contracts/explanation.ts'
import type { Eligible, LeaseWish } from '../contracts/lease.ts'
import type { ProxyFilter } from '../contracts/proxy-filter.ts'
import type { Strategy } from '../contracts/strategy.ts'
import { type Breakers, closed, halfOpen, open } from '../reputation/breakers.ts'
import type { DoubtedAccounts } from '../reputation/doubted-accounts.ts'
import type { FleetTable } from '../reputation/fleet-table.ts'
import type { PairTable } from '../reputation/pair-table.ts'
import type { Candidates } from './candidates.ts'
import { FilteredFleet } from './eligible.ts'
import { mostCandidates } from './pick.ts'
import { Roster, wholeFleetLimit } from './roster.ts'

/**
 * Choosing one proxy for one host: which may be used at this moment, a few of them as candidates, one of those by the
 * strategy. One that turns out not to be usable before a known moment is put to rest until then, so the search pays for
 * each obstacle once, and a pick costs the same at a hundred and at ten thousand proxies.
 */
const never = Number.MAX_VALUE
const reservoirTries = 48
/** Share of picks that look beyond the proxies a pool knows, when the fleet is larger. */
const exploration = 0.1

/** Proxies that are looked at for one to ask before its time. */
const cutTries = 64

const mostProven = 16
const fromProven = 8

/** Proxies of which it is told what keeps them away. */
const mostLookedAt = 64
const noGates = {
  total: 0,
  free: 0,
  interval: 0,
  busy: 0,
  open: 0,
  probing: 0,
  out: 0,
  account: 0,
  asked: 0,
  filtered: 0,
}

/** How soon a proxy with a probe under way is looked at again: the probe may end long before its permit does. */
const probeLook = 1_000

/**
 * How long a session waits for its proxy, ms, which is closed to it or which the host has asked to wait: a limit is no reason
 * to begin again elsewhere, and least of all with the same account.
 */
const closedPatience = 5_000
const limitedPatience = 60_000

/** Why none could be chosen. */
export type Shortage = 'busy' | 'resting' | 'none'

export class Selection {
  shortage: Shortage = 'none'
  readonly #fleet: FleetTable
  /** Undefined without a filter. */
  readonly #filtered: FilteredFleet | undefined
  readonly #eligible: Eligible
  readonly #pairs: PairTable
  readonly #accounts: DoubtedAccounts
  readonly #candidates: Candidates
  readonly #strategy: Strategy
  readonly #random: Random
  /** How long a probe holds its permit, ms. */
  readonly #probeTime: number
  readonly #isOnTrial: (proxy: number) => boolean
  readonly #roster = new Roster()
  /** Half-open proxies that wait for an attempt to ride beside. */
  readonly #probing: number[] = []
  /** Those that answered here lately, each once. */
  readonly #proven: number[] = []
  #oldest = 0
  #sawBusy = false
  /** Where a rotation among few goes on. */
  #turn = 0
  #mayBeOnTrial = false
  #prefers: ((proxy: number) => boolean) | undefined

  constructor(parts: {
    fleet: FleetTable
    pairs: PairTable
    accounts: DoubtedAccounts
    candidates: Candidates
    strategy: Strategy
    random: Random
    probeTime: number
    /** Whether what it says is being compared: until that is known it is asked nothing more. */
    isOnTrial(proxy: number): boolean
    /** Only those that pass it are ever chosen. */
    filter?: ProxyFilter | undefined
  }) {
    this.#fleet = parts.fleet
    this.#filtered = parts.filter && new FilteredFleet([parts.filter])
    this.#eligible = this.#filtered ?? parts.fleet
    this.#pairs = parts.pairs
    this.#accounts = parts.accounts
    this.#candidates = parts.candidates
    this.#strategy = parts.strategy
    this.#random = parts.random
    this.#probeTime = parts.probeTime
    this.#isOnTrial = parts.isOnTrial
    for (const proxy of parts.fleet.members) this.join(proxy)
  }

  /** Proxies that may visit this host at all. */
  get size(): number {
    return this.#eligible.size
  }

  /** Their numbers, dense, in no order. */
  get members(): readonly number[] {
    return this.#eligible.members
  }

  /** Whether not all of the fleet may. */
  get isFiltered(): boolean {
    return this.#filtered !== undefined
  }

  /** Whether one that is not shut out, here or everywhere, is left besides those that `isAsked` knows. */
  hasOther(isAsked: (proxy: number) => boolean, among: Eligible = this.#eligible): boolean {
    const { state } = this.#fleet.breakers
    return among.members.some((proxy) => {
      if (state[proxy] !== closed || isAsked(proxy)) return false
      const row = this.#pairs.rowOf(proxy)
      return row === undefined || this.#pairs.breakers.state[row] === closed
    })
  }

  /** A proxy came into the fleet. */
  join(proxy: number): void {
    this.#filtered?.join(proxy, this.#fleet.endpoints[proxy]!)
    if (this.admits(proxy) && this.#roster.known < wholeFleetLimit) this.#roster.activate(proxy)
  }

  /** A proxy left the fleet. */
  leave(proxy: number): void {
    this.#filtered?.leave(proxy)
    this.#roster.forget(proxy)
    const position = this.#probing.indexOf(proxy)
    if (position >= 0) this.#probing.splice(position, 1)
  }

  /** Something that kept it away is over. */
  activate(proxy: number): void {
    if (this.#roster.knows(proxy)) this.#roster.activate(proxy)
  }

  /** It has just been used, or opened: not before `due` (clock ms). Now takes it in if it was unknown. */
  rest(proxy: number, due: number): void {
    if (this.admits(proxy)) this.#roster.rest(proxy, due)
  }

  use(proxy: number): void {
    if (!this.#roster.knows(proxy)) this.#roster.activate(proxy)
  }

  /** It has answered here just now. */
  prove(proxy: number): void {
    if (this.#proven.includes(proxy)) return
    this.#proven[this.#oldest++ % mostProven] = proxy
  }

  /** When one comes back, in clock ms; undefined when an event must come first. */
  nextDue(now: number): number | undefined {
    const due = this.#roster.nextDue()
    if (due !== undefined && due < never) return due
    return this.#eligible.size > this.#roster.known ? now + 50 : undefined
  }

  /** The chosen proxy's number, or undefined (see `shortage`). `begin` of the candidates was called by the pool. */
  choose(wish: LeaseWish, now: number): number | undefined {
    this.#roster.wake(now)
    if (wish.prefers) {
      this.#prefers = wish.prefers
      this.#collect(wish, now, wish.failed)
      this.#prefers = undefined
    }
    if (this.#candidates.size === 0) this.#collect(wish, now, wish.failed)
    // In a small fleet every proxy may have failed this task: then again, with those that are not busy for it.
    if (this.#candidates.size === 0 && wish.failed.length > 0) this.#collect(wish, now, [])
    // Two that are on trial may be each other's witnesses.
    if (this.#candidates.size === 0 && wish.why === 'witness') {
      this.#mayBeOnTrial = true
      this.#collect(wish, now, [])
      this.#mayBeOnTrial = false
    }
    // None is closed: a half-open one is better than none.
    if (this.#candidates.size === 0) {
      const probe = this.takeProbe(wish.busy, now, wish.among)
      if (probe !== undefined) return probe
      this.shortage = this.#sawBusy ? 'busy' : this.#roster.nextDue() !== undefined ? 'resting' : 'none'
      return undefined
    }
    return this.#candidates.proxy(this.#strategy.pick(this.#candidates))
  }

  /** Among the candidates of the last choice, the one that succeeded last, anywhere: for canaries. */
  surest(): number {
    const { succeededAt } = this.#fleet
    let best = this.#candidates.proxy(0)
    for (let position = 1; position < this.#candidates.size; position++) {
      const proxy = this.#candidates.proxy(position)
      if (succeededAt[proxy]! > succeededAt[best]!) best = proxy
    }
    return best
  }

  /** Any of the candidates of the last choice: when no record can be trusted. */
  anyone(): number {
    return this.#candidates.proxy(pickIndex(this.#random, this.#candidates.size))
  }

  /** A half-open proxy waits for an attempt to ride beside. */
  get wantsProbe(): boolean {
    return this.#probing.length > 0
  }

  /** The half-open proxy that waited longest and that was given the permit of its probe, or undefined. */
  takeProbe(busy: readonly number[], now: number, among?: Eligible): number | undefined {
    let index = 0
    while (index < this.#probing.length) {
      const proxy = this.#probing[index]!
      if (busy.includes(proxy) || among?.has(proxy) === false) index++
      else {
        this.#probing.splice(index, 1)
        const isUsable = this.isHalfOpen(proxy) && this.usableAt(proxy, now) <= now
        if (isUsable && this.leaseProbe(proxy, now)) return proxy
      }
    }
    return undefined
  }

  /** Whether a request over this proxy would be a probe. */
  isHalfOpen(proxy: number): boolean {
    return this.#isHalfOpen(proxy, this.#pairs.rowOf(proxy) ?? -1)
  }

  /** Asks its machines, those that are half-open, for the one permit of their probe. False when another probe holds it. */
  leaseProbe(proxy: number, now: number): boolean {
    const fleet = this.#fleet.breakers
    const pairs = this.#pairs.breakers
    const row = this.#pairs.rowOf(proxy)
    const expires = now + this.#probeTime
    const isFleets = fleet.state[proxy] === halfOpen
    if (isFleets && !fleet.leaseProbe(proxy, now, expires)) return false
    if (row === undefined || pairs.state[row] !== halfOpen || pairs.leaseProbe(row, now, expires)) return true
    if (isFleets) fleet.send(proxy, { type: 'released', epoch: fleet.epoch[proxy]! })
    return false
  }

  /**
   * None is left. Among the proxies that only an open breaker keeps away (a few of them, in a large fleet), the one with
   * the earliest end of its cooldown is asked before its time.
   */
  cutCooldown(busy: readonly number[], now: number, among: Eligible = this.#eligible): number | undefined {
    const { members } = among
    let soonest: number | undefined
    let due = Number.POSITIVE_INFINITY
    for (let n = 0; n < Math.min(members.length, cutTries); n++) {
      const proxy = members.length <= cutTries ? members[n]! : among.sample(this.#random)!
      const until = busy.includes(proxy) ? undefined : this.#openUntil(proxy, now)
      if (until === undefined || until >= due) continue
      soonest = proxy
      due = until
    }
    if (soonest === undefined) return undefined
    const row = this.#pairs.rowOf(soonest)
    this.#fleet.breakers.send(soonest, { type: 'cooldown.cut' })
    if (row !== undefined) this.#pairs.breakers.send(row, { type: 'cooldown.cut' })
    return this.leaseProbe(soonest, now) ? soonest : undefined
  }

  /** When its cooldown ends; undefined when something else keeps it away: a limit, a permit, an account, a hand. */
  #openUntil(proxy: number, now: number): number | undefined {
    const fleet = this.#fleet
    const row = this.#pairs.rowOf(proxy)
    const states = [fleet.breakers.state[proxy], row === undefined ? closed : this.#pairs.breakers.state[row]]
    if (!states.every((state) => state === open || state === closed)) return undefined
    if (fleet.isFull(proxy) || !this.#admitsAccount(fleet.group[proxy]!, now)) return undefined
    if (row === undefined) return fleet.breakers.openUntil[proxy]!
    if (this.#pairs.nextAt[row]! > now) return undefined
    return Math.max(fleet.breakers.openUntil[proxy]!, this.#pairs.breakers.openUntil[row]!)
  }

  /** When the proxy may be used here: `now` or earlier, a later clock time, or Infinity when a permit must come first. */
  usableAt(proxy: number, now: number): number {
    const fleet = this.#fleet
    if (!this.admits(proxy)) return never
    if (fleet.breakers.state[proxy] !== closed) {
      const at = availableAt(fleet.breakers, proxy, now)
      if (at > now) return at
    }
    const group = fleet.group[proxy]!
    if (group !== 0 && !this.#admitsAccount(group, now)) {
      const until = fleet.groups.openUntil[group]!
      return until > now ? until : Number.POSITIVE_INFINITY
    }
    if (fleet.isFull(proxy)) return Number.POSITIVE_INFINITY
    const row = this.#pairs.rowOf(proxy)
    if (row === undefined) return now
    if (this.#pairs.breakers.state[row] !== closed) {
      const at = availableAt(this.#pairs.breakers, row, now)
      if (at > now) return at
    }
    return this.#pairs.nextAt[row]!
  }

  /** How long it is worth waiting, ms, for the one proxy that will do, which is usable `at` that clock time. */
  patienceFor(proxy: number, at: number, interval: number): number {
    const row = this.#pairs.rowOf(proxy)
    const isLimited = row !== undefined && this.#pairs.nextAt[row] === at
    return Math.max(interval, isLimited ? limitedPatience : closedPatience)
  }

  /**
   * What keeps proxies away from this host at this moment, for a person: of all, or of 64 spread over a large fleet. Looks
   * only, and moves no breaker.
   */
  gates({ busy, failed, among }: Pick<LeaseWish, 'busy' | 'failed' | 'among'>, now: number): Gates {
    const { members } = this.#fleet
    const gates = { ...noGates }
    const step = Math.max(1, Math.floor(members.length / mostLookedAt))
    for (let at = 0; at < members.length && gates.total < mostLookedAt; at += step) {
      const proxy = members[at]!
      gates.total++
      if (busy.includes(proxy) || failed.includes(proxy)) gates.asked++
      else if (among?.has(proxy) === false) gates.filtered++
      else gates[this.#gateOf(proxy, now)]++
    }
    return gates
  }

  #gateOf(proxy: number, now: number): Exclude<keyof Gates, 'total' | 'asked'> {
    const { breakers, group } = this.#fleet
    if (!this.admits(proxy)) return 'filtered'
    const row = this.#pairs.rowOf(proxy)
    const here = row === undefined ? closed : this.#pairs.breakers.state[row]!
    for (const state of [breakers.state[proxy]!, here]) {
      if (state === open) return 'open'
      if (state === halfOpen) return 'probing'
      if (state !== closed) return 'out'
    }
    if (group[proxy] !== 0 && !this.#admitsAccount(group[proxy]!, now)) return 'account'
    if (this.#fleet.isFull(proxy) || this.#isOnTrial(proxy)) return 'busy'
    if (row !== undefined && this.#pairs.nextAt[row]! > now) return 'interval'
    return 'free'
  }

  #admitsAccount(group: number, now: number): boolean {
    return this.#fleet.groups.admits(group, now, this.#accounts.times(group, now))
  }

  /** Whether it may visit this host at all, while it is in the fleet. */
  admits(proxy: number): boolean {
    return this.#filtered === undefined || this.#filtered.has(proxy)
  }

  /** When one of these comes back by itself, clock ms; undefined when an event must come first. Looks at 256 of them. */
  dueAmong({ members }: Eligible, now: number): number | undefined {
    // Of more it is not known.
    let due = members.length > wholeFleetLimit ? now + probeLook : never
    for (let n = 0; n < Math.min(members.length, wholeFleetLimit); n++) {
      const at = this.usableAt(members[n]!, now)
      due = Math.min(due, at > now ? at : now + probeLook)
    }
    return due < never ? due : undefined
  }

  /** Few are looked at one after the other, from anywhere; of many, some are drawn. */
  #collectAmong({ members }: Eligible, wish: LeaseWish, now: number, failed: readonly number[]): void {
    const candidates = this.#candidates
    const isRotating = this.#strategy.order === 'rotating'
    const wanted = isRotating ? 1 : mostCandidates
    this.#sawBusy = false
    const tries = Math.min(members.length, wholeFleetLimit)
    const first = isRotating ? this.#turn++ : pickIndex(this.#random, Math.max(1, members.length))
    for (let n = 0; n < tries && candidates.size < wanted; n++) {
      this.#consider(members[(first + n) % members.length]!, wish, now, failed)
    }
  }

  #collect(wish: LeaseWish, now: number, failed: readonly number[]): void {
    if (wish.among) return this.#collectAmong(wish.among, wish, now, failed)
    const roster = this.#roster
    const candidates = this.#candidates
    const isRotating = this.#strategy.order === 'rotating'
    const wanted = isRotating ? 1 : mostCandidates
    const isWhole = roster.known >= this.#eligible.size
    this.#sawBusy = false
    if (isWhole || (roster.active.length >= 16 && this.#random() >= exploration)) {
      if (roster.active.length <= wanted) {
        for (let index = roster.active.length - 1; index >= 0; index--) {
          this.#consider(roster.active[index]!, wish, now, failed)
        }
      } else {
        if (this.#strategy.name === 'thompson') this.#recall(wish, now, failed)
        const tries = isRotating ? roster.active.length : wanted * 3
        for (let n = 0; n < tries && candidates.size < wanted && roster.active.length > 0; n++) {
          const proxy = isRotating ? roster.rotate() : roster.sample(this.#random)
          if (!candidates.includes(proxy)) this.#consider(proxy, wish, now, failed)
        }
      }
    }
    if (isWhole || candidates.size > 0) return
    for (let n = 0; n < reservoirTries && candidates.size < Math.min(8, wanted); n++) {
      const proxy = this.#eligible.sample(this.#random)
      if (proxy === undefined || roster.knows(proxy) || candidates.includes(proxy)) continue
      this.#consider(proxy, wish, now, failed)
    }
    for (
      let n = 0;
      n < reservoirTries && candidates.size < Math.min(8, wanted) && roster.active.length > 0;
      n++
    ) {
      const proxy = roster.sample(this.#random)
      if (!candidates.includes(proxy)) this.#consider(proxy, wish, now, failed)
    }
  }

  #recall(wish: LeaseWish, now: number, failed: readonly number[]): void {
    const proven = this.#proven
    const first = pickIndex(this.#random, Math.max(1, proven.length))
    for (let n = 0; n < Math.min(fromProven, proven.length); n++) {
      const proxy = proven[(first + n) % proven.length]!
      if (this.#roster.isActive(proxy) && !this.#candidates.includes(proxy))
        this.#consider(proxy, wish, now, failed)
    }
  }

  #consider(proxy: number, wish: LeaseWish, now: number, failed: readonly number[]): void {
    if (wish.busy.includes(proxy) || failed.includes(proxy)) return
    if (this.#prefers?.(proxy) === false) return
    const mustWait = !this.#mayBeOnTrial && this.#isOnTrial(proxy)
    const at = mustWait ? Number.POSITIVE_INFINITY : this.usableAt(proxy, now)
    if (at === Number.POSITIVE_INFINITY) this.#sawBusy = true
    else if (at > now) this.#roster.rest(proxy, at)
    else {
      const row = this.#pairs.rowOf(proxy) ?? -1
      if (!this.#isHalfOpen(proxy, row)) this.#candidates.add(proxy, row)
      else {
        if (!this.#probing.includes(proxy)) this.#probing.push(proxy)
        this.#roster.rest(proxy, now + probeLook)
      }
    }
  }

  #isHalfOpen(proxy: number, row: number): boolean {
    return (
      this.#fleet.breakers.state[proxy] === halfOpen ||
      (row >= 0 && this.#pairs.breakers.state[row] === halfOpen)
    )
  }
}

/**
 * When a breaker that is not closed may let a request through. An open one is asked whether its cooldown is over: the
 * machine knows. A half-open one is asked for its permit by the request that wants it. Isolated and retired proxies wait
 * for the user.
 */
function availableAt(breakers: Breakers, row: number, now: number): number {
  if (breakers.state[row] === open) {
    breakers.send(row, { type: 'cooldown.elapsed', at: now })
    if (breakers.state[row] === open) return Math.max(breakers.openUntil[row]!, now + 1)
  }
  return breakers.state[row] === halfOpen || breakers.state[row] === closed ? now : never
}
