import type { CheerioAPI } from 'cheerio'
import type { CrawlRequest, RequestInput } from '../request.ts'
import type { Edge, Output } from './source.ts'

/** STUB to be replaced by the source/ author: the shape every parser sees. */
export interface Page<Params = unknown, Item = unknown> {
  readonly request: CrawlRequest
  readonly params: Params
  /** The URL that answered, after redirects. */
  readonly url: string
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Decoded from its content encoding, not from its charset. */
  readonly body: Uint8Array
  /** Label of the proxy that brought it. */
  readonly via: string
  /** Attempts the task needed. */
  readonly attempts: number
  /** Wall-clock time of the answer, ms since the epoch. */
  readonly fetchedAt: number
  /** cheerio, loaded and parsed at first use. */
  readonly $: CheerioAPI
  text(): string
  json(): unknown
  item(value: Item): Output<Item>
  follow(
    target: string | RequestInput | readonly (string | RequestInput)[],
    extra?: Partial<RequestInput>,
  ): Output<Item>
  edge(edge: Edge): Output<Item>
}
