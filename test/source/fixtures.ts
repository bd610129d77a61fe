import { admitSeed } from '../../src/admission/admission.ts'
import type { ItemValue } from '../../src/contracts/item-kinds.ts'
import type { HttpResponse } from '../../src/contracts/outcome.ts'
import type { Page } from '../../src/contracts/page.ts'
import type { CrawlRequest } from '../../src/contracts/request.ts'
import type { Output, Source, SourceContext, Yielded } from '../../src/contracts/source.ts'
import { createPage } from '../../src/source/page.ts'
import { parseParams } from '../../src/source/schema.ts'

export interface Answer {
  readonly body?: string | Uint8Array
  readonly type?: string
  readonly status?: number
  /** The URL that answers, after redirects. */
  readonly url?: string
  readonly headers?: Readonly<Record<string, string | string[]>>
  /** Changes the request. */
  readonly request?: Partial<CrawlRequest>
}

export function requestOf(url: string, changes: Partial<CrawlRequest> = {}): CrawlRequest {
  const admission = { source: 'test', hostKey: (each: URL) => each.host, now: 0 }
  return { ...admitSeed(url, admission).request, ...changes }
}

export function responseOf(url: string, answer: Answer): HttpResponse {
  const body = typeof answer.body === 'string' ? new TextEncoder().encode(answer.body) : answer.body
  return {
    kind: 'response',
    url: answer.url ?? url,
    status: answer.status ?? 200,
    headers: { 'content-type': answer.type ?? 'text/html', ...answer.headers },
    body: body ?? new Uint8Array(0),
    redirects: answer.url === undefined ? [] : [url],
    forwarded: false,
    connectMs: 1,
    firstByteMs: 2,
    totalMs: 3,
    bytes: body?.length ?? 0,
    reused: false,
    verified: false,
  }
}

export function pageOf<Params, Item, ParamsInput, ItemInput>(
  source: Source<Params, Item, ParamsInput, ItemInput>,
  params: ParamsInput,
  url: string,
  answer: Answer = {},
): Page<Params, Item, ItemInput> {
  return createPage({
    source,
    params: parseParams(source, params),
    request: requestOf(url, answer.request),
    response: responseOf(url, answer),
    via: 'socks5h://192.0.2.1:1080',
    attempts: 2,
    fetchedAt: Date.UTC(2026, 0, 2),
  })
}

/** A context whose fetch knows the given URLs and answers 404 to all others. */
export function contextOf(
  files: Readonly<Record<string, string | Uint8Array>> = {},
  sitemaps: readonly string[] = [],
): SourceContext & { readonly logged: string[]; readonly fetched: string[] } {
  const logged: string[] = []
  const fetched: string[] = []
  return {
    logged,
    fetched,
    async fetch(url) {
      fetched.push(url)
      const file = files[url]
      return file === undefined ? new Response('', { status: 404 }) : new Response(file as BodyInit)
    },
    sitemaps: async () => sitemaps,
    signal: new AbortController().signal,
    log: (message) => logged.push(message),
  }
}

export async function collect<T>(yielded: Yielded<T>): Promise<T[]> {
  const all: T[] = []
  for await (const each of yielded) all.push(each)
  return all
}

/** What a parser yielded, sorted by kind. */
export async function outputsOf<Item>(yielded: Yielded<Output<Item> | undefined>) {
  const items: ItemValue<Item>[] = []
  const urls: string[] = []
  let dropped = 0
  const skipped: string[] = []
  for (const output of await collect(yielded)) {
    if (output?.kind === 'skipped') skipped.push(`${output.reason}: ${output.links ?? output.detail}`)
    if (output?.kind === 'item') items.push(output.value)
    if (output?.kind !== 'requests') continue
    urls.push(...output.requests.map(({ url }) => String(url)))
    dropped += output.dropped
  }
  return { items, urls, dropped, ...(skipped.length > 0 && { skipped }) }
}
