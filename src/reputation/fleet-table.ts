import { isDeepStrictEqual } from 'node:util'
import type { Hub } from '../actors/adopt.ts'
import { LastMinute } from '../base/last-minute.ts'
import type { Random } from '../base/random.ts'
import { pickIndex } from '../base/random.ts'
import type { ProxyEndpoint } from '../contracts/endpoint.ts'
import type { Options } from '../options/options.ts'
import { Accusers } from './accusers.ts'
import { type BreakerChange, Breakers, type BreakersOwner } from './breakers.ts'
import { grown } from './columns.ts'
import { CredentialGroups } from './credential-groups.ts'
import { DrySpells, lastSamples } from './dry-spells.ts'
import { Norm, RunningShare } from './peer-norm.ts'
import { classPrior, Evidence, shrink, shrinkage, type Weights } from './posterior.ts'

/**
 * The fleet as columns: one row per proxy, its number. What the picker reads of a proxy whatever the host: breaker state
 * (mirrored), permits, the record over all hosts. A proxy that left keeps its row for as long as there is room: lists
 * flap, and one that is back a moment later must find its permits, intervals, breakers and record as they were.
 */
/** Proxies that left and are remembered. */
const awayLimit = 10_000
/** Permits in use at which a proxy that came back is as good as any. */
const fullRamp = 64

export interface FleetParts {
  readonly options: Pick<Options, 'posterior' | 'breaker' | 'eviction'>
  readonly random: Random
  /** The actor that the machines of the fleet live under. */
  readonly home: Hub
  /** A proxy's machine has changed its state. */
  proxyChanged(change: BreakerChange): void
}

export class FleetTable implements BreakersOwner {
  /** Numbers of the proxies that are in the fleet, dense, in no order. */
  readonly members: number[] = []
  readonly endpoints: (ProxyEndpoint | undefined)[] = []
  readonly groups = new CredentialGroups()
  readonly accusers = new Accusers()
  /** Who works at no host. */
  readonly drySpells: DrySpells
  readonly evidence: Evidence
  readonly breakers: Breakers
  home: Hub | undefined
  /** What is normal among the proxies that are in use, and how often an average one succeeds. */
  readonly norm = new Norm()
  readonly averageShare = new RunningShare()
  inFlight = new Int32Array(0)
  /** Permits: attempts in flight at most. */
  limit = new Int32Array(0)
  /** Permits of a proxy that has just come back, doubling with each success; 0 when it is back to all of them. */
  #ramp = new Int32Array(0)
  /** Attempts started, ever. */
  uses = new Uint32Array(0)
  bytes = new Float64Array(0)
  /** Attempts that brought an answer, and that failed by no fault of the host. */
  successes = new Uint32Array(0)
  failures = new Uint32Array(0)
  /** How its attempts ended lately; undefined before the first. */
  readonly lastMinutes: (LastMinute | undefined)[] = []
  /** Of its last verdict. */
  readonly lastReasons: (string | undefined)[] = []
  /** Mean first byte over all hosts, ms, exponentially smoothed; 0 before the first. */
  firstByte = new Float64Array(0)
  /** Clock ms of the last success, anywhere. */
  succeededAt = new Float64Array(0)
  /** How much slower than usual it is, as ln: the sum over hosts, and how many. */
  tempoSum = new Float64Array(0)
  tempoHosts = new Int32Array(0)
  classMean = new Float64Array(0)
  group = new Int32Array(0)
  /** How many are of one network. */
  readonly #networks = new Map<string, number>()
  #positions = new Map<number, number>()
  #numbers = new Map<string, number>()
  /** Those that left, by label, the longest gone first. */
  #away = new Map<string, number>()
  #free: number[] = []
  /** What those endpoints were at first whose account or tags have changed since. */
  readonly #owners = new WeakMap<ProxyEndpoint, object>()

  /** Members that were tried and have brought nothing. */
  #silent = 0
  /** Anything has come over any of them in this run. */
  #hasAnswered = false

  readonly #proxyChanged: (change: BreakerChange) => void
  readonly #weights: Weights = { alpha: 0, beta: 0 }

  constructor({ options: { posterior, breaker, eviction }, random, home, proxyChanged }: FleetParts) {
    this.home = home
    this.drySpells = new DrySpells(eviction)
    this.evidence = new Evidence(posterior.fleetHalfLife, posterior.cap)
    this.breakers = new Breakers('fleet', this, breaker, random)
    this.#proxyChanged = proxyChanged
  }

  get size(): number {
    return this.members.length
  }

  /** Members that have answered in this run, or were never tried. */
  get answerable(): number {
    return this.members.length - this.#silent
  }

  numberOf(id: string): number | undefined {
    return this.#numbers.get(id)
  }

  /** Proxies of this network. */
  sizeOf(network: string): number {
    return this.#networks.get(network) ?? 0
  }

