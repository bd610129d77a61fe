import type { CheerioAPI } from 'cheerio'
import type { PageDocument } from './document.ts'
import type { Form } from './form.ts'
import type { VisitMemo } from './frontier.ts'
import type { ItemArguments } from './item-kinds.ts'
import type { CrawlRequest, OnlyMembersOf, RequestInput, UrlAlone } from './request.ts'
import type { Schema, SchemaOutput } from './schema.ts'
import type { Edge, Output } from './source.ts'
import type { Trust } from './trust.ts'

/**
 * The page as a parser sees it. Everything that costs (charset, JSON, cheerio) happens at first use and is kept; what
 * the methods return is data for the parser to `yield`, so parsing has no effects and can be done again.
 *
 * `Data` is what its request carries, `Next` the requests that its source takes: where `parse` has handlers by label,
 * `follow` asks for a label that has one, and for its data.
 */
export interface Page<
  Params = unknown,
  Item = unknown,
  ItemInput = Item,
  Data = unknown,
  Next = RequestInput,
> {
  /** What was asked for, with its place in the crawl. */
  readonly request: CrawlRequest
  /** The params of the crawl, as the source's schema made them. */
  readonly params: Params
  /**
   * What the request carries. Checked at first use by the source's schema for it, where there is one; throws
   * SOURCE_FAILED when it does not fit. Without a schema it is `request.data` as it came back.
   */
  readonly data: Data
  /** The URL that answered, after redirects. */
  readonly url: string
  /** HTTP status. */
  readonly status: number
  /** Names in lower case; `set-cookie` is an array. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** The Content-Type header, or ''. */
  readonly contentType: string
  /**
   * What it is, without parameters: `text/html`. That is what its header says, unless that says nothing or cannot be read:
   * then it is told by its first bytes, as browsers do (MIME Sniffing standard).
   */
  readonly mimeType: string
  /**
   * Decoded from its content encoding, not from its charset. A body that was too large for memory is read from its file
   * here and by all that needs it (`text()`, `json()`, `$`, `links()`); beyond 64 MiB they throw BODY_ON_DISK, and
   * `save()` and `stream()` are the ways.
   */
  readonly body: Uint8Array
  /** Bytes of the body, decoded. */
  readonly size: number
  /** Body bytes on the wire, before decoding. */
  readonly bytes: number
  /** Label of the proxy that brought it. */
  readonly via: string
  /**
   * How far it may be believed (docs/trust.md): `verified` over TLS; `agreed` or `proven` over plain HTTP, where exits were
   * compared; `unproven` or `contested` where that could not settle it; `direct` and `unchecked` where it was not tried.
   */
  readonly trust: Trust
  /** Attempts the task needed. */
  readonly attempts: number
  /** Wall-clock time of the answer, ms since the epoch. */
  readonly fetchedAt: number
  /**
   * What the visit before this one left, in a crawl that visits its pages again; undefined at the first. A page that is
   * parsed has changed since `previous.fetchedAt`: what has not is not parsed.
   */
  readonly previous: VisitMemo | undefined
  /** cheerio, loaded and parsed at first use. XML is parsed as XML. */
  readonly $: CheerioAPI
  /** Title, text, headings, links and metas, read in one pass at first use; a fraction of what `$` costs. */
  readonly document: PageDocument
  /**
   * The body as text, in the encoding that byte order mark, header or document name; else UTF-8 if it is valid, else
   * windows-1252.
   */
  text(): string
  /** The encoding of `text()`, by its name in the Encoding standard, in lower case: `utf-8`, `windows-1252`, `shift_jis`. */
  readonly encoding: string
  /** Throws SOURCE_FAILED, naming the page, when the body is not JSON. */
  json(): unknown
  /**
   * The body as `schema` makes it: of zod, or any other Standard Schema, which answers at once. Throws SOURCE_FAILED when the
   * body is not JSON, or does not fit: it names the page, the path in the answer, what was expected, and what was there.
   */
  json<S extends Schema>(schema: S): SchemaOutput<S>
  /** The body piece by piece, whatever its size. Good until `parse` returns; may be asked for again. */
  stream(): ReadableStream<Uint8Array>
  /**
   * Writes the body to a file, whole or not at all, and flushed to the disk; never through memory if it is large. Parent
   * folders are made, a file that is there is replaced. A folder (it exists, or ends in `/`; '' is the current one) gets
   * a file named after the URL. Await it before `parse` returns. Throws SINK_FAILED, which says why.
   */
  save(path?: string): Promise<SavedBody>
  /**
   * An item, validated by the source's schema. One that does not fit does not throw: yield it all the same, and it is set
   * aside alone, as a dead letter with its value. A source with several kinds says which one first: `page.item('author', { … })`.
   */
  item(...given: ItemArguments<ItemInput>): Output<Item>
  /**
   * Requests for the frontier; one that is known already is asked for once all the same. A string is a URL when it has a
   * scheme or starts with `/`, `./`, `../` or `?`, and a CSS selector otherwise; strings in a list are URLs. What is
   * `undefined` or `null` (the last page has no next one) leads nowhere. `extra` is added to each request.
   */
  follow<Given extends readonly unknown[]>(...what: FollowArguments<Next> & NothingElse<Given>): Output<Item>
  /**
   * Links behind a CSS selector, absolute, each once. Without one: all that the page leads to (`document.links`), and no tree
   * is made.
   */
  links(selector?: string): PageLinks
  /**
   * A form with what it would send, hidden fields included; `selector` finds it, or something in or around it. Default: the
   * first. Throws SOURCE_FAILED, naming the forms there are.
   */
  form(selector?: string): Form
  /** A link between two things, for a graph. */
  edge(edge: Edge): Output<Item>
  /**
   * Says why this page gives no item, or why some of its `links` are not followed: it is told and counted by reason, and
   * changes nothing. `reason` is a slug (`noindex`), `detail` a sentence for people (default: the slug).
   */
  skip(reason: string, also?: SkipDetails): Output<Item>
}

