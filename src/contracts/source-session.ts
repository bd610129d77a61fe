import type { Accept } from './acceptance.ts'
import type { Cookies } from './cookies.ts'
import type { Form } from './form.ts'
import type { Page } from './page.ts'
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

/**
 * How the sessions of a source begin, and how they end. Without it a session that has lost its exit is over, and its pages are
 * given up with `session-lost`; with it, they wait until it has begun anew.
 */
export interface SourceSessions<Params = unknown> {
  /**
   * Called before the first request of a life, once per life and session: logs in, or fetches what the pages need. What it
   * throws ends the session for this run, and its pages are given up: a wrong password is sent once. Only when the exit is
   * lost, or by `session.restart`, is it called again, ten times in a row at most.
   */
  begin(session: BeginningSession, params: Params, context: SourceContext): Promise<void> | void
  /**
   * Whether this page says that nobody is logged in any more: then the session begins anew, and the page is asked for again,
   * once. Default: for status 401, and for a request that ended at a login page.
   */
  isOver?(page: Page<Params>): boolean
}
