import { RegattaError } from '../contracts/errors.ts'
import type { Page } from '../contracts/page.ts'
import type { RequestInput } from '../contracts/request.ts'
import type { Output, Source, SourceContext } from '../contracts/source.ts'

/**
 * What the generators of a source yield, one at a time. A function that is no generator, or a value that is none of
 * what may be yielded, is told in a sentence with the way out: each of them would otherwise be a crawl that quietly finds
 * nothing.
 */
export async function* outputsOf(source: Source, page: Page, context: SourceContext): AsyncGenerator<Output> {
  const what = `parse() of source "${source.name}"`
  const way = `write *parse(page) { yield page.item({ … }) }`
  for await (const value of pull(source.parse(page, context), what, way, page.url)) {
    if (isOutput(value)) yield value
    else throw failed(`${what} yields ${show(value)}: ${wayFor(value)}`, page.url)
  }
}

/** Where the source wants to start, in its own order. */
export async function* seedsOf(
  source: Source,
  params: unknown,
  context: SourceContext,
): AsyncGenerator<RequestInput | string> {
  const what = `seeds() of source "${source.name}"`
  const way = `write *seeds(params) { yield 'https://…' }`
  for await (const value of pull(source.seeds(params, context), what, way)) {
    if (isSeed(value)) yield value
    else throw failed(`${what} yields ${show(value)}: yield a URL as text, or a request such as { url }`)
  }
}

/** The values of a generator, or of anything that can be iterated. Those that are nothing are left out. */
async function* pull(made: unknown, what: string, way: string, url?: string): AsyncGenerator<unknown> {
  if (isPromise(made)) {
    made.then(undefined, () => {}) // it is not listened to
    throw failed(`${what} is async and yields nothing: put a star before its name, ${way}`, url)
  }
  const iterator = iteratorOf(made)
  if (!iterator) throw failed(`${what} returns ${show(made)} instead of yielding: ${way}`, url)
  let isOver = false
  try {
    for (;;) {
      const step = await iterator.next()
      if (step.done) {
        isOver = true
        if (step.value === undefined || step.value === null) return
        throw failed(`${what} returns ${show(step.value)} at its end, which is lost: yield it`, url)
      }
      const value: unknown = await step.value
      if (value !== undefined && value !== null) yield value
    }
  } catch (error) {
    isOver = true
    throw error
  } finally {
    if (!isOver) await iterator.return?.()
  }
}

type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>

function iteratorOf(value: unknown): AnyIterator | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const iterable = value as {
    [Symbol.asyncIterator]?: () => AsyncIterator<unknown>
    [Symbol.iterator]?: () => Iterator<unknown>
  }
  return iterable[Symbol.asyncIterator]?.() ?? iterable[Symbol.iterator]?.()
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

function isOutput(value: unknown): value is Output {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false
  if (value.kind === 'requests') return 'requests' in value && Array.isArray(value.requests)
  if (value.kind === 'skipped') return 'reason' in value
  return (value.kind === 'item' || value.kind === 'edge' || value.kind === 'refused') && 'value' in value
}

function isSeed(value: unknown): value is RequestInput | string {
  return typeof value === 'string' || (typeof value === 'object' && value !== null && 'url' in value)
}

function wayFor(value: unknown): string {
  if (Array.isArray(value)) return 'yield each of them, as in yield* list'
  if (typeof value === 'string' || value instanceof URL)
    return 'for a link write yield page.follow([url]), for an item yield page.item({ … })'
  return 'for an item write yield page.item({ … }), for links yield page.follow(…)'
}

function show(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (value instanceof URL) return 'a URL object'
  if (typeof value === 'object') {
    const names = Object.keys(value).slice(0, 5).join(', ')
    return names === '' ? 'an empty object' : `an object with ${names}`
  }
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'string')
    return `${typeof value === 'number' ? 'the number' : 'the value'} ${String(value)}`
  return `the text ${JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)}`
}

function failed(sentence: string, url?: string): RegattaError {
  return new RegattaError('SOURCE_FAILED', `${sentence}.`, url === undefined ? {} : { value: { url } })
}
