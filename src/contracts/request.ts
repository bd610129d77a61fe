import type { ProxyFilter, ProxyUse } from './proxy-filter.ts'

/**
 * What is asked for. A FetchRequest is one page through some proxy; a CrawlRequest is the same with its place in a
 * crawl. Both are JSON except for a binary body, so that a durable frontier can hold them.
 */
export interface FetchRequest {
  /** Absolute, http or https. */
  readonly url: string
  /** Upper case. Default `GET`. Only GET and HEAD are hedged or repeated on another proxy unless `idempotent`. */
  readonly method: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Sent as it is. Default: none. */
  readonly body?: string | Uint8Array
  /**
   * Headers that are meant for this host alone, by name, with what any other host is sent instead (undefined: nothing).
   * A redirect to another host carries these.
   */
  readonly elsewhere?: Readonly<Record<string, string | undefined>> | undefined
  /**
   * Addresses of a local network may be asked, also behind a redirect. Default: when `url` names one itself. The option
   * `allowPrivateTargets` goes over it.
   */
  readonly allowPrivate?: boolean | undefined
  /** Names of its headers and of parts of its query that were put on at the last moment, such as an API key: nothing keeps their values. */
  readonly unseen?: readonly string[]
  /** Safe to send twice. Default: true for GET, HEAD, OPTIONS. */
  readonly idempotent: boolean
  /** Requests of one session leave through one proxy, and are never hedged. */
  readonly session?: string
  /** A proxy's label: only that one may be used. */
  readonly proxy?: string
  /** Only proxies that pass all of these are asked, also by hedges, witnesses and redirects. Default: any. */
  readonly use?: readonly ProxyFilter[]
  /** `manual` gives a redirect itself, `error` fails for one. Default: it is followed, as a request of its own. */
  readonly redirect?: 'manual' | 'error'
}

/** A request as a source yields it: only `url` is needed. */
export interface RequestInput {
  /** Absolute, or relative to the page it is yielded for. */
  readonly url: string | URL
  /** Default `GET`. */
  readonly method?: string | undefined
  /** Sent beside those of the crawler, and instead of equal ones. Default: none. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Sent as it is. Default: none. */
  readonly body?: string | undefined
  /** Safe to send twice. Default: true for GET, HEAD, OPTIONS. */
  readonly idempotent?: boolean | undefined
  /** Requests of one session leave through one proxy, and are never hedged. Default: none. */
  readonly session?: string | undefined
  /** Which proxies may be used, such as `country=US`, beside what the source and the crawl ask for. Default: any. */
  readonly use?: ProxyUse | undefined
  /** 0 is taken first, 7 last. Default 4. */
  readonly priority?: number | undefined
  /** Which handler of the source reads its page: free text where `parse` is one function. Default: none, `default` with handlers. */
  readonly label?: string | undefined
  /** Whatever the source wants back with the page, as `page.data`. JSON, at most a few hundred bytes. Default: nothing. */
  readonly data?: unknown | undefined
  /** Two requests with one key are one request. Default: method, canonical URL and a digest of the body. */
  readonly key?: string | undefined
  /** Milliseconds from now before which it must not run. Default 0. */
  readonly delayMs?: number | undefined
}

/** A request that says nothing but its URL. */
export interface UrlAlone {
  /** Absolute, or relative to the page it is yielded for. */
  url: string
}

/**
 * `Value`, without members that `Known` does not have. The compiler looks for those by itself only in an object that is
 * written out in its place; a spread, a `map` and a generator's yield are not checked. Addresses pass.
 */
export type OnlyMembersOf<Value, Known> = Value extends string | URL | null | undefined
  ? Value
  : Value & { readonly [Name in Exclude<keyof Value, keyof Known>]: never }

/** `data` beside a request: it must be there, may be left out, or must not be there, as its type says. */
export type Carrying<Data> = unknown extends Data
  ? {
      /** Comes back with the page. Default: nothing. */
      readonly data?: unknown
    }
  : [Data] extends [undefined]
    ? {
        /** This handler reads none. */
        readonly data?: undefined
      }
    : undefined extends Data
      ? {
          /** Comes back with the page. Default: nothing. */
          readonly data?: Data
        }
      : {
          /** Comes back with the page. */
          readonly data: Data
        }

/** A request with any label, or none, whose `data` is of one type. */
export type CarryingRequest<Data> = Omit<RequestInput, 'data'> & Carrying<Data>

/** A request for the handler `Label`, with the `data` that this handler reads. */
export type LabelledRequest<Label extends string, Data> = Omit<RequestInput, 'label' | 'data'> & {
  /** The name of the handler. */
  readonly label: Label
} & Carrying<Data>

/** A request without a label, for the handler `default`. */
export type UnlabelledRequest<Data> = Omit<RequestInput, 'label' | 'data'> & {
  /** None: the handler `default` reads the page. */
  readonly label?: undefined
} & Carrying<Data>

/** A request with its place in a crawl. */
export interface CrawlRequest extends FetchRequest {
  /** Identity within the crawl: equal for equal keys, stable over restarts. */
  readonly id: string
  /** The source's name. */
  readonly source: string
  /** The pool it belongs to (see `hostKey`). */
  readonly host: string
  /** Hops from a seed. */
  readonly depth: number
  /** 0 is taken first, 7 last. */
  readonly priority: number
  /** Which parser of the source it is for. */
  readonly label?: string
  /** What the source wanted back with the page. */
  readonly data?: unknown
  /** URL of the page it was found on. */
  readonly referrer?: string
}

/** The headers of a request: its own over those of its host. */
export function headersFor(
  { headers, elsewhere }: Pick<FetchRequest, 'headers' | 'elsewhere'>,
  own: Readonly<Record<string, string>> | undefined,
): Pick<FetchRequest, 'headers' | 'elsewhere'> {
  if (own === undefined) return { headers, elsewhere }
  const all = { ...headers, ...own }
  if (elsewhere === undefined) return { headers: all }
  return {
    headers: all,
    elsewhere: Object.fromEntries(Object.entries(elsewhere).filter(([name]) => !Object.hasOwn(own, name))),
  }
}
