import { RegattaError } from '../contracts/errors.ts'
import type { Page } from '../contracts/page.ts'
import type { CrawlRequest } from '../contracts/request.ts'
import type { Output, Source, SourceContext, Yielded } from '../contracts/source.ts'

/**
 * `parse` as an object of handlers by label: a list of books is read by one, the page of a book by another. They become
 * the one function that a source has, so nobody else knows of them. A request without a label goes to `default`.
 */
export type Handler<P = Page> = (page: P, context: SourceContext) => Yielded<Output | undefined>
export type Handlers = Readonly<Record<string, Handler>>

export function isHandlers(parse: unknown): parse is Handlers {
  if (typeof parse !== 'object' || parse === null) return false
  const handlers = Object.values(parse)
  return handlers.length > 0 && handlers.every((handler) => typeof handler === 'function')
}

/** The returned function throws SOURCE_FAILED for a page whose label has no handler. */
export function parserOf(source: string, handlers: Handlers): Source['parse'] {
  return (page, context) => handlerFor(source, handlers, page.request)(page, context)
}

function handlerFor(source: string, handlers: Handlers, { label, url }: CrawlRequest): Handler {
  const name = label ?? 'default'
  const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined
  if (handler) return handler
  const what = label === undefined ? 'no label' : `the label "${label}"`
  const way = label === undefined ? 'give the request a label, or parse a handler named "default"' : 'add it'
  throw new RegattaError(
    'SOURCE_FAILED',
    `The request for ${url} has ${what}, and source "${source}" has no handler for it; it has ${Object.keys(handlers).join(', ')}. To mend it, ${way}.`,
    { value: { url, label } },
  )
}
