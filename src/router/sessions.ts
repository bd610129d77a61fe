import { hash } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { SessionLife } from './session-life.ts'

/**
 * The sessions and the proxy that each of them leaves through. A session that lost its proxy is told so, once to each that
 * asks: its owner begins another life, from the first request. One without an owner (`fetch` with a name) expires when it
 * idles, and when one request has been told of its loss, the next begins anew.
 */
const idleLimit = 300_000
const sweepSize = 512
/** Ends of sessions that are remembered: one that an owner has ended does not begin again by a late request. */
const mostEnded = 10_000

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
  readonly #owned = new Map<string, SessionLife>()
  /** In the order of their last use. */
  readonly #others = new Map<string, SessionLife>()
  readonly #ended = new Set<string>()
  /** Of another run, by digest, until their first request in this one. */
  readonly #remembered = new Map<string, Binding & { readonly loss?: string }>()

  /** Lives on each proxy. */
  readonly #tenants = new Map<number, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether no session lives on this proxy: one that begins takes such a one first, so that no two share the pace of one exit. */
  readonly isFree = (proxy: number): boolean => !this.#tenants.has(proxy)

  get size(): number {
    return this.#owned.size + this.#others.size
  }

  /** Those that can go on: neither ended, nor lost, nor idle for too long. */
  *living(): Generator<SessionLife> {
    const now = this.#clock.now()
    for (const life of this.#owned.values()) if (life.loss === undefined) yield life
    for (const life of this.#others.values()) {
      if (life.loss === undefined && now - life.usedAt <= idleLimit) yield life
    }
  }

  /** The life that a request of this session belongs to, begun now where there is none. */
  enter(session: string): SessionLife {
    const now = this.#clock.now()
    if (this.#ended.has(session)) return this.#overLife()
    const life = this.#find(session) ?? this.#recall(session) ?? this.#newLife()
    life.usedAt = now
    if (life.isOwned) return life
    this.#others.delete(session)
    this.#others.set(session, life)
    if (this.#others.size > sweepSize) this.#sweep()
    return life
  }

  /**
   * A life that lasts until `end`, lost or not. It goes on where another run left this session, unless it is to be `fresh`. `exit`: the
   * proxy that it leaves through while that can; `avoided`: one that it takes only when there is no other.
   */
  begin(
    session: string,
    { fresh, exit, avoided }: { fresh: boolean; exit?: number | undefined; avoided?: number | undefined },
  ): SessionLife {
    if (fresh) this.#forget(session)
    this.#ended.delete(session)
    const life = this.#find(session) ?? this.#recall(session) ?? this.#newLife()
    life.proxy ??= exit
    life.avoided = avoided
    life.isOwned = true
    this.#others.delete(session)
    this.#owned.set(session, life)
    return life
  }

  /** Its owner goes, and the session may go on: it expires when nobody uses it. */
  leave(session: string): void {
    const life = this.#owned.get(session)
    if (!life) return
    this.#owned.delete(session)
    life.isOwned = false
    life.usedAt = this.#clock.now()
    this.#others.set(session, life)
  }

  /** The proxy's number, or undefined when the session is new, expired, lost or ended. */
  proxyOf(session: string | undefined): number | undefined {
    if (session === undefined) return undefined
    const life = this.#find(session) ?? this.#recall(session)
    return life?.loss === undefined ? life?.proxy : undefined
  }

  /** Those that live; of the key only a digest leaves the process, for it may name an account. */
  *toSaved(): Generator<SavedSession> {
    const now = this.#clock.now()
    for (const [session, { proxy, usedAt, loss }] of [...this.#owned, ...this.#others]) {
      if (proxy === undefined || loss !== undefined || now - usedAt > idleLimit) continue
      if (!ofTry.test(session)) yield { digest: digestOf(session), proxy, usedAt }
    }
    for (const [digest, { proxy, usedAt, loss }] of this.#remembered) {
      if (loss === undefined && now - usedAt <= idleLimit) yield { digest, proxy, usedAt }
    }
  }

  /** A binding of another run, known by the digest of its key. */
  restore({ digest, proxy, usedAt }: SavedSession): void {
    this.#remembered.set(digest, { proxy, usedAt })
  }

  end(session: string | undefined): void {
    if (session === undefined) return
    if (this.#owned.has(session)) this.#ended.add(session)
    if (this.#ended.size > mostEnded) this.#ended.delete(this.#ended.values().next().value!)
    this.#forget(session)
  }

  #forget(session: string): void {
    const life = this.#owned.get(session) ?? this.#others.get(session)
    life?.retire()
    this.#owned.delete(session)
    this.#others.delete(session)
    if (this.#remembered.size > 0) this.#remembered.delete(digestOf(session))
  }

  /** A proxy cannot be used any more: its sessions are lost. */
  loseAllOf(proxy: number, why: string): void {
    for (const lives of [this.#owned, this.#others]) for (const life of lives.values()) life.fails(proxy, why)
    for (const [digest, entry] of this.#remembered) {
      if (entry.proxy === proxy) this.#remembered.set(digest, { ...entry, loss: why })
    }
  }

  /** Undefined for one that has expired, or whose loss its user knows. */
  #find(session: string): SessionLife | undefined {
    const life = this.#owned.get(session) ?? this.#others.get(session)
    if (!life || life.isOwned) return life
    const isOver = life.isTold || this.#clock.now() - life.usedAt > idleLimit
    if (!isOver) return life
    life.retire()
    this.#others.delete(session)
    return undefined
  }

  #recall(session: string): SessionLife | undefined {
    if (this.#remembered.size === 0 || ofTry.test(session)) return undefined
    const digest = digestOf(session)
    const entry = this.#remembered.get(digest)
    if (!entry) return undefined
    this.#remembered.delete(digest)
    if (this.#clock.now() - entry.usedAt > idleLimit) return undefined
    const life = this.#newLife()
    life.proxy = entry.proxy
    life.loss = entry.loss
    life.hasLeft = true
    life.hasAnswered = true
    this.#others.set(session, life)
    return life
  }

  #countTenants(proxy: number, change: 1 | -1): void {
    const count = (this.#tenants.get(proxy) ?? 0) + change
    if (count > 0) this.#tenants.set(proxy, count)
    else this.#tenants.delete(proxy)
  }

  #overLife(): SessionLife {
    const life = this.#newLife()
    life.loss = 'it has ended'
    life.isOwned = true
    return life
  }

  #newLife(): SessionLife {
    const wall = () => this.#clock.wall()
    return new SessionLife(this.#clock.now(), wall, (from, to) => {
      if (from !== undefined) this.#countTenants(from, -1)
      if (to !== undefined) this.#countTenants(to, 1)
    })
  }

  /** The map is in order of use, so the expired ones come first. */
  #sweep(): void {
    const now = this.#clock.now()
    for (const [session, life] of this.#others) {
      if (now - life.usedAt <= idleLimit) return
      life.retire()
      this.#others.delete(session)
    }
  }
}

function digestOf(session: string): string {
  return hash('sha256', session).slice(0, 16)
}
