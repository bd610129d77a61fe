import type { Agent } from 'node:https'
import type { Cookies } from './cookies.ts'
import type { ProxyEndpoint } from './endpoint.ts'
import type { Verdict } from './outcome.ts'
import type { ProxyUse } from './proxy-filter.ts'

/** How a proxy for a client of one's own is chosen, and how long it is held. */
export interface LeaseOptions {
  /** Milliseconds from the grant; then it ends, neutrally. Default 300,000 (5 min). */
  readonly expiresMs?: number | undefined
  /** Ends the wait for it. Default: none. */
  readonly signal?: AbortSignal | undefined
  /**
   * The name of a session, or the `key` of one: the lease goes over its exit, binds it where it has none yet, and shows its cookies. Rejects with
   * SESSION_LOST when that exit cannot go on. Default: none.
   */
  readonly session?: string | undefined
  /** A proxy's label: only that one. Rejects with PROXY_UNKNOWN, or SESSION_LOST while it is shut out. Default: any. */
  readonly proxy?: string | undefined
  /** Which proxies will do, such as `country=US`. Rejects with NO_PROXY_PASSES where none does. Default: any. */
  readonly use?: ProxyUse | undefined
  /** `true`: no proxy at all, whatever is in the fleet; nothing is learnt of how it goes. Default false. */
  readonly direct?: boolean | undefined
}

/**
 * A proxy for a client of one's own: a browser, another HTTP library. It holds the same permits as an attempt, its end
 * is an outcome like any other, and when it is forgotten it expires. Ending it without a word is neutral.
 */
export interface OwnLease extends AsyncDisposable {
  /** The proxy's label. */
  readonly proxy: string
  /** The proxy without its credentials. */
  readonly endpoint: ProxyEndpoint
  /** The whole URL with its credentials: for a client that must have it. Do not print it. */
  readonly url: string
  /** For `node:http`, `node:https` and every library that takes an agent, made at first use; undefined for `direct`. */
  readonly agent: Agent | undefined
  /** What this host is sent by the crawler's own requests, `user-agent` included; names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** The jar of its session; undefined without one. */
  readonly cookies: Cookies | undefined
  /** What was said of it first; undefined while it is held. */
  readonly outcome: Verdict | undefined
  /**
   * The URL of an HTTP proxy on this machine that leads to this one, whatever its protocol, and needs no password: for browsers. It
   * listens on loopback, at a port of its own, from the first call until the lease ends. Rejects with LEASE_ENDED after that.
   */
  relay(): Promise<string>
  /** The host answered well, `firstByteMs` after being asked. What is said after the first word counts for nothing. */
  succeed(firstByteMs?: number): void
  /** It did not: say what happened, as a verdict or its kind. Default `transient`. */
  fail(verdict?: Verdict | Verdict['kind']): void
}
