import { type ProxyEvent, proxyMachine } from '../../machines/proxy.ts'
import { type Adopted, adopt, compile, type Hub, release, tell } from '../actors/adopt.ts'
import type { Random } from '../base/random.ts'
import type { BreakerState } from '../contracts/events.ts'
import type { BreakerOptions } from '../options/options.ts'
import { type BreakerContext, type BreakerScope, initialBreaker } from '../rules/breaker.ts'
import { grown } from './columns.ts'
import type { Weights } from './posterior.ts'

/**
 * Many proxy machines, and the columns that mirror them. The machine is the authority; `#mirror` alone writes the row,
 * and the picker reads nothing but rows. The owner says when a machine begins to live (a proxy joins the fleet, a pair is
 * used for the first time) and when it goes back to a row; a row keeps its context and goes on from there.
 *
 * A success of a closed proxy changes counts that only the next failure asks for, so it is told together with others,
 * before any other event of its machine. An observer is never shown less: `settle` tells the rest.
 */
export const breakerStates = [
  'closed',
  'open',
  'halfOpen',
  'isolated',
  'retired',
] as const satisfies BreakerState[]
export const closed = 0
export const open = 1
export const halfOpen = 2
export const retired = 4

/** So many successes of a closed proxy are told in one event, at most. */
const successesInBulk = 16

export interface BreakerChange {
  readonly row: number
  readonly from: BreakerState
  readonly to: BreakerState
  readonly context: BreakerContext
}

/** The fleet, or what is known of one host. */
export interface BreakersOwner {
  /** The actor that the machines live under; undefined when all has ended, and then nothing is heard. */
  readonly home: Hub | undefined
  nameOf(row: number): string
  /** The posterior that is sampled for this row, at `now`. The object is used again. */
  weigh(row: number, now: number): Weights
  /** A machine has changed its state, and its row says so already. */
  breakerChanged(change: BreakerChange): void
}

/** Where a machine stands: all that it takes to go on from there. */
export interface BreakerRecord {
  readonly state: BreakerState
  readonly context: BreakerContext
}

const proxyLogic = compile(proxyMachine)

type ProxyActor = Adopted<typeof proxyMachine>

export class Breakers {
  state = new Uint8Array(0)
  openUntil = new Float64Array(0)
  probeUntil = new Float64Array(0)
  epoch = new Uint32Array(0)
  /** Successes that the machine has not been told of. */
  untold = new Uint8Array(0)
  readonly #scope: BreakerScope
  readonly #owner: BreakersOwner
  readonly #options: BreakerOptions
  readonly #random: Random
  #actors: (ProxyActor | undefined)[] = []
  #asleep: (BreakerRecord | undefined)[] = []
  /** Clock ms of the latest success of any row. */
  #now = 0

  constructor(scope: BreakerScope, owner: BreakersOwner, options: BreakerOptions, random: Random) {
    this.#scope = scope
    this.#owner = owner
    this.#options = options
    this.#random = random
  }

  grow(rows: number): void {
    if (rows <= this.state.length) return
    this.state = grown(this.state, rows)
    this.openUntil = grown(this.openUntil, rows)
    this.probeUntil = grown(this.probeUntil, rows)
    this.epoch = grown(this.epoch, rows)
    this.untold = grown(this.untold, rows)
  }