  add(endpoint: ProxyEndpoint, limit: number, classMean: number | undefined): number {
    const number = this.#free.pop() ?? this.endpoints.length
    if (number >= this.limit.length) this.#grow(Math.max(16, number * 2))
    this.endpoints[number] = endpoint
    this.#enter(endpoint, number)
    this.breakers.clear(number)
    this.evidence.clear(number)
    this.accusers.forget(number)
    this.#ramp[number] = 0
    this.inFlight[number] = 0
    this.limit[number] = limit
    this.uses[number] = 0
    this.bytes[number] = 0
    this.successes[number] = 0
    this.failures[number] = 0
    this.lastMinutes[number] = undefined
    this.lastReasons[number] = undefined
    this.drySpells.forget(number)
    this.firstByte[number] = 0
    this.tempoSum[number] = 0
    this.tempoHosts[number] = 0
    this.succeededAt[number] = Number.NEGATIVE_INFINITY
    this.classMean[number] = classMean ?? classPrior(endpoint.tags.class)
    this.group[number] = this.groups.join(endpoint.credentialGroup)
    this.breakers.adopt(number)
    return number
  }

  /** The number of a proxy that left and is back as the same; undefined when it is a new one. */
  revive(endpoint: ProxyEndpoint): number | undefined {
    const number = this.#away.get(endpoint.id)
    // Its leases know it by the object; one that comes with another account or class is another proxy.
    if (number === undefined || !isDeepStrictEqual(this.endpoints[number], endpoint)) return undefined
    this.#away.delete(endpoint.id)
    this.#enter(endpoint, number)
    if (this.#isSilent(number)) this.#silent++
    this.breakers.adopt(number)
    return number
  }

  /** The same exit, with another account, label or tags: what was learnt of it stays, and so do its leases. */
  renew(number: number, endpoint: ProxyEndpoint, limit: number): void {
    const before = this.endpoints[number]!
    this.#owners.set(endpoint, this.#ownerOf(before)!)
    this.#numbers.delete(before.id)
    this.#forgetAway(endpoint.id)
    this.#numbers.set(endpoint.id, number)
    this.#networks.set(before.network, this.sizeOf(before.network) - 1)
    this.#networks.set(endpoint.network, this.sizeOf(endpoint.network) + 1)
    this.endpoints[number] = endpoint
    this.limit[number] = limit
    if (before.tags.class !== endpoint.tags.class) this.classMean[number] = classPrior(endpoint.tags.class)
    const group = this.groups.join(endpoint.credentialGroup)
    if (group === this.group[number]) return
    this.groups.move(this.group[number]!, group, this.inFlight[number]!)
    this.group[number] = group
  }

  /** Whose the number is, whatever account and tags it has now: another proxy may get it when this one is forgotten. */
  ownerOf(number: number): object | undefined {
    return this.#ownerOf(this.endpoints[number])
  }

  /** Whether an endpoint, of a lease perhaps, is that of this number, or was before its account was renewed. */
  isOf(number: number, endpoint: ProxyEndpoint): boolean {
    return this.ownerOf(number) === this.#ownerOf(endpoint)
  }

  #ownerOf(endpoint: ProxyEndpoint | undefined): object | undefined {
    return endpoint && (this.#owners.get(endpoint) ?? endpoint)
  }

  #isSilent(number: number): boolean {
    return this.successes[number] === 0 && this.failures[number]! > 0
  }

