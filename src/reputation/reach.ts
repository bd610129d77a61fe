import type { Exchange } from '../contracts/outcome.ts'

/**
 * Is there anybody at this address? Asked of a host that has not answered once in this run: a server that is not running
 * is told by every exit, and nobody should wait a minute to hear so. One exit may be wrong, and a list of bad proxies is
 * wrong in chorus, so an exit that has lately worked elsewhere says more than one that never has, and "the host refuses"
 * says more than "something went wrong". Where there are few exits, all of them are enough, asked again after a pause.
 */
const enoughInAll = 5
const enoughExits = 5
/** What the user should hear of: three exits that name the host, or all there are. */
const enoughToTell = 1.5
/** After so long the exits need not be good witnesses any more, ms. */
const patience = 12_000
/** Between the first word and the last one, where all exits have spoken, ms. */
const leastSpan = 1_000

/** What names the host, and not the way to it. */
const names: ReadonlySet<string> = new Set([
  'dial-refused',
  'dial-unreachable',
  'host-not-found',
  'connect-target',
  'proxy-unreachable-target',
  'socks-connection-refused',
  'socks-host-unreachable',
  'socks-network-unreachable',
])

/** It may not have got as far as the host. One that is silent, or stops in the middle, has been reached. */
export function fellShort(exchange: Exchange): boolean {
  if (exchange.kind === 'response') return exchange.forwarded
  const { phase, cause } = exchange
  return phase === 'dial' || phase === 'handshake' || phase === 'tls' || cause === 'reset'
}

export class Reach {
  /** What each exit's word is worth, once for each. */
  readonly #said = new Map<number, number>()
  #weight = 0
  #times = 0
  #since = 0
  #last = 0

  /** An exit did not get as far as the host. `isGoodWitness`: it has lately worked elsewhere. */
  failed(exit: number, reason: string, isGoodWitness: boolean, now: number): void {
    if (this.#times === 0) this.#since = now
    this.#times++
    this.#last = now
    const weight = (isGoodWitness ? 1 : 0.5) * (names.has(reason) ? 1 : 0.5)
    const before = this.#said.get(exit) ?? 0
    if (weight <= before) return
    this.#said.set(exit, weight)
    this.#weight += weight - before
  }

  /** Something came from the host. */
  reached(): void {
    if (this.#times === 0) return
    this.#said.clear()
    this.#weight = 0
    this.#times = 0
  }

  /** Exits that have spoken. */
  get exits(): number {
    return this.#said.size
  }

  has(exit: number): boolean {
    return this.#said.has(exit)
  }

  /** Whether the user should know. */
  isDoubtful(fleetSize: number): boolean {
    return this.#weight >= enoughToTell || this.#said.size >= fleetSize
  }

  /** Whether nobody is there. `isAll`: whether every usable exit has spoken. */
  isLost(isAll: () => boolean): boolean {
    if (this.#weight >= enoughInAll) return true
    const span = this.#last - this.#since
    if (this.#times >= 2 && span >= leastSpan && isAll()) return true
    return this.#said.size >= enoughExits && span >= patience
  }
}
