import type { Accept } from './acceptance.ts'
import type { Classifier } from './classifier.ts'
import type { RegattaError } from './errors.ts'
import type { ItemSchemas, ItemValue } from './item-kinds.ts'
import type { Page } from './page.ts'
import type { ProxyUse } from './proxy-filter.ts'
import type { CrawlRequest, RequestInput } from './request.ts'
import type { Schema } from './schema.ts'
import type { Credentials, SourceFetch, SourceSessions } from './source-session.ts'

/**
 * What a plugin is: where to start, and how to read a page. Both may be plain or async generators; the crawl pulls them
 * one value at a time, so a source may yield without end. The trap: `parse` may run again for the same request (after a
 * crash, or a sink that failed), so it must not keep state of its own between pages.
 *
 * `ParamsInput` is what a user passes, `Params` what the schema makes of it; `ItemInput` and `Item` likewise.
 */
export interface Source<Params = unknown, Item = unknown, ParamsInput = unknown, ItemInput = Item> {
  /** Small letters, digits and hyphens; unique among the sources of a program. */
  readonly name: string
  /** One line for `regatta sources`. */
  readonly description?: string
  /** What a crawl takes. */
  readonly params: Schema<Params, ParamsInput>
  /** What a page yields; one schema for each kind where there are several. */
  readonly item: Schema<Item, ItemInput> | ItemSchemas
  /** Checks the data that a request carries: of all requests, or by label. */
  readonly data?: Schema | DataSchemas
  /** Obey robots.txt. Default true; false only for interfaces whose terms allow it. */
  readonly robots?: boolean
  /**
   * Which tree `page.$` is of an HTML page. `plain` is made in one pass, and knows which end tags may be left out; `standard`
   * also repairs formatting in the wrong order and what tables have no place for, as a browser does, and takes twice the
   * time. docs/plugins.md says what differs. Default `plain`.
   */
  readonly tree?: TreeKind
  /** Whether `parse` wants answers with a status of 400 and more too. Default false: they end as dead letters. */
  readonly parsesErrors?: boolean
  /** Which proxies its requests may use, such as `country=US`. Default: any. */
  readonly use?: ProxyUse
  /** Where the crawl starts: requests, or their URLs. */
  seeds(params: Params, context: SourceContext): Yielded<RequestInput | string>
  /** Reads a page: yields items, edges and requests. */
  parse(page: Page<Params, Item, ItemInput>, context: SourceContext): Yielded<Output<Item> | undefined>
  /**
   * Asked right before a request leaves, and again for each URL that a redirect leads to: `from` is then the request as it was
   * made. A reason, or one with a slug of its own, means that it is skipped, without a dead letter.
   */
  admit?(request: CrawlRequest, params: Params, from?: CrawlRequest): string | SkipReason | undefined
  /** Where the crawl ends although there would be more, and how often its service bears to be asked. Asked at its start. */
  limits?(params: Params, context?: Pick<SourceContext, 'env'>): SourceLimits
  /**
   * What each of its requests is sent with beside its own: an API key. Asked once, before anything is sent, so what it throws (a key
   * that is missing) ends the crawl there. It stands in no log, no state and no address of a page.
   */
  credentials?(params: Params, context: Pick<SourceContext, 'env'>): Credentials | undefined
  /**
   * Called once when the crawl has come to its end by itself and everything is stored: nothing was given up, set aside or left
   * for later. Here a source may write down where the next run is to begin. Default: nothing is done.
   */
  complete?(params: Params, context: SourceContext): void | Promise<void>
  /** How its sessions begin: a login, for instance. Default: by the first request that names one. */
  readonly session?: SourceSessions<Params>
  /** Asked before all other classifiers, for this source's pages only. */
  readonly classifier?: Classifier
  /** Answers of this source's pages that are taken as they are, and read. Default: none. */
  readonly accept?: Accept
  /** `false`: whatever the host answers is read as it is. Default true. */
  readonly judge?: boolean
}

/** A tree of an HTML page. */
export type TreeKind = 'plain' | 'standard'

