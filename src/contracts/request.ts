/**
 * What is asked for. A FetchRequest is one page through some proxy; a CrawlRequest is the same with its place in a
 * crawl. Both are JSON except for a binary body, so that a durable frontier can hold them.
 */
export interface FetchRequest {
  readonly url: string
  /** Upper case. Default `GET`. Only GET and HEAD are hedged or repeated on another proxy unless `idempotent`. */
  readonly method: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /**
   * Headers that are meant for this host alone, by name, with what any other host is sent instead (undefined: nothing).
   * A redirect to another host carries these.
   */
  readonly elsewhere?: Readonly<Record<string, string | undefined>> | undefined
  /** Safe to send twice. Default: true for GET, HEAD, OPTIONS. */
  readonly idempotent: boolean
  /** Requests of one session leave through one proxy, and are never hedged. */
  readonly session?: string
  /** A proxy's label: only that one may be used. */
  readonly proxy?: string
}

/** A request as a source yields it: only `url` is needed. */
export interface RequestInput {
  readonly url: string | URL
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly idempotent?: boolean
  readonly session?: string
  /** 0 is taken first, 7 last. Default 4. */
  readonly priority?: number
  /** Which parser of the source it is for; free text. */
  readonly label?: string
  /** Whatever the source wants back with the page. JSON, at most a few hundred bytes. */
  readonly data?: unknown
  /** Two requests with one key are one request. Default: method, canonical URL and a digest of the body. */
  readonly key?: string
  /** Milliseconds from now before which it must not run. */
  readonly delayMs?: number
}

export interface CrawlRequest extends FetchRequest {
  /** Identity within the crawl: equal for equal keys, stable over restarts. */
  readonly id: string
  /** The source's name. */
  readonly source: string
  /** The pool it belongs to (see `hostKey`). */
  readonly host: string
  /** Hops from a seed. */
  readonly depth: number
  readonly priority: number
  readonly label?: string
  readonly data?: unknown
  /** URL of the page it was found on. */
  readonly referrer?: string
}
