import type { Clock } from '../clock.ts'

/**
 * Which proxy a session leaves through. A session is bound to the proxy of its first request, stays with it (cookies and
 * tokens are often bound to the address) and ends when that proxy cannot go on; then it is started again from its first
 * request, on another proxy, because half a session on each of two addresses is worth nothing. Idle sessions expire.
 */
const idleLimit = 300_000
const sweepSize = 512

export class Sessions {
  readonly #clock: Clock
  readonly #bound = new Map<string, { proxy: number; usedAt: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#bound.size
  }

  /** The proxy's number, or undefined when the session is new, expired or ended. */
  proxyOf(session: string | undefined): number | undefined {
    if (session === undefined) return undefined
    const entry = this.#bound.get(session)
    if (!entry) return undefined
    if (this.#clock.now() - entry.usedAt <= idleLimit) return entry.proxy
    this.#bound.delete(session)
    return undefined
  }

  bind(session: string, proxy: number): void {
    this.#bound.delete(session)
    this.#bound.set(session, { proxy, usedAt: this.#clock.now() })
    if (this.#bound.size > sweepSize) this.#sweep()
  }

  end(session: string | undefined): void {
    if (session !== undefined) this.#bound.delete(session)
  }

  /** A proxy left: its sessions are over. */
  endAllOf(proxy: number): void {
    for (const [session, entry] of this.#bound) if (entry.proxy === proxy) this.#bound.delete(session)
  }

  /** The map is in order of use, so the expired ones come first. */
  #sweep(): void {
    const now = this.#clock.now()
    for (const [session, entry] of this.#bound) {
      if (now - entry.usedAt <= idleLimit) return
      this.#bound.delete(session)
    }
  }
}
