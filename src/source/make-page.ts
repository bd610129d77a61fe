import { Buffer } from 'node:buffer'
import { z } from 'zod'
import { canonicalUrl } from '../admission/canonical-url.ts'
import { assertArgument, hasFunctions, isOptions } from '../contracts/arguments.ts'
import type { HttpResponse } from '../contracts/outcome.ts'
import type { Page } from '../contracts/page.ts'
import type { CrawlRequest } from '../contracts/request.ts'
import type { Source } from '../contracts/source.ts'
import type { Trust } from '../contracts/trust.ts'
import { createPage as pageOf } from './page.ts'
import { parseParams } from './schema.ts'

/** What a page is made of, for a test of a parser. */
export interface PageInput<Params, Item, ParamsInput, ItemInput> {
  /** Whose page it is: its schemas check the params, the items and the data. */
  readonly source: Source<Params, Item, ParamsInput, ItemInput>
  /** As a user gives them. Default: none. */
  readonly params?: ParamsInput | undefined
  /** What was asked for, absolute. Default: `response.url`. */
  readonly url?: string | undefined
  /** Default: empty. */
  readonly body?: string | Uint8Array | undefined
  /** Names in lower case. Default: `content-type: text/html; charset=utf-8`. */
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>
  /** HTTP status. Default 200. */
  readonly status?: number | undefined
  /** The rest of its request: `label`, `data`, `depth`, … Default: a plain GET of a seed. */
  readonly request?: Partial<CrawlRequest> | undefined
  /** The rest of its answer: the `url` after redirects, … Default: it came from `url`. */
  readonly response?: Partial<HttpResponse> | undefined
  /** Label of the proxy that brought it. Default: `direct`. */
  readonly via?: string | undefined
  /** Attempts that it needed. Default 1. */
  readonly attempts?: number | undefined
  /** How far it may be believed. Default: `unchecked`. */
  readonly trust?: Trust | undefined
  /** Wall-clock time of the answer, ms since the epoch. Default 0. */
  readonly fetchedAt?: number | undefined
}

/** The rest of a page whose body stands before it. */
export type PageOptions<Params, Item, ParamsInput, ItemInput> = Omit<
  PageInput<Params, Item, ParamsInput, ItemInput>,
  'body'
>

/** The same for a page of no source: items of any form. */
export type BarePageOptions = Omit<PageOptions<unknown, unknown, unknown, unknown>, 'source'> & {
  /** Default: none, and it stays so. */
  readonly source?: undefined
}

/**
 * A page without a crawl, to test a parser with: `createPage('<h1>Hello</h1>', { source, url })`, or all of it as one object.
 * Without a source, items of any form fit. Throws PARAM_INVALID when the params do not fit.
 */
export function createPage<Params, Item, ParamsInput, ItemInput>(
  input: PageInput<Params, Item, ParamsInput, ItemInput>,
): Page<Params, Item, ItemInput>
export function createPage(body: string | Uint8Array, options?: BarePageOptions): Page
export function createPage<Params, Item, ParamsInput, ItemInput>(
  body: string | Uint8Array,
  options: PageOptions<Params, Item, ParamsInput, ItemInput>,
): Page<Params, Item, ItemInput>
export function createPage<Params, Item, ParamsInput, ItemInput>(
  first: string | Uint8Array | PageInput<Params, Item, ParamsInput, ItemInput>,
  options?: BarePageOptions | PageOptions<Params, Item, ParamsInput, ItemInput>,
): Page<Params, Item, ItemInput> | Page {
  if (typeof first !== 'string' && !(first instanceof Uint8Array)) return pageFrom(first)
  assertArgument(isOptions(options), 'createPage()', 'options', 'an object, as in { source, url }', options)
  if (options?.source === undefined) return pageFrom({ ...options, source: anySource, body: first })
  return pageFrom({ ...options, body: first })
}

/** Takes everything, and gives it back. */
const anySource: Source = {
  ...{ name: 'any', params: z.unknown(), item: z.unknown() },
  *seeds() {},
  *parse() {},
}

function pageFrom<Params, Item, ParamsInput, ItemInput>(
  input: PageInput<Params, Item, ParamsInput, ItemInput>,
): Page<Params, Item, ItemInput> {
  const isUsable = isOptions(input) && hasFunctions(input?.source, 'parse')
  assertArgument(isUsable, 'createPage()', 'source', 'a source, as in { source, url, body }', input?.source)
  const { source, request, response, via = 'direct', attempts = 1, fetchedAt = 0, trust } = input
  const url = input.url ?? request?.url ?? response?.url ?? 'https://example.com/'
  const body = typeof input.body === 'string' ? Buffer.from(input.body) : (input.body ?? new Uint8Array())
  return pageOf({
    source,
    params: parseParams(source, input.params),
    request: {
      ...{ id: canonicalUrl(url), source: source.name, host: new URL(url).host, depth: 0, priority: 4 },
      ...{ url, method: 'GET', headers: {}, idempotent: true },
      ...request,
    },
    response: {
      ...{ kind: 'response', url, status: input.status ?? 200, body, redirects: [], forwarded: false },
      ...{ connectMs: 0, firstByteMs: 0, totalMs: 0, bytes: body.length, reused: false, verified: false },
      headers: input.headers ?? { 'content-type': 'text/html; charset=utf-8' },
      ...response,
    },
    via,
    attempts,
    trust,
    fetchedAt,
  })
}
