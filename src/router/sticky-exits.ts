import { getDomain } from 'tldts'
import type { Clock } from '../base/clock.ts'
import type { StickyOptions } from '../options/options.ts'

/**
 * The exit that requests without a session stay with, by host or by registrable domain: until it fails, or its time is over. It is less than a
 * session: no cookies are kept, and a request whose exit fails goes on over another one, which is the exit of the next ones.
 */
interface Binding {
  readonly proxy: number
  /** Clock ms. */
  readonly until: number
}

/** Bindings that are kept; the oldest go first. */
const mostKept = 10_000

export class StickyExits {
  readonly #clock: Clock
  readonly #bindings = new Map<string, Binding>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The proxy's number; undefined where none is bound, or not any more. */
  of(host: string, sticky: StickyOptions): number | undefined {
    const key = keyOf(host, sticky)
    const binding = this.#bindings.get(key)
    if (!binding) return undefined
    if (this.#clock.now() < binding.until) return binding.proxy
    this.#bindings.delete(key)
    return undefined
  }

  /** A request is about to leave through this proxy. Where another one is bound, that stays. */
  bind(host: string, sticky: StickyOptions, proxy: number): void {
    if (this.of(host, sticky) !== undefined) return
    this.#bindings.set(keyOf(host, sticky), { proxy, until: this.#clock.now() + sticky.ttl })
    if (this.#bindings.size > mostKept) this.#bindings.delete(this.#bindings.keys().next().value!)
  }

  /** It has failed here. */
  lose(host: string, sticky: StickyOptions, proxy: number): void {
    const key = keyOf(host, sticky)
    if (this.#bindings.get(key)?.proxy === proxy) this.#bindings.delete(key)
  }
}

function keyOf(host: string, { by }: StickyOptions): string {
  return by === 'host' ? host : (getDomain(host) ?? host)
}