/** What `page.skip` may say beside the reason. */
export interface SkipDetails {
  /** A sentence without its full stop. Default: the reason. */
  readonly detail?: string
  /** Absolute URLs of the links that are left out. Default: the page itself is. */
  readonly links?: readonly string[]
}

/** A URL, absolute or relative to the page; where `follow` takes one alone, it may be a CSS selector. */
export type Address = string | URL

/** A request; or its URL alone, where a source takes requests without label and data. */
export type Reference<Next = RequestInput> = Next | (UrlAlone extends Next ? Address : never)

/** What `page.follow` takes. */
export type FollowTarget<Next = RequestInput> =
  | Reference<Next>
  | readonly Reference<Next>[]
  | null
  | undefined

/** What `follow` takes: requests that say their label and data themselves, or addresses and what is said of all. */
export type FollowArguments<Next> =
  | [target: FollowTarget<Next>, extra?: CommonExtra<Next>]
  | [target: Address | readonly Address[] | null | undefined, ...extra: FollowExtra<Next>]

/** Refuses members that no request has, also where an object was not written out in its place. */
export type NothingElse<Given extends readonly unknown[]> = {
  readonly [At in keyof Given]: RequestMembers<Given[At]>
}

/** The same of one value: a request, or a list of some. */
type RequestMembers<Value> = Value extends readonly unknown[]
  ? { readonly [At in keyof Value]: RequestMembers<Value[At]> }
  : OnlyMembersOf<Value, RequestInput & PageLink>

/** What stands beside an address: needed where the source wants a label or data. */
type FollowExtra<Next> =
  Record<never, never> extends WithoutAddress<Next>
    ? [extra?: WithoutAddress<Next>]
    : [extra: WithoutAddress<Next>]

/** What stands beside requests that say their label and data themselves. */
type CommonExtra<Next> = RequestInput extends Next
  ? WithoutAddress<RequestInput>
  : Omit<RequestInput, 'url' | 'key' | 'label' | 'data'>

/** Member by member, so that each label keeps its own data. */
type WithoutAddress<Next> = Next extends unknown ? Omit<Next, 'url' | 'key'> : never

/** A link as the page has it, made absolute. */
export interface PageLink {
  /** Absolute, without fragment. */
  readonly url: string
  /** The words of its `rel`, in lower case: `next`, `nofollow`, `canonical`, … */
  readonly rel: readonly string[]
}

/** The links of a page. */
export interface PageLinks {
  /** In document order, each URL once. */
  readonly links: readonly PageLink[]
  /** Elements that lead nowhere a crawler can go (javascript:, mailto:, broken URLs), or are more than 100,000. */
  readonly dropped: number
}

/** Where a body went. */
export interface SavedBody {
  /** As it was asked for, with the derived name where none was given. */
  readonly path: string
  /** Bytes that were written. */
  readonly bytes: number
  /** SHA-256, hex. */
  readonly digest: string
}
