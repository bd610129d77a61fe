import type { Agent } from 'node:http'
import type { ProxyEndpoint } from './endpoint.ts'
import type { Verdict } from './outcome.ts'

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
  /** For `node:http` and every library that takes an agent, made at first use; undefined for `direct`. */
  readonly agent: Agent | undefined
  /** What this host is sent by the crawler's own requests, `user-agent` included; names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** The host answered well, `firstByteMs` after being asked. */
  succeed(firstByteMs?: number): void
  /** It did not: say what happened, as a verdict or its kind. Default `transient`. */
  fail(verdict?: Verdict | Verdict['kind']): void
}
