import { type ProxyEvent, proxyMachine } from '../../machines/proxy.ts'
import { type Adopted, adopt, type Hub, release } from '../actors/adopt.ts'
import { compile } from '../actors/compile.ts'
import type { BreakerState } from '../contracts/events.ts'
import { type BreakerContext, type BreakerScope, initialBreaker, isSettled } from '../rules/breaker.ts'
import { grown } from './columns.ts'

/**
 * Many proxy machines, and the columns that mirror them. The machine is the authority; `#mirror` alone writes the row,
 * and the picker reads nothing but rows. A machine is adopted at its row's first event, so a proxy nobody used costs a
 * few bytes; when the owner goes idle, machines go back to rows with their context and come back at the next event.
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

export interface BreakerChange {
  readonly row: number
  readonly from: BreakerState
  readonly to: BreakerState
  readonly context: BreakerContext
}

const proxyLogic = compile(proxyMachine)

type ProxyActor = Adopted<typeof proxyMachine>

/** Where a machine stands: all that it takes to go on from there. */
export interface BreakerRecord {
  readonly state: BreakerState
  readonly context: BreakerContext
}

export class Breakers {
  state = new Uint8Array(0)
  openUntil = new Float64Array(0)
  probeUntil = new Float64Array(0)
  epoch = new Uint32Array(0)
  /** 1 while one more success would change nothing but weights. */
  settled = new Uint8Array(0)
  readonly #scope: BreakerScope
  readonly #hub: () => Hub
  readonly #nameOf: (row: number) => string
  readonly #changed: (change: BreakerChange) => void
  #actors: (ProxyActor | undefined)[] = []
  #asleep: (BreakerRecord | undefined)[] = []

  constructor(options: {
    scope: BreakerScope
    hub: () => Hub
    nameOf: (row: number) => string
    changed: (change: BreakerChange) => void
  }) {
    this.#scope = options.scope
    this.#hub = options.hub
    this.#nameOf = options.nameOf
    this.#changed = options.changed
  }

  grow(rows: number): void {
    if (rows <= this.state.length) return
    this.state = grown(this.state, rows)
    this.openUntil = grown(this.openUntil, rows)
    this.probeUntil = grown(this.probeUntil, rows)
    this.epoch = grown(this.epoch, rows)
    this.settled = grown(this.settled, rows)
  }

  /** Sends one event to the row's machine and mirrors what came of it. */
  send(row: number, event: ProxyEvent): void {
    const actor = this.#actors[row] ?? this.#wake(row)
    actor.send(event)
    const snapshot = actor.getSnapshot()
    this.#mirror(row, snapshot.value, snapshot.context)
  }

  contextOf(row: number): BreakerContext {
    return this.recordOf(row)?.context ?? initialBreaker(this.#scope)
  }

  /** Undefined for a machine that has heard nothing yet. */
  recordOf(row: number): BreakerRecord | undefined {
    const snapshot = this.#actors[row]?.getSnapshot()
    return snapshot ? { state: snapshot.value, context: snapshot.context } : this.#asleep[row]
  }

  /** Puts a row where another run left it; nobody is told, and no lease of before may move it. */
  restore(row: number, { state, context }: BreakerRecord): void {
    const epoch = this.epoch[row]! + 1
    this.clear(row)
    this.#asleep[row] = { state, context: { ...context, epoch } }
    this.#write(row, state, this.#asleep[row].context)
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
    this.settled[row] = 0
  }

  /** Stops every machine and keeps what it knew. */
  sleep(): void {
    this.#actors.forEach((actor, row) => {
      if (!actor) return
      this.#asleep[row] = this.recordOf(row)
      release(actor)
    })
    this.#actors = []
  }

  /** Live machines: for statistics and tests. */
  countAwake(): number {
    return this.#actors.reduce((sum, actor) => sum + (actor ? 1 : 0), 0)
  }

  #wake(row: number): ProxyActor {
    const saved = this.#asleep[row]
    this.#asleep[row] = undefined
    const { state: value, context } = saved ?? { state: 'closed', context: initialBreaker(this.#scope) }
    // Resolved here: an actor that is started inside another's action may not compute its context there.
    const snapshot = proxyMachine.resolveState({ value, context })
    const actor = adopt(this.#hub(), proxyLogic, this.#nameOf(row), context, snapshot)
    this.#actors[row] = actor
    return actor
  }

  #mirror(row: number, value: BreakerState, context: BreakerContext): void {
    const before = breakerStates[this.state[row]!]!
    this.#write(row, value, context)
    if (before !== value) this.#changed({ row, from: before, to: value, context })
  }

  #write(row: number, value: BreakerState, context: BreakerContext): void {
    this.openUntil[row] = context.openUntil
    this.probeUntil[row] = context.probeUntil
    this.epoch[row] = context.epoch
    this.settled[row] = value === 'closed' && isSettled(context) ? 1 : 0
    this.state[row] = breakerStates.indexOf(value)
  }
}