  /** Takes a proxy out of the fleet; its row stays, in case it comes back. */
  drain(number: number): void {
    const endpoint = this.endpoints[number]
    const position = this.#positions.get(number)
    if (!endpoint || position === undefined) return
    if (this.#isSilent(number)) this.#silent--
    this.breakers.rest(number)
    this.#numbers.delete(endpoint.id)
    this.#networks.set(endpoint.network, this.sizeOf(endpoint.network) - 1)
    this.#positions.delete(number)
    const last = this.members.pop()!
    if (last !== number) {
      this.members[position] = last
      this.#positions.set(last, position)
    }
    this.#forgetAway(endpoint.id)
    this.#away.set(endpoint.id, number)
    const [longest] = this.#away.keys()
    if (this.#away.size > awayLimit) this.#forgetAway(longest!)
  }

  /** Numbers of those that left and are remembered, the longest gone first. */
  get away(): Iterable<number> {
    return this.#away.values()
  }

  has(number: number): boolean {
    return this.#positions.has(number)
  }

  /** Whether it may take no more at the moment. */
  isFull(number: number): boolean {
    const ramp = this.#ramp[number]!
    return this.inFlight[number]! >= (ramp === 0 ? this.limit[number]! : Math.min(ramp, this.limit[number]!))
  }

  /** How an attempt over it has ended. `isItsOwn`: a failure that is not the host's. */
  ended(number: number, reason: string, isGood: boolean, isItsOwn: boolean, now: number): void {
    this.lastReasons[number] = reason
    const wasSilent = this.#isSilent(number)
    if (isGood) this.#hasAnswered = true
    if (isGood) this.successes[number]!++
    else if (isItsOwn) this.failures[number]!++
    if (this.has(number) && wasSilent !== this.#isSilent(number)) this.#silent += wasSilent ? -1 : 1
    const lastMinute = this.lastMinutes[number] ?? new LastMinute()
    this.lastMinutes[number] = lastMinute
    lastMinute.add(isGood, now)
  }

  /** Whether it does nothing but fail where others get through, or at all while nobody has. */
  isFailing(number: number): boolean {
    if (!this.#hasAnswered && this.failures[number]! > 0) return true
    const failures = this.drySpells.failuresOf(number)
    return failures > 0 && (this.successes[number] === 0 || failures >= lastSamples)
  }

  /** A success over a proxy that is coming back. True when a task that was refused may now be let in. */
  prove(number: number): boolean {
    const ramp = this.#ramp[number]!
    if (ramp === 0) return false
    this.#ramp[number] = ramp >= fullRamp ? 0 : ramp * 2
    return true
  }

  acquire(number: number): void {
    this.inFlight[number]!++
    this.uses[number]!++
    const group = this.group[number]!
    if (group !== 0) this.groups.acquire(group)
  }

  /** Gives a permit back. True when the proxy was full and is not any more. */
  release(number: number): boolean {
    const wasFull = this.isFull(number)
    this.inFlight[number]!--
    const group = this.group[number]!
    const groupFreed = group !== 0 && this.groups.release(group)
    if (this.inFlight[number] === 0 && this.#isForgotten(number)) this.#recycle(number)
    return wasFull || groupFreed
  }

  /** Closes its breaker; its requests count anew. */
  readmit(number: number): void {
    this.uses[number] = 0
    this.drySpells.forget(number)
    this.breakers.send(number, { type: 'readmit' })
  }

  /** How good it is anywhere else, shrunk towards its class; `own` is what this host contributed. */
  meanElsewhere(number: number, ownSuccess: number, ownFailure: number, now: number): number {
    const left = this.evidence.left(number, now)
    const success = Math.max(0, this.evidence.success[number]! * left - ownSuccess)
    const failure = Math.max(0, this.evidence.failure[number]! * left - ownFailure)
    return shrink(success, failure, this.classMean[number]!)
  }

  mean(number: number, now: number): number {
    return this.meanElsewhere(number, 0, 0, now)
  }

  /** Stops every machine, for good. */
  close(): void {
    this.breakers.sleep()
    this.home = undefined
  }

  /** The posterior over all hosts: its own record, shrunk towards what its class is worth. */
  weigh(number: number, now: number): Weights {
    const left = this.evidence.left(number, now)
    const mean = this.classMean[number]!
    this.#weights.alpha = shrinkage * mean + this.evidence.success[number]! * left
    this.#weights.beta = shrinkage * (1 - mean) + this.evidence.failure[number]! * left
    return this.#weights
  }

  nameOf(number: number): string {
    return this.endpoints[number]?.id ?? 'gone'
  }

  breakerChanged(change: BreakerChange): void {
    if (change.to === 'closed') this.#comeBack(change.row)
    this.#proxyChanged(change)
  }

  /** Any member, uniformly; undefined when there are none. */
  sample(random: Random): number | undefined {
    return this.members[pickIndex(random, this.members.length)]
  }

  /** It is back from an open breaker: a thousand tasks may be waiting, and all at once would knock it over again. */
  #comeBack(number: number): void {
    this.#ramp[number] = 2
  }

  #enter({ id, network }: ProxyEndpoint, number: number): void {
    this.#numbers.set(id, number)
    this.#networks.set(network, this.sizeOf(network) + 1)
    this.#positions.set(number, this.members.push(number) - 1)
  }

  #forgetAway(id: string): void {
    const number = this.#away.get(id)
    this.#away.delete(id)
    if (number !== undefined && this.inFlight[number] === 0) this.#recycle(number)
  }

  #isForgotten(number: number): boolean {
    return !this.#positions.has(number) && this.#away.get(this.endpoints[number]?.id ?? '') !== number
  }

  #recycle(number: number): void {
    this.endpoints[number] = undefined
    this.breakers.clear(number)
    this.#free.push(number)
  }

  #grow(rows: number): void {
    this.evidence.grow(rows)
    this.breakers.grow(rows)
    this.inFlight = grown(this.inFlight, rows)
    this.limit = grown(this.limit, rows)
    this.uses = grown(this.uses, rows)
    this.bytes = grown(this.bytes, rows)
    this.successes = grown(this.successes, rows)
    this.failures = grown(this.failures, rows)
    this.firstByte = grown(this.firstByte, rows)
    this.tempoSum = grown(this.tempoSum, rows)
    this.tempoHosts = grown(this.tempoHosts, rows)
    this.succeededAt = grown(this.succeededAt, rows)
    this.classMean = grown(this.classMean, rows)
    this.group = grown(this.group, rows)
    this.#ramp = grown(this.#ramp, rows)
  }
}
