import { type PoolContext, type PoolEvent, type PoolPort, poolMachine } from '../../machines/pool.ts'
import { type Adopted, adopt, compile, type Hub, release, tell } from '../actors/adopt.ts'
import type { HostState, PoolState } from '../contracts/events.ts'
import type { Applicant } from '../contracts/lease.ts'

/**
 * A pool's machine, and what its owner reads of it all the time. The machine lives while the pool is awake: a host that
 * nobody visits keeps one small snapshot.
 */
export class HostChart {
  /** Mirrors of the machine. */
  state: PoolState = 'serving'
  until = 0
  reason = ''
  readonly #host: string
  readonly #parent: Hub
  readonly #port: PoolPort
  readonly #changed: (change: HostState) => void
  #actor: Adopted<typeof poolMachine> | undefined

  constructor(host: string, parent: Hub, port: PoolPort, changed: (change: HostState) => void) {
    this.#host = host
    this.#parent = parent
    this.#port = port
    this.#changed = changed
  }

  /** The host's view of its proxies lives under it; undefined while it is asleep. */
  get actor(): Hub | undefined {
    return this.#actor
  }

  get isAwake(): boolean {
    return this.#actor !== undefined
  }

  /** The machine lives from now on, where it stood. */
  wake(): void {
    if (this.#actor) return
    const context: PoolContext = {
      host: this.#host,
      reason: this.reason,
      until: this.until,
      port: this.#port,
    }
    // Resolved here: an actor that is started inside another's action may not compute its context there.
    const snapshot = poolMachine.resolveState({ value: this.state, context })
    this.#actor = adopt(this.#parent, poolLogic, this.#host, { host: this.#host, port: this.#port }, snapshot)
  }

  /** Stops the machine; the mirrors keep what it knew. */
  sleep(): void {
    if (this.#actor) release(this.#actor)
    this.#actor = undefined
  }

  /** A machine that is asleep hears nothing. */
  send(event: PoolEvent, source?: object): void {
    const actor = this.#actor
    if (!actor) return
    tell(source ?? this.#parent, actor, event)
    const { value, context } = actor.getSnapshot()
    this.until = context.until
    this.reason = context.reason
    if (value === this.state) return
    const from = this.state
    this.state = value
    const reason = context.reason || event.type
    this.#changed({ host: this.#host, from, to: value, reason, until: this.until || undefined })
  }

  /** Puts the machine where another run left it; no listener is told. */
  restore(state: PoolState, until: number, reason: string): void {
    const wasAwake = this.isAwake
    this.sleep()
    this.state = state
    this.until = until
    this.reason = reason
    if (wasAwake) this.wake()
  }
}

const poolLogic = compile(poolMachine)

/** Whose desk it is. */
export interface DeskOwner {
  readonly inFlight: number
  readonly waiting: { readonly size: number }
  /** The applicant may have a lease. */
  admit(applicant: Applicant): void
  /** There will be no lease any more for those who wait. */
  dismiss(): void
}

/**
 * Where a pool's chart hands over what it has decided about an applicant. It has no fields that can be listed, because it
 * stands in the chart's context: xstate looks through the fields of a context that it restores, and an inspector prints
 * them.
 */
export class Desk implements PoolPort {
  readonly #owner: DeskOwner

  constructor(owner: DeskOwner) {
    this.#owner = owner
  }

  offer(applicant: Applicant): void {
    this.#owner.admit(applicant)
  }

  refuse(applicant: Applicant): void {
    applicant.refused({ reason: 'stopped', until: undefined })
  }

  dismiss(): void {
    this.#owner.dismiss()
  }

  toJSON(): object {
    const { inFlight, waiting } = this.#owner
    return { inFlight, waiting: waiting.size }
  }
}
