import type { Accept } from './acceptance.ts'
import type { Cookies } from './cookies.ts'
import type { Form } from './form.ts'
import type { HttpResponse } from './outcome.ts'
import type { Page } from './page.ts'
import type { ProxyUse } from './proxy-filter.ts'
import type { SourceContext } from './source.ts'

/** What a source says with a fetch of its own. */
export interface SourceFetch {
  /** Default `GET`. */
  readonly method?: string
  /** Sent beside those of the crawler, and instead of equal ones. Default: none. */
  readonly headers?: Readonly<Record<string, string>>
  /** Its content type is set where the body has one. Default: none. */
  readonly body?: string | Uint8Array<ArrayBuffer> | URLSearchParams | FormData
  /** Answers that are taken as they are, though a rule would refuse them. Default: none. */
  readonly accept?: Accept
  /** `false`: whatever the host answers is taken as it is. Default true. */
  readonly judge?: boolean
  /** Safe to send twice. Default: true for GET, HEAD, OPTIONS. */
  readonly idempotent?: boolean
  /** Which proxies may be used, beside what the source and the crawl ask for. Rejects with NO_PROXY_PASSES where none does. Default: any. */
  readonly use?: ProxyUse | undefined
  /** The name of a session of this crawl: its exit and its cookies. It is begun first, if it is not. Default: none. */
  readonly session?: string
}

/**
 * One life of a session while it begins: what is fetched here leaves through the exit that the pages of the session will
 * leave through, and the cookies are theirs.
 */
export interface BeginningSession {
  /** As the requests of the source name it. */
  readonly name: string
  /** Counting from 1. */
  readonly life: number
  /** What the site has set; may be given some. */
  readonly cookies: Cookies
  /** A 401 and a redirect to a login are answers like any other. Rejects with SESSION_LOST when the exit is gone. */
  fetch(url: string | URL, init?: Omit<SourceFetch, 'session'>): Promise<Response>
  /** Sends a form that was filled in. */
  submit(form: Form): Promise<Response>
  /** Ends this life: `begin` is called for another one, which may have another exit. */
  restart(reason: string): never
}

/** What each request of a life is sent with, beside its own. It is in memory only: neither logs nor the state show it. */
export interface SessionPass {
  /** Sent to the origin that is asked for, and not to another one that a redirect leads to. Default: none. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Added to the query of each URL that the source asks for: a crumb, a token. Default: none. */
  readonly query?: Readonly<Record<string, string>> | undefined
}

/** What each request of a source is sent with, beside its own: an API key. It is in memory only, like a {@link SessionPass}. */
export interface Credentials extends SessionPass {
  /** Sent to this origin alone, such as `https://api.example.com`. Default: to the origin of each URL that the source asks for. */
  readonly origin?: string | undefined
}

/** What a beginning may return. */
// biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing has no other type.
export type Acquired = SessionPass | void

/** Fetches within the life that begins: over its exit, with its cookies. */
export type SessionFetch = BeginningSession['fetch']

/**
 * How the sessions of a source begin, and how they end. Without it a session that has lost its exit is over, and its pages are
 * given up with `session-lost`; with it, they wait until it has begun anew. A source has either `begin` or `acquire`.
 *
 * An answer that says that a session is over (401 and 403, or what `invalid` says) is never blamed on the exit: the session begins anew on
 * the same exit first, and on another one when that did not help.
 */
export interface SourceSessions<Params = unknown> {
  /**
   * For a login. Called before the first request of a life, once per life and session: logs in, or fetches what the pages need. What it
   * throws ends the session for this run, and its pages are given up: a wrong password is sent once. Only when the exit is
   * lost, or by `session.restart`, is it called again, ten times in a row at most.
   */
  begin?(session: BeginningSession, params: Params, context: SourceContext): Acquired | Promise<Acquired>
  /**
   * For a token or a crumb, which costs nothing to ask for again: what it returns goes with each request of the life. When it throws, or
   * has not ended after two minutes, it is called again over another exit, after a pause that grows, ten times in a row at most. All
   * requests of the source are then part of a session: those that name none share a pool of them (`size`).
   */
  acquire?(
    fetch: SessionFetch,
    session: BeginningSession,
    params: Params,
    context: SourceContext,
  ): Acquired | Promise<Acquired>
  /**
   * Whether this answer says that its session is not accepted any more. It goes before what the rules say of the answer. Default: for status 401,
   * and for 403 unless the session has begun anew on this exit for the same reason a moment ago.
   */
  invalid?(response: HttpResponse): boolean
  /**
   * The same, asked of the page when the rules have let it pass. Default: for status 401, and for a request that ended at a
   * login page.
   */
  isOver?(page: Page<Params>): boolean
  /** Requests of one life, from 1; then the session begins anew, on the same exit. Default: no limit. */
  readonly maxUses?: number | undefined
  /** Milliseconds of one life, from 1; then the session begins anew, on the same exit. Default: no limit. */
  readonly maxAge?: number | undefined
  /**
   * Sessions of the pool at most, from 1, for requests that name none. One is opened when a request finds all others busy, each on an exit of
   * its own while there are enough. Default: as many as there are exits with `acquire`, and no pool with `begin`.
   */
  readonly size?: number | undefined
}
