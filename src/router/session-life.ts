import type { Cookies } from '../contracts/cookies.ts'
import type { SessionPass } from '../contracts/source-session.ts'
import { CookieJar } from './cookie-jar.ts'

/**
 * One life of a session: from its first request to its end it leaves through one proxy, with one jar of cookies. The
 * first lease binds it. As long as no request of it has left for a host, nobody has seen it and it may still move; after
 * that it stays or it is lost, because half a session on each of two addresses is worth nothing.
 */
/** Told which proxy a life has, and which it has no more. */
export type Moved = (from: number | undefined, to: number | undefined) => void

/** Hosts of one life that are remembered: one that wanders from site to site must not keep them all. */
const mostHosts = 64

export class SessionLife {
  /** What its requests are sent with beside their own: a token, a crumb. */
  pass: SessionPass | undefined
  /** Nothing leaves in it from this moment on, clock ms. */
  expiresAt = Number.POSITIVE_INFINITY
  /** A proxy that it takes only when there is no other. */
  avoided: number | undefined
  /** Clock ms. */
  usedAt: number
  /** A request of it has left for a host. */
  hasLeft = false
  /** A host has given it an answer. */
  hasAnswered = false
  /** Somebody ends it by hand; otherwise it expires, and a request after its loss was told begins another. */
  isOwned = false
  /** Why it cannot go on; undefined while it can. */
  loss: string | undefined
  /** One that asked has been told of its loss. */
  isTold = false
  /** Hosts that it has asked, the first of them. */
  readonly hosts = new Set<string>()
  readonly #wall: () => number
  readonly #moved: Moved
  #proxy: number | undefined
  #isRetired = false
  #cookies: Cookies | undefined

  constructor(usedAt: number, wall: () => number, moved: Moved) {
    this.usedAt = usedAt
    this.#wall = wall
    this.#moved = moved
  }

  /** Its proxy's number; undefined before its first lease. */
  get proxy(): number | undefined {
    return this.#proxy
  }

  set proxy(proxy: number | undefined) {
    if (proxy === this.#proxy) return
    if (!this.#isRetired) this.#moved(this.#proxy, proxy)
    this.#proxy = proxy
  }

  /** It is over: its proxy is free for others. What is still under way in it keeps its exit. */
  retire(): void {
    if (!this.#isRetired) this.#moved(this.#proxy, undefined)
    this.#isRetired = true
  }

  get cookies(): Cookies {
    this.#cookies ??= new CookieJar(this.#wall)
    return this.#cookies
  }

  /** A request of it is for this host. */
  visits(host: string): void {
    if (this.hosts.size < mostHosts) this.hosts.add(host)
  }

  bind(proxy: number): void {
    this.proxy ??= proxy
  }

  /** A request is about to leave through this proxy. False when it must not: the life is lost, or lives elsewhere. */
  leaves(proxy: number): boolean {
    if (this.loss !== undefined || this.proxy !== proxy) return false
    this.hasLeft = true
    return true
  }

  /** This proxy will not do. A life that nobody has seen yet moves to another; otherwise it is lost. */
  fails(proxy: number, why: string): void {
    if (this.proxy !== proxy) return
    if (this.hasLeft) this.loss ??= why
    else this.proxy = undefined
  }
}
