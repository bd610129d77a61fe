import type { CheerioAPI } from 'cheerio'
import { messageOf, RegattaError } from '../errors.ts'
import type { VisitMemo } from '../frontier/frontier.ts'
import type { HttpResponse } from '../outcome.ts'
import type { CrawlRequest, RequestInput } from '../request.ts'
import { readBody, sizeOfBody, streamBody } from '../response-body.ts'
import { decodeText } from './charset.ts'
import { collectLinks, type PageLinks } from './links.ts'
import { parseMarkup } from './markup.ts'
import { type SavedBody, saveBody } from './save.ts'
import { describeIssue, issuesOf } from './schema.ts'
import type { Edge, Output, Source } from './source.ts'
import { fetchableUrl } from './url.ts'

/**
 * The page as a parser sees it. Everything that costs (charset, JSON, cheerio) happens at first use and is kept; what
 * the methods return is data for the parser to `yield`, so parsing has no effects and can be done again.
 */
export interface Page<Params = unknown, Item = unknown, ItemInput = Item> {
  readonly request: CrawlRequest
  readonly params: Params
  /** The URL that answered, after redirects. */
  readonly url: string
  readonly status: number
  /** Names in lower case; `set-cookie` is an array. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** The Content-Type header, or ''. */
  readonly contentType: string
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
  /** The body as text, in the charset that BOM, header or document name. */
  text(): string
  /** Throws SOURCE_FAILED, naming the page, when the body is not JSON. */
  json(): unknown
  /** The body piece by piece, whatever its size. Good until `parse` returns; may be asked for again. */
  stream(): ReadableStream<Uint8Array>
  /**
   * Writes the body to a file, whole or not at all, and flushed to the disk; never through memory if it is large. Parent
   * folders are made, a file that is there is replaced. A folder (it exists, or ends in `/`; '' is the current one) gets
   * a file named after the URL. Await it before `parse` returns. Throws SINK_FAILED, which says why.
   */
  save(path?: string): Promise<SavedBody>
  /** An item, validated by the source's schema. Throws ITEM_INVALID; `value` holds the zod issues. */
  item(value: ItemInput): Output<Item>
  /**
   * Requests for the frontier; one that is known already is asked for once all the same. A string is a URL when it has a
   * scheme or starts with `/`, `./`, `../` or `?`, and a CSS selector otherwise; strings in a list are URLs. What is
   * `undefined` or `null` (the last page has no next one) leads nowhere. `extra` is added to each request.
   */
  follow(target: FollowTarget, extra?: Omit<Partial<RequestInput>, 'url' | 'key'>): Output<Item>
  /** Links behind a CSS selector (default `a[href], area[href]`), absolute, each once. */
  links(selector?: string): PageLinks
  edge(edge: Edge): Output<Item>
}

type Reference = string | URL | RequestInput
export type FollowTarget = Reference | readonly Reference[] | null | undefined

export interface PageParts<Params, Item, ItemInput> {
  readonly source: Pick<Source<Params, Item, unknown, ItemInput>, 'name' | 'item'>
  readonly request: CrawlRequest
  readonly params: Params
  readonly response: HttpResponse
  readonly via: string
  readonly attempts: number
  /** Wall-clock time of the answer, ms since the epoch. */
  readonly fetchedAt: number
  readonly previous?: VisitMemo | undefined
}

export function createPage<Params, Item, ItemInput = Item>(
  parts: PageParts<Params, Item, ItemInput>,
): Page<Params, Item, ItemInput> {
  return new FetchedPage(parts)
}

class FetchedPage<Params, Item, ItemInput> implements Page<Params, Item, ItemInput> {
  readonly request: CrawlRequest
  readonly params: Params
  readonly url: string
  readonly status: number
  readonly headers: HttpResponse['headers']
  readonly contentType: string
  readonly size: number
  readonly bytes: number
  readonly via: string
  readonly attempts: number
  readonly fetchedAt: number
  readonly previous: VisitMemo | undefined
  readonly #response: HttpResponse
  #saving: Promise<unknown> = Promise.resolve()
  #body: Uint8Array | undefined
  #source: PageParts<Params, Item, ItemInput>['source']
  #text: string | undefined
  #json: { value: unknown } | undefined
  #markup: CheerioAPI | undefined