  /** The row's machine lives from now on. Harmless when it does already. */
  adopt(row: number): void {
    if (this.#actors[row] === undefined) this.#wake(row)
  }

  /** The row's machine stops; the row keeps what it knew. */
  rest(row: number): void {
    const actor = this.#actors[row]
    if (!actor) return
    this.#asleep[row] = this.recordOf(row)
    release(actor)
    this.#actors[row] = undefined
  }

  /** Stops every machine. */
  sleep(): void {
    for (let row = 0; row < this.#actors.length; row++) this.rest(row)
    this.#actors = []
  }

  /** Sends one event to the row's machine and mirrors what came of it. */
  send(row: number, event: ProxyEvent, source?: object): void {
    this.settle(row)
    this.#tell(row, event, source)
  }

  /** A good answer. One that cannot change the state of the machine waits for others. */
  credit(row: number, epoch: number, now: number, slow: boolean, source?: object): void {
    this.#now = now
    if (this.state[row] === closed && this.epoch[row] === epoch && !slow) {
      if (++this.untold[row]! >= successesInBulk) this.settle(row, now, source)
      return
    }
    this.settle(row, now, source)
    this.#tellSuccess(row, epoch, 1, slow, now, source)
  }

  /** Tells the machine of the successes that it has not heard of. */
  settle(row: number, now = this.#now, source?: object): void {
    const times = this.untold[row]!
    if (times === 0) return
    this.untold[row] = 0
    this.#tellSuccess(row, this.epoch[row]!, times, false, now, source)
  }

  /** An observer looks: every machine that lives knows of all its successes, and its weights are those of `now`. */
  settleAll(now: number): void {
    for (const [row, actor] of this.#actors.entries()) {
      if (!actor) continue
      this.settle(row, now)
      const { alpha, beta } = this.#owner.weigh(row, now)
      const { context } = actor.getSnapshot()
      if (context.alpha !== alpha || context.beta !== beta) this.#tell(row, { type: 'weighed', alpha, beta })
    }
  }

  /** Asks a half-open machine for the one permit of its probe. False when another probe holds it. */
  leaseProbe(row: number, at: number, expires: number, source?: object): boolean {
    const before = this.probeUntil[row]
    this.send(row, { type: 'probe.leased', at, expires }, source)
    return this.probeUntil[row] !== before
  }

  contextOf(row: number): BreakerContext {
    return this.recordOf(row)?.context ?? initialBreaker(this.#scope)
  }

  /** Undefined for a row whose machine has never lived. Tells it first what it has not heard of. */
  recordOf(row: number): BreakerRecord | undefined {
    this.settle(row)
    const snapshot = this.#actors[row]?.getSnapshot()
    return snapshot ? { state: snapshot.value, context: snapshot.context } : this.#asleep[row]
  }

  /** Puts a row where another run left it; no listener is told, and no lease of before may move it. */
  restore(row: number, { state, context }: BreakerRecord): void {
    const epoch = this.epoch[row]! + 1
    const isAlive = this.#actors[row] !== undefined
    this.clear(row)
    this.#asleep[row] = { state, context: { ...context, epoch } }
    this.#write(row, state, this.#asleep[row].context)
    if (isAlive) this.#wake(row)
  }

  /** Starts afresh for another proxy in the same row. */
  clear(row: number): void {
    const actor = this.#actors[row]
    if (actor) release(actor)
    this.#actors[row] = undefined
    this.#asleep[row] = undefined
    this.state[row] = closed
    this.openUntil[row] = 0
    this.probeUntil[row] = 0
    this.epoch[row] = 0
    this.untold[row] = 0
  }

  /** Live machines: for statistics and tests. */
  countAwake(): number {
    return this.#actors.reduce((sum, actor) => sum + (actor ? 1 : 0), 0)
  }

  #tellSuccess(
    row: number,
    epoch: number,
    times: number,
    slow: boolean,
    now: number,
    source: object | undefined,
  ): void {
    const { alpha, beta } = this.#owner.weigh(row, now)
    const options = this.#options
    const jitter = slow ? this.#random() : 0
    const event = { type: 'succeeded', at: now, epoch, times, slow, alpha, beta, options, jitter } as const
    this.#tell(row, event, source)
  }

  #tell(row: number, event: ProxyEvent, source?: object): void {
    const actor = this.#actors[row] ?? this.#wake(row)
    if (!actor) return
    // What no task caused comes from the owner: a cooldown that is over, a probe that is let out.
    tell(source ?? this.#owner.home!, actor, event)
    const snapshot = actor.getSnapshot()
    this.#mirror(row, snapshot.value, snapshot.context)
  }

  #wake(row: number): ProxyActor | undefined {
    const { home } = this.#owner
    if (!home) return undefined
    const saved = this.#asleep[row]
    this.#asleep[row] = undefined
    const { alpha, beta } = this.#owner.weigh(row, this.#now)
    const context = { ...(saved?.context ?? initialBreaker(this.#scope)), alpha, beta }
    // Resolved here: an actor that is started inside another's action may not compute its context there.
    const snapshot = proxyMachine.resolveState({ value: saved?.state ?? 'closed', context })
    const actor = adopt(home, proxyLogic, this.#owner.nameOf(row), context, snapshot)
    this.#actors[row] = actor
    return actor
  }

  #mirror(row: number, value: BreakerState, context: BreakerContext): void {
    const before = breakerStates[this.state[row]!]!
    this.#write(row, value, context)
    if (before !== value) this.#owner.breakerChanged({ row, from: before, to: value, context })
  }

  #write(row: number, value: BreakerState, context: BreakerContext): void {
    this.openUntil[row] = context.openUntil
    this.probeUntil[row] = context.probeUntil
    this.epoch[row] = context.epoch
    this.state[row] = breakerStates.indexOf(value)
  }
}
