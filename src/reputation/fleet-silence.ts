import type { Clock } from '../base/clock.ts'
import { counted } from '../base/format.ts'
import { Timer, type Wheel } from '../base/wheel.ts'
import type { ProxyEndpoint } from '../contracts/endpoint.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { Alert } from '../contracts/events.ts'
import { type FaultCause, isUnreadable, type Outcome } from '../contracts/outcome.ts'
import type { FleetTable } from './fleet-table.ts'

/**
 * Does anybody answer at all? A fleet that has answered once in this run and then falls silent is waited for: its
 * proxies come back. One that has never answered is more likely a wrong list, and its user should hear of that within
 * seconds. So the silence is told after eight seconds, and it is over for those who do not want to wait when every proxy
 * has been asked in vain, or after a minute. A crawler that goes out directly does not depend on proxies.
 */
const toldAfter = 8_000
const overAfter = 60_000

export interface FleetSilenceParts {
  readonly clock: Clock
  readonly wheel: Wheel
  readonly fleet: FleetTable
  alert(alert: Alert): void
  /** Whether a task is under way that may be sent. */
  isWanted(): boolean
}

export class FleetSilence {
  readonly #parts: FleetSilenceParts
  /** An answer has come in this run. */
  #isBroken = false
  /** Since the first request that found no answer, clock ms; undefined before it. */
  #since: number | undefined
  /** Proxies that were asked in vain, and how that ended last. */
  readonly #lost = new Map<number, string>()
  readonly #listeners = new Set<(error: RegattaError) => void>()
  readonly #toldTimer = new Timer(() => this.#tell())
  readonly #overTimer = new Timer(() => this.#endWait())

  constructor(parts: FleetSilenceParts) {
    this.#parts = parts
  }

  /** A request goes out over a proxy, or waits while there is none. */
  asked(endpoint?: ProxyEndpoint): void {
    if (this.#isBroken || this.#since !== undefined || endpoint?.protocol === 'direct') return
    const { clock, wheel } = this.#parts
    this.#since = clock.now()
    wheel.arm(this.#toldTimer, this.#since + toldAfter)
    wheel.arm(this.#overTimer, this.#since + overAfter)
  }

  /** What came of it. */
  observe(outcome: Outcome, proxy: number, { protocol }: ProxyEndpoint): void {
    if (this.#isBroken) return
    const { exchange, verdict } = outcome
    // What came and cannot be read is an answer all the same.
    const hasCome = exchange.kind === 'fault' && isUnreadable(exchange.cause)
    if (verdict.kind === 'neutral') return hasCome ? this.#break() : undefined
    if (!isSilence(outcome, protocol)) return this.#break()
    if (protocol === 'direct') return
    this.#lost.set(proxy, outcome.verdict.reason)
    const { fleet } = this.#parts
    if (this.#listeners.size === 0 || this.#lost.size < fleet.size) return
    if (fleet.members.every((member) => this.#lost.has(member))) this.#end()
  }

  /** `listener` hears once, when waiting has no more sense. Returns what takes it off. */
  onceOver(listener: (error: RegattaError) => void): () => void {
    // What was lost before anybody asked is not held against the list.
    if (this.#listeners.size === 0) this.#forget()
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #forget(): void {
    const { wheel } = this.#parts
    this.#since = undefined
    this.#lost.clear()
    wheel.disarm(this.#toldTimer)
    wheel.disarm(this.#overTimer)
  }

  #break(): void {
    this.#isBroken = true
    this.#forget()
  }

  #tell(): void {
    if (this.#goesOutDirectly()) return
    const message = `No proxy has answered in ${toldAfter / 1_000} s${this.#reasons()}.`
    this.#parts.alert({ code: 'NO_PROXY_ANSWERS', message })
  }

  /** While nothing is wanted, or all of it is held by a pause, a minute says nothing. */
  #endWait(): void {
    if (this.#goesOutDirectly()) return
    if (this.#parts.isWanted()) return this.#end()
    this.#since = undefined
  }

  #end(): void {
    const { clock, fleet } = this.#parts
    const total = fleet.size
    const ms = Math.round(clock.now() - (this.#since ?? clock.now()))
    const sentence =
      total === 0
        ? 'There is no proxy to go out through'
        : `None of the ${counted(total, 'proxy', 'proxies')} has answered${this.#reasons()}`
    const wayOut = 'To wait for them instead: keepTrying (--keep-trying)'
    const error = new RegattaError('NO_PROXY_ANSWERS', `${sentence}. ${wayOut}.`, {
      value: { proxies: total, asked: this.#lost.size, ms },
    })
    const listeners = [...this.#listeners]
    this.#listeners.clear()
    // Later: this may be in the middle of an outcome, and what hears of it may end the task that the outcome is of.
    clock.soon(() => {
      for (const listener of listeners) listener(error)
    })
  }

  /** ` (3 dial-refused, 1 dial-timeout)`, the most frequent first. */
  #reasons(): string {
    const counts = new Map<string, number>()
    for (const reason of this.#lost.values()) counts.set(reason, (counts.get(reason) ?? 0) + 1)
    if (counts.size === 0) return ''
    const parts = [...counts]
      .sort(([, one], [, other]) => other - one)
      .map(([reason, count]) => `${count} ${reason}`)
    return ` (${parts.slice(0, 4).join(', ')})`
  }

  #goesOutDirectly(): boolean {
    const { fleet } = this.#parts
    return fleet.members.some((member) => fleet.endpoints[member]?.protocol === 'direct')
  }
}

/** The proxy itself failed, or ended without a word: neither it nor anything behind it has answered. */
function isSilence({ exchange, verdict }: Outcome, protocol: ProxyEndpoint['protocol']): boolean {
  if (verdict.kind === 'dead') return true
  if (verdict.kind !== 'transient' || exchange.kind !== 'fault') return false
  const { phase, cause, verified, firstByteMs } = exchange
  // Plain HTTP that a proxy should forward goes out without a handshake.
  if (phase === 'headers') return protocol.startsWith('http') && !verified && firstByteMs === undefined
  return (phase === 'dial' || phase === 'handshake') && mute.has(cause)
}

const mute: ReadonlySet<FaultCause> = new Set([
  'dial-timeout',
  'dial-reset',
  'handshake-timeout',
  'handshake-closed',
  'total-timeout',
])