  constructor(parts: PageParts<Params, Item, ItemInput>) {
    const { response } = parts
    this.request = parts.request
    this.params = parts.params
    this.url = response.url
    this.status = response.status
    this.headers = response.headers
    const contentType = response.headers['content-type']
    this.contentType = (Array.isArray(contentType) ? contentType[0] : contentType) ?? ''
    this.size = sizeOfBody(response)
    this.bytes = response.bytes
    this.via = parts.via
    this.attempts = parts.attempts
    this.fetchedAt = parts.fetchedAt
    this.previous = parts.previous
    this.#source = parts.source
    this.#response = response
  }

  get body(): Uint8Array {
    this.#body ??= readBody(this.#response)
    return this.#body
  }

  get $(): CheerioAPI {
    this.#markup ??= parseMarkup(this.text(), this.contentType)
    return this.#markup
  }

  text(): string {
    this.#text ??= decodeText(this.body, this.contentType)
    return this.#text
  }

  json(): unknown {
    if (this.#json) return this.#json.value
    const text = this.text()
    try {
      this.#json = { value: JSON.parse(text) }
    } catch (error) {
      throw new RegattaError('SOURCE_FAILED', `${this.url} is not JSON: ${messageOf(error)}.`, {
        value: this.url,
        cause: error,
      })
    }
    return this.#json.value
  }

  stream(): ReadableStream<Uint8Array> {
    return streamBody(this.#response)
  }

  save(path = ''): Promise<SavedBody> {
    const { contentType, request } = this
    const save = () => saveBody(this.#response, { path, contentType, request: request.id })
    // One after the other: two that go to one path would share the name beside it.
    const saved = this.#saving.then(save, save)
    this.#saving = saved
    return saved
  }

  item(value: ItemInput): Output<Item> {
    const parsed = this.#source.item.safeParse(value)
    if (parsed.success) return { kind: 'item', value: parsed.data }
    const { path, expected } = describeIssue(parsed.error)
    const what = path === '' ? 'The item' : `Item field "${path}"`
    throw new RegattaError('ITEM_INVALID', `${what} of ${this.url} (${this.#source.name}): ${expected}.`, {
      value: issuesOf(parsed.error),
    })
  }

  follow(target: FollowTarget, extra: Omit<Partial<RequestInput>, 'url' | 'key'> = {}): Output<Item> {
    if (typeof target === 'string' && !looksLikeUrl(target)) {
      const { links, dropped } = this.links(target)
      return { kind: 'requests', requests: links.map(({ url }) => ({ ...extra, url })), dropped }
    }
    const requests: RequestInput[] = []
    let dropped = 0
    for (const reference of listOf(target)) {
      const input = typeof reference === 'string' || reference instanceof URL ? { url: reference } : reference
      const url = fetchableUrl(input.url, this.url)
      if (url === undefined) dropped++
      else requests.push({ ...extra, ...input, url })
    }
    return { kind: 'requests', requests, dropped }
  }

  links(selector = 'a[href], area[href]'): PageLinks {
    const $ = this.$
    try {
      return collectLinks($, this.url, selector)
    } catch (error) {
      const way = 'it is no CSS selector; a relative URL starts with ./ or /'
      throw new RegattaError(
        'SOURCE_FAILED',
        `Source "${this.#source.name}" follows "${selector}": ${way}.`,
        {
          value: selector,
          cause: error,
        },
      )
    }
  }

  edge(edge: Edge): Output<Item> {
    return { kind: 'edge', value: edge }
  }
}

function looksLikeUrl(text: string): boolean {
  return /^\s*([a-z][a-z0-9+.-]*:\/\/|\/|\.{1,2}\/|\?)/i.test(text)
}

function listOf(target: FollowTarget): readonly Reference[] {
  if (target === undefined || target === null) return []
  return Array.isArray(target) ? target : [target as Reference]
}
