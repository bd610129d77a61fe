import { type PoolContext, type PoolEvent, poolMachine } from '../../machines/pool.ts'
import { type Adopted, adopt, type Hub, openHub, release } from '../actors/adopt.ts'
import type { HostState, PoolState } from '../contracts/events.ts'

/**
 * A pool's machine with the hub it lives under, and what its owner reads of it all the time. Both are there only while
 * something happens at the host: a host that nobody visits keeps one small snapshot.
 */
export class HostChart {
  /** Mirrors of the machine. */
  state: PoolState = 'serving'
  until = 0
  reason = ''
  readonly #host: string
  readonly #parent: Hub
  readonly #changed: (change: HostState) => void
  #hub: Hub | undefined
  #actor: Adopted<typeof poolMachine> | undefined
  #asleep: ReturnType<typeof snapshotOf> | undefined

  constructor(host: string, parent: Hub, changed: (change: HostState) => void) {
    this.#host = host
    this.#parent = parent
    this.#changed = changed
  }

  /** Under which the host's machines live. */
  hub(): Hub {
    this.#hub ??= openHub(this.#host, this.#parent)
    return this.#hub
  }

  get isAwake(): boolean {
    return this.#hub !== undefined
  }

  send(event: PoolEvent): void {
    const actor = this.#awake()
    actor.send(event)
    const { value, context } = actor.getSnapshot()
    this.until = context.until
    this.reason = context.reason
    if (value === this.state) return
    const from = this.state
    this.state = value
    const reason = context.reason || event.type
    this.#changed({ host: this.#host, from, to: value, reason, until: this.until || undefined })
  }

  /** Stops the machine and its hub; what they know stays. */
  sleep(): void {
    if (this.#actor) {
      const { value, context } = this.#actor.getSnapshot()
      this.#asleep = snapshotOf(value, context)
      release(this.#actor)
      this.#actor = undefined
    }
    if (this.#hub) release(this.#hub)
    this.#hub = undefined
  }

  /** Puts a machine that has not run yet where another run left it; nobody is told. */
  restore(state: PoolState, until: number, reason: string, canaries: number): void {
    this.#asleep = snapshotOf(state, { host: this.#host, reason, until, canaries })
    this.state = state
    this.until = until
    this.reason = reason
  }

  #awake(): Adopted<typeof poolMachine> {
    if (this.#actor) return this.#actor
    // Made beforehand: an actor that is started inside another's action may not compute it there.
    const begin = { host: this.#host, reason: '', until: 0, canaries: 0 }
    const snapshot = this.#asleep ?? snapshotOf('serving', begin)
    this.#asleep = undefined
    this.#actor = adopt(this.hub(), poolMachine, 'pool', { host: this.#host }, snapshot)
    return this.#actor
  }
}

function snapshotOf(value: PoolState, context: PoolContext) {
  return poolMachine.resolveState({ value, context })
}
