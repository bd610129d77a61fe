import { hash } from 'node:crypto'
import type { Clock } from '../base/clock.ts'

/**
 * Which proxy a session leaves through. A session is bound to the proxy of its first request, stays with it (cookies and
 * tokens are often bound to the address) and ends when that proxy cannot go on; then it is started again from its first
 * request, on another proxy, because half a session on each of two addresses is worth nothing. Idle sessions expire.
 */
const idleLimit = 300_000
const sweepSize = 512

/** A try of `crawler.session()`. Its number begins at one in every process, so a name of another run means nothing here. */
const ofTry = /^session-\d+#\d+$/

interface Binding {
  readonly proxy: number
  readonly usedAt: number
}

/** `usedAt` in clock ms. */
export interface SavedSession extends Binding {
  readonly digest: string
}

export class Sessions {
  readonly #clock: Clock
  readonly #bound = new Map<string, Binding>()
  /** Of another run, by digest, until their first request in this one. */
  readonly #remembered = new Map<string, Binding>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#bound.size
  }

  /** The proxy's number, or undefined when the session is new, expired or ended. */
  proxyOf(session: string | undefined): number | undefined {
    if (session === undefined) return undefined
    const entry = this.#bound.get(session) ?? this.#recall(session)
    if (!entry) return undefined
    if (this.#clock.now() - entry.usedAt <= idleLimit) return entry.proxy
    this.#bound.delete(session)
    return undefined
  }

  /** The live bindings; of the key only a digest leaves the process, for it may name an account. */
  *toSaved(): Generator<SavedSession> {
    const now = this.#clock.now()
    for (const [session, { proxy, usedAt }] of this.#bound) {
      if (now - usedAt <= idleLimit && !ofTry.test(session))
        yield { digest: digestOf(session), proxy, usedAt }
    }
    for (const [digest, { proxy, usedAt }] of this.#remembered) {
      if (now - usedAt <= idleLimit) yield { digest, proxy, usedAt }
    }
  }

  /** A binding of another run, known by the digest of its key. */
  restore({ digest, proxy, usedAt }: SavedSession): void {
    this.#remembered.set(digest, { proxy, usedAt })
  }

  bind(session: string, proxy: number): void {
    this.#bound.delete(session)
    this.#bound.set(session, { proxy, usedAt: this.#clock.now() })
    if (this.#bound.size > sweepSize) this.#sweep()
  }

  end(session: string | undefined): void {
    if (session === undefined) return
    this.#bound.delete(session)
    if (this.#remembered.size > 0) this.#remembered.delete(digestOf(session))
  }

  /** A proxy left: its sessions are over. */
  endAllOf(proxy: number): void {
    for (const bindings of [this.#bound, this.#remembered]) {
      for (const [session, entry] of bindings) if (entry.proxy === proxy) bindings.delete(session)
    }
  }

  #recall(session: string): Binding | undefined {
    if (this.#remembered.size === 0 || ofTry.test(session)) return undefined
    const digest = digestOf(session)
    const entry = this.#remembered.get(digest)
    if (!entry) return undefined
    this.#remembered.delete(digest)
    this.#bound.set(session, entry)
    return entry
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

function digestOf(session: string): string {
  return hash('sha256', session).slice(0, 16)
}
