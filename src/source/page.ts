import type { CheerioAPI } from 'cheerio'
import { isJsonType } from '../base/mime-type.ts'
import { ownStrings } from '../base/own-string.ts'
import { sniffMime } from '../base/sniff-mime.ts'
import type { PageDocument } from '../contracts/document.ts'
import { messageOf, RegattaError } from '../contracts/errors.ts'
import type { Form } from '../contracts/form.ts'
import type { VisitMemo } from '../contracts/frontier.ts'
import type { ItemValue } from '../contracts/item-kinds.ts'
import type { HttpResponse } from '../contracts/outcome.ts'
import type { FollowTarget, Page, PageLinks, Reference, SavedBody, SkipDetails } from '../contracts/page.ts'
import type { CrawlRequest, RequestInput } from '../contracts/request.ts'
import { readBody, sizeOfBody, streamBody } from '../contracts/response-body.ts'
import type { Schema, SchemaOutput } from '../contracts/schema.ts'
import type { Edge, Output, Source } from '../contracts/source.ts'
import type { Trust } from '../contracts/trust.ts'
import { type DocumentText, documentEncoding, documentText } from './charset.ts'
import { documentUrl, isSameInAll } from './document-url.ts'
import { formIn } from './form.ts'
import { givenItem } from './item-schemas.ts'
import { collectLinks } from './links.ts'
import { dialectOf, parseMarkup } from './markup.ts'
import { readDocument } from './read-document.ts'
import { saveBody } from './save.ts'
import { fittingJson, issuesOf, parseBy, parseData, sentenceOf } from './schema.ts'
import { nameSelectors } from './selectors.ts'

export interface PageParts<Params, Item, ItemInput> {
  readonly source: Pick<Source<Params, Item, unknown, ItemInput>, 'name' | 'item' | 'data' | 'tree'>
  readonly request: CrawlRequest
  readonly params: Params
  readonly response: HttpResponse
  readonly via: string
  readonly attempts: number
  /** Default: `unchecked`. */
  readonly trust?: Trust | undefined
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
  readonly trust: Trust
  readonly fetchedAt: number
  readonly previous: VisitMemo | undefined
  readonly #response: HttpResponse
  /** Items and edges so far. */
  #outputs = 0
  #saving: Promise<unknown> = Promise.resolve()
  #body: Uint8Array | undefined
  #source: PageParts<Params, Item, ItemInput>['source']
  #mimeType: string | undefined
  #text: DocumentText | undefined
  #data: { value: unknown } | undefined
  #json: { value: unknown } | undefined
  #markup: CheerioAPI | undefined
  #document: PageDocument | undefined

  constructor(parts: PageParts<Params, Item, ItemInput>) {
    const { response } = parts
    this.request = parts.request
    this.params = parts.params
    this.url = response.url
    this.status = response.status
    this.headers = response.headers
    const contentType = response.headers['content-type']
    this.contentType = (Array.isArray(contentType) ? contentType.join(', ') : contentType) ?? ''
    this.size = sizeOfBody(response)
    this.bytes = response.bytes
    this.via = parts.via
    this.attempts = parts.attempts
    this.trust = parts.trust ?? 'unchecked'
    this.fetchedAt = parts.fetchedAt
    this.previous = parts.previous
    this.#source = parts.source
    this.#response = response
  }

  get data(): unknown {
    this.#data ??= { value: parseData(this.#source, this.request) }
    return this.#data.value
  }

  get body(): Uint8Array {
    this.#body ??= readBody(this.#response)
    return this.#body
  }

  get $(): CheerioAPI {
    this.#markup ??= nameSelectors(parseMarkup(this.text(), this.mimeType, this.#source.tree), this.url)
    return this.#markup
  }

  get document(): PageDocument {
    this.#document ??= readDocument(this.text(), dialectOf(this.mimeType), this)
    return this.#document
  }

  get mimeType(): string {
    // The beginning will do: the body of a file is not read for it.
    this.#mimeType ??= sniffMime(this.headers, this.#response.body)
    return this.#mimeType
  }

  get encoding(): string {
    // A body that is on disk, too long to be read or gone by now, is known by its beginning.
    return this.#text?.encoding ?? documentEncoding(this.#response.body, this.headers, this.mimeType)
  }

  text(): string {
    this.#text ??= documentText(this.body, this.headers, this.mimeType)
    return this.#text.text
  }