/** Why a page is skipped. */
export interface SkipReason {
  /** A slug: `scope`, … */
  readonly reason: string
  /** A sentence without its full stop. */
  readonly detail: string
}

/** One schema for each label whose requests carry data. */
export type DataSchemas = Readonly<Record<string, Schema | undefined>>

/** Where a crawl ends although there would be more, and how often its service bears to be asked. */
export interface SourceLimits {
  /** Pages that are fetched and parsed at most. */
  readonly pages?: number
  /** Hops from a seed; a request further away is not added. */
  readonly depth?: number
  /**
   * How often the service bears to be asked from one address, as its documents say. It holds at each host of the source's
   * requests, in place of the default interval, so that nobody has to set one; an interval that the user sets goes over it.
   */
  readonly perProxy?: SourceRate
  /** The same over all addresses together: where the service counts by key or account. */
  readonly perHost?: SourceRate
}

/** So many requests in such a time; they are spaced evenly. */
export interface SourceRate {
  /** From 0.001. */
  readonly requests: number
  /** In which the service counts them. */
  readonly per: 'second' | 'minute' | 'hour' | 'day'
}

/** What a generator yields, plain or async. */
export type Yielded<T> = Iterable<T> | AsyncIterable<T>

/** What `parse` yields; made by `page.item()`, `page.follow()`, `page.edge()` and `page.skip()`. */
export type Output<Item = unknown> =
  | {
      readonly kind: 'item'
      /** The item, as the schema made it. */
      readonly value: ItemValue<Item>
      /** Its kind, in a source that has several. */
      readonly itemKind?: string
    }
  | {
      readonly kind: 'edge'
      /** The link. */
      readonly value: Edge
    }
  | {
      /** An item that does not fit its schema: it is set aside, and everything else of its page goes on. */
      readonly kind: 'refused'
      /** As the source gave it. */
      readonly value: unknown
      /** Its kind, in a source that has several. */
      readonly itemKind?: string
      /** ITEM_INVALID: names the page, the source and all that does not fit. */
      readonly error: RegattaError
    }
  | {
      readonly kind: 'requests'
      /** Where to go from here. */
      readonly requests: readonly RequestInput[]
      /** Links that were not followed because they are no http(s) URLs. */
      readonly dropped: number
    }
  | {
      readonly kind: 'skipped'
      /** Why, as a slug: `scope`, `canonical`, `noindex`, … */
      readonly reason: string
      /** Why, as a sentence without its full stop. */
      readonly detail: string
      /** The links that are left out; undefined for the page itself. */
      readonly links?: readonly string[] | undefined
    }

/** A link between two things: what a graph writer wants. */
export interface Edge {
  /** What the link starts at. */
  readonly from: string
  /** What it leads to. */
  readonly to: string
  /** What the link means. */
  readonly type: string
  /** Whatever else is known of it. JSON. */
  readonly data?: unknown
}

/** What a source may use of its crawl. */
export interface SourceContext {
  /** Fetches through the same proxies with the same politeness, outside the frontier. */
  fetch(url: string, init?: SourceFetch): Promise<Response>
  /** The sitemaps that robots.txt of this origin names; none when it cannot be read. */
  sitemaps(origin: string): Promise<readonly string[]>
  /**
   * Whether the crawl may ask for this URL: no by a blocked host, by robots.txt where the crawl obeys it, and while robots.txt
   * cannot be had. For what a source fetches on its own guess. Left out: everything may be asked for.
   */
  allows?(url: string): Promise<boolean>
  /** The crawler's option `env`: variables by name, where keys stand. The command line gives those that the params name. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** The crawl's option `input`: what `-` stands for where a param is a file. Undefined where nothing is given. */
  readonly input?: AsyncIterable<string | Uint8Array> | undefined
  /** Aborts when the crawl stops. */
  readonly signal: AbortSignal
  /** One line for the crawl's log: on the screen of the command line, in `--log`, and to `crawler.on('log')`. */
  log(message: string): void
}
