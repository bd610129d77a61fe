import type { z } from 'zod'
import type { Classifier } from '../classify/classifier.ts'
import type { CrawlRequest, RequestInput } from '../request.ts'
import type { Page } from './page.ts'

/**
 * What a plugin is: where to start, and how to read a page. Both may be plain or async generators; the crawl pulls them
 * one value at a time, so a source may yield without end. The trap: `parse` may run again for the same request (after a
 * crash, or a sink that failed), so it must not keep state of its own between pages.
 */
export interface Source<Params = unknown, Item = unknown> {
  readonly name: string
  /** One line for `regatta sources`. */
  readonly description?: string
  readonly params: z.ZodType<Params>
  readonly item: z.ZodType<Item>
  /** Obey robots.txt. Default true; false only for interfaces whose terms allow it. */
  readonly robots?: boolean
  seeds(params: Params, context: SourceContext): Yielded<RequestInput | string>
  parse(page: Page<Params, Item>, context: SourceContext): Yielded<Output<Item> | undefined>
  /** Asked right before a request leaves; a reason means it is skipped, without a dead letter. */
  admit?(request: CrawlRequest, params: Params): string | undefined
  /** Asked before all other classifiers, for this source's pages only. */
  readonly classifier?: Classifier
}

export type Yielded<T> = Iterable<T> | AsyncIterable<T>

/** What `parse` yields; made by `page.item()`, `page.follow()` and `page.edge()`. */
export type Output<Item = unknown> =
  | { readonly kind: 'item'; readonly value: Item }
  | { readonly kind: 'edge'; readonly value: Edge }
  | { readonly kind: 'requests'; readonly requests: readonly RequestInput[] }

/** A link between two things: what a graph writer wants. */
export interface Edge {
  readonly from: string
  readonly to: string
  readonly type: string
  readonly data?: unknown
}

export interface SourceContext {
  /** Fetches through the same proxies with the same politeness, outside the frontier. */
  fetch(url: string, init?: { headers?: Record<string, string> }): Promise<Response>
  /** Aborts when the crawl stops. */
  readonly signal: AbortSignal
  /** One line for the crawl's log. */
  log(message: string): void
}