  /** Most references are the same in all encodings, and the page is not asked for its own. */
  #resolve(reference: string | URL): string | undefined {
    const isPlain = reference instanceof URL || isSameInAll(reference)
    return documentUrl(reference, this.url, isPlain ? 'utf-8' : this.encoding)
  }

  json(): unknown
  json<S extends Schema>(schema: S): SchemaOutput<S>
  json(...given: readonly unknown[]): unknown {
    this.#json ??= { value: this.#parseJson() }
    const { value } = this.#json
    return given.length === 0 ? value : fittingJson(given[0], value, this.url, this.#source.name)
  }

  #parseJson(): unknown {
    // JSON has its own rule, whatever its server calls it.
    const isKnown = isJsonType(this.mimeType)
    const text = isKnown ? this.text() : documentText(this.body, this.headers, 'application/json').text
    try {
      return JSON.parse(text)
    } catch (error) {
      throw new RegattaError('SOURCE_FAILED', `${this.url} is not JSON: ${messageOf(error)}.`, {
        value: { url: this.url },
        cause: error,
      })
    }
  }

  stream(): ReadableStream<Uint8Array> {
    return streamBody(this.#response)
  }

  save(path = ''): Promise<SavedBody> {
    const { mimeType, request } = this
    const save = () => saveBody(this.#response, { path, mimeType, request: request.id })
    // One after the other: two that go to one path would share the name beside it.
    const saved = this.#saving.then(save, save)
    this.#saving = saved
    return saved
  }

  item(...given: readonly unknown[]): Output<Item> {
    const { kind, schema, value } = givenItem(this.#source, given, this.url)
    const own = kind === undefined ? {} : { itemKind: kind }
    const index = this.#outputs++
    const parsed = parseBy(schema, value, `The items of source "${this.#source.name}"`)
    // An item is often kept, and must not keep its page.
    if (parsed.issues === undefined) {
      return { kind: 'item', value: ownStrings(parsed.value) as ItemValue<Item>, ...own }
    }
    const [first, ...others] = issuesOf(parsed, value)
    const named = kind === undefined ? '' : ` of the kind "${kind}"`
    const what =
      first === undefined || first.path === '' ? `The item${named}` : `Item field "${first.path}"${named}`
    const where = `${this.url} (${this.#source.name}), item ${index}`
    const issues = first === undefined ? [] : [first, ...others]
    const error = new RegattaError('ITEM_INVALID', `${what} of ${where}: ${sentenceOf(issues)}.`, {
      value: { issues, request: this.request.id, index },
    })
    return { kind: 'refused', value, error, ...own }
  }

  follow(target: FollowTarget, extra: Omit<Partial<RequestInput>, 'url' | 'key'> = {}): Output<Item> {
    if (typeof target === 'string' && !looksLikeUrl(target)) {
      const { links, dropped } = this.links(target)
      return { kind: 'requests', requests: links.map(({ url }) => ({ ...owned(extra), url })), dropped }
    }
    const requests: RequestInput[] = []
    let dropped = 0
    for (const reference of listOf(target)) {
      const input = typeof reference === 'string' || reference instanceof URL ? { url: reference } : reference
      const url = this.#resolve(input.url)
      if (url === undefined) dropped++
      else requests.push({ ...owned({ ...extra, ...input }), url })
    }
    return { kind: 'requests', requests, dropped }
  }

  links(selector?: string): PageLinks {
    if (selector === undefined) return { links: this.document.links, dropped: this.document.dropped }
    const $ = this.$
    try {
      return collectLinks($, this.url, selector, this.encoding)
    } catch (error) {
      const way = 'it is no CSS selector; a relative URL starts with ./ or /'
      throw new RegattaError(
        'SOURCE_FAILED',
        `Source "${this.#source.name}" follows "${selector}": ${way}.`,
        {
          value: { url: this.url, selector },
          cause: error,
        },
      )
    }
  }

  form(selector = 'form'): Form {
    return formIn(this.$, this.url, selector, this.encoding)
  }

  edge(edge: Edge): Output<Item> {
    this.#outputs++
    return { kind: 'edge', value: ownStrings(edge) }
  }

  skip(reason: string, { detail = reason, links }: SkipDetails = {}): Output<Item> {
    return { kind: 'skipped', reason, detail, links }
  }
}

/** A request waits long, and what it carries must not keep the page that it came from. */
function owned<Request extends Partial<RequestInput>>(request: Request): Request {
  return request.data === undefined ? request : { ...request, data: ownStrings(request.data) }
}

/** Whether `page.follow` takes a text for an address, and not for a CSS selector. */
export function looksLikeUrl(text: string): boolean {
  return /^\s*([a-z][a-z0-9+.-]*:\/\/|\/|\.{1,2}\/|\?)/i.test(text)
}

function listOf(target: FollowTarget): readonly Reference[] {
  if (target === undefined || target === null) return []
  return Array.isArray(target) ? target : [target as Reference]
}
