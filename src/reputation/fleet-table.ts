import type { ProxyEndpoint } from '../fleet/endpoint.ts'
import type { PosteriorOptions } from '../options.ts'
import type { Random } from '../random.ts'
import { pickIndex } from '../random.ts'
import { type Breakers, closed } from './breakers.ts'
import { grown } from './columns.ts'
import { CredentialGroups } from './credential-groups.ts'
import { classPrior, Evidence, shrink } from './posterior.ts'

/**
 * The fleet as columns: one row per proxy, its number. What the picker reads of a proxy whatever the host: breaker state
 * (mirrored), permits, the record over all hosts. Rows of proxies that left are used again once their last lease is back.
 */
/** Permits in use at which a proxy that came back is as good as any. */
const fullRamp = 64

export class FleetTable {
  /** Numbers of the proxies that are in the fleet, dense, in no order. */
  readonly members: number[] = []
  readonly endpoints: (ProxyEndpoint | undefined)[] = []
  readonly groups = new CredentialGroups()
  readonly evidence: Evidence
  readonly breakers: Breakers
  inFlight = new Int32Array(0)
  /** Permits: attempts in flight at most. */
  limit = new Int32Array(0)
  /** Permits of a proxy that has just come back, doubling with each success; 0 when it is back to all of them. */
  #ramp = new Int32Array(0)
  /** Attempts started, ever. */
  uses = new Uint32Array(0)
  bytes = new Float64Array(0)
  /** Mean first byte over all hosts, ms, exponentially smoothed; 0 before the first. */
  firstByte = new Float64Array(0)
  /** Clock ms of the last success, anywhere. */
  succeededAt = new Float64Array(0)
  classMean = new Float64Array(0)
  group = new Int32Array(0)
  /** 1 while the proxy's machine holds a fault that a success would wipe. */
  #accused = new Uint8Array(0)
  #positions = new Map<number, number>()
  #numbers = new Map<string, number>()
  #free: number[] = []

  constructor(options: PosteriorOptions, breakers: Breakers) {
    this.evidence = new Evidence(options.fleetHalfLife, options.cap)
    this.breakers = breakers
  }

  get size(): number {
    return this.members.length
  }

  numberOf(id: string): number | undefined {
    return this.#numbers.get(id)
  }

  add(endpoint: ProxyEndpoint, limit: number, classMean: number | undefined): number {
    const number = this.#free.pop() ?? this.endpoints.length
    if (number >= this.limit.length) this.#grow(Math.max(16, number * 2))
    this.endpoints[number] = endpoint
    this.#numbers.set(endpoint.id, number)
    this.#positions.set(number, this.members.push(number) - 1)
    this.breakers.clear(number)
    this.evidence.clear(number)
    this.#accused[number] = 0
    this.#ramp[number] = 0
    this.inFlight[number] = 0
    this.limit[number] = limit
    this.uses[number] = 0
    this.bytes[number] = 0
    this.firstByte[number] = 0
    this.succeededAt[number] = Number.NEGATIVE_INFINITY
    this.classMean[number] = classMean ?? classPrior(endpoint.tags.class)
    this.group[number] = this.groups.join(endpoint.credentialGroup)
    return number
  }

  /** Takes a proxy out of the fleet; its row stays until its last permit is back. */
  drain(number: number): void {
    const endpoint = this.endpoints[number]
    const position = this.#positions.get(number)
    if (!endpoint || position === undefined) return
    this.#numbers.delete(endpoint.id)
    this.#positions.delete(number)
    const last = this.members.pop()!
    if (last !== number) {
      this.members[position] = last
      this.#positions.set(last, position)
    }
    if (this.inFlight[number] === 0) this.#recycle(number)
  }

  has(number: number): boolean {
    return this.#positions.has(number)
  }

  /** Whether it may take no more at the moment. */
  isFull(number: number): boolean {
    const ramp = this.#ramp[number]!
    return this.inFlight[number]! >= (ramp === 0 ? this.limit[number]! : Math.min(ramp, this.limit[number]!))
  }

  /** It is back from an open breaker: a thousand tasks may be waiting, and all at once would knock it over again. */
  comeBack(number: number): void {
    this.#ramp[number] = 2
  }

  /** A success over a proxy that is coming back. True when somebody who was refused may now be let in. */
  prove(number: number): boolean {
    const ramp = this.#ramp[number]!
    if (ramp === 0) return false
    this.#ramp[number] = ramp >= fullRamp ? 0 : ramp * 2
    return true
  }

  acquire(number: number): void {
    this.inFlight[number]!++
    this.uses[number]!++
    this.groups.acquire(this.group[number]!)
  }

  /** Gives a permit back. True when the proxy was full and is not any more. */
  release(number: number): boolean {
    const wasFull = this.isFull(number)
    this.inFlight[number]!--
    const groupFreed = this.groups.release(this.group[number]!)
    if (this.inFlight[number] === 0 && !this.#positions.has(number)) this.#recycle(number)
    return wasFull || groupFreed
  }

  /** Back from retirement, with a fresh request count. */
  readmit(number: number): void {
    this.uses[number] = 0
    this.breakers.send(number, { type: 'readmit' })
  }

  accuse(number: number): void {
    this.#accused[number] = 1
  }

  isAccused(number: number): boolean {
    return this.#accused[number] === 1
  }

  settleAccusation(number: number): void {
    this.#accused[number] = 0
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

  isClosed(number: number): boolean {
    return this.breakers.state[number] === closed
  }

  /** Any member, uniformly; undefined when there are none. */
  sample(random: Random): number | undefined {
    return this.members[pickIndex(random, this.members.length)]
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
    this.firstByte = grown(this.firstByte, rows)
    this.succeededAt = grown(this.succeededAt, rows)
    this.classMean = grown(this.classMean, rows)
    this.group = grown(this.group, rows)
    this.#accused = grown(this.#accused, rows)
    this.#ramp = grown(this.#ramp, rows)
  }
}
