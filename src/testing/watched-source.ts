import type { Page } from '../contracts/page.ts'
import type { CrawlRequest, RequestInput } from '../contracts/request.ts'
import type { Output, Source, SourceContext, Yielded } from '../contracts/source.ts'
import { standingFor } from '../source/define-source.ts'
import { ContextMemory, type GivenContext } from './context-memory.ts'
import { type PageVisit, rememberPage, sealOf } from './page-visit.ts'
import { saveBelow } from './save-below.ts'

/**
 * A source that is looked at while the crawler runs it: what its seeds and its `parse` yield goes on to the crawl as it is,
 * and is noted. It also says when code of the source's own is at work (a file, a timer), for then virtual time must not pass.
 */
export interface SourceWatch {
  readonly source: Source
  readonly visits: readonly PageVisit[]
  readonly seeds: readonly (RequestInput | string)[]
  /** What the seeds asked for; undefined as long as they have not begun. */
  readonly seedsMemory: ContextMemory | undefined
  /** The seeds did not end by themselves. */
  readonly areSeedsCut: boolean
  /** … because they are too many. */
  readonly isEndless: boolean
  /** Code of the source is under way, and does not wait for the crawl. */
  readonly isBusy: boolean
  /** Counts what it has yielded: it grows as long as the source gets on. */
  readonly progress: number
}

export interface WatchOptions {
  /** What the source is given beside what the crawl gives it. */
  readonly given?: GivenContext | undefined
  /** Where bodies are saved instead: below this folder. Default: where the source says. */
  readonly savesTo?: string | undefined
  /** When the page was fetched, ms since the epoch. Default: what the crawl says. */
  readonly fetchedAt?: ((page: Page) => number | undefined) | undefined
  /** Seeds at most. */
  readonly mostSeeds: number
  /** Whether the crawl wants no more of them: the rest is looked at and not crawled. Default: it wants all. */
  readonly isEnough?: (() => boolean) | undefined
  /** Called with each request that is about to leave. */
  readonly admit?: ((request: CrawlRequest) => string | undefined) | undefined
  /** Called behind the seeds of the source, and instead of them where `only`. */
  readonly starts?:
    | { readonly requests: readonly (RequestInput | string)[]; readonly only: boolean }
    | undefined
  /** Called with each page that has been heard out. */
  readonly onVisit?: ((visit: PageVisit) => void) | undefined
}

export function watchSource(own: Source, options: WatchOptions): SourceWatch {
  const watch = new Watch(own, options)
  return watch
}

class Watch implements SourceWatch {
  readonly source: Source
  readonly visits: PageVisit[] = []
  readonly seeds: (RequestInput | string)[] = []
  seedsMemory: ContextMemory | undefined
  areSeedsCut = false
  isEndless = false
  progress = 0
  #busy = 0
  readonly #own: Source
  readonly #options: WatchOptions

  constructor(own: Source, options: WatchOptions) {
    this.#own = own
    this.#options = options
    const { admit } = options
    this.source = {
      ...own,
      seeds: (params, context) => this.#seedsOf(params, context),
      parse: standingFor(own.parse, (page, context) => this.#parse(page, context)),
      admit: (request, params, from) => admit?.(request) ?? own.admit?.(request, params, from),
    }
  }

  get isBusy(): boolean {
    return this.#busy > 0
  }

  #seedsOf(params: unknown, context: SourceContext): Yielded<RequestInput | string> {
    const { starts, mostSeeds, isEnough } = this.#options
    if (starts?.only) return starts.requests
    const memory = new ContextMemory(context, this.#options.given)
    this.seedsMemory = memory
    const own = this.#own
    const made = own.seeds(params, memory.listen(this.#outside)) as unknown
    const note = (seed: unknown) => {
      this.seeds.push(seed as RequestInput | string)
      this.isEndless = this.seeds.length >= mostSeeds
      this.areSeedsCut = this.isEndless
      if (this.isEndless) return 'last'
      return isEnough?.() ? 'unwanted' : 'wanted'
    }
    const end = (_: unknown, isWhole: boolean) => {
      this.areSeedsCut = !isWhole
    }
    return this.#follow(made, note, end) as Yielded<RequestInput | string>
  }

  #parse(page: Page, context: SourceContext): Yielded<Output | undefined> {
    const { savesTo, fetchedAt, onVisit } = this.#options
    const at = fetchedAt?.(page)
    if (at !== undefined) Object.defineProperty(page, 'fetchedAt', { value: at })
    if (savesTo !== undefined) saveBelow(page, savesTo)
    const memory = new ContextMemory(context, this.#options.given)
    const changes = sealOf(page)
    const visit: PageVisit = {
      ...rememberPage(this.#own, page),
      ...{ outputs: [], error: undefined, isWhole: false, changed: undefined, memory },
    }
    this.visits.push(visit)
    const end = (error: unknown, isWhole: boolean) => {
      visit.error = error
      visit.isWhole = isWhole
      visit.changed = changes()
      if (isWhole) onVisit?.(visit)
    }
    let made: unknown
    try {
      made = this.#own.parse(page, memory.listen(this.#outside))
    } catch (error) {
      end(error, true)
      throw error
    }
    const noted = (output: unknown) => {
      visit.outputs.push(output as Output)
      return 'wanted' as const
    }
    return this.#follow(made, noted, end) as Yielded<Output | undefined>
  }

  /** What waits for the crawl does not keep its time from passing. */
  readonly #outside = async <Value>(wait: () => Promise<Value>): Promise<Value> => {
    this.#busy--
    try {
      return await wait()
    } finally {
      this.#busy++
    }
  }

  /** The same values, noted. What cannot be iterated is handed on as it is: the crawl says what is wrong with it. */
  #follow(
    made: unknown,
    note: (value: unknown) => 'wanted' | 'unwanted' | 'last',
    end: (error: unknown, isWhole: boolean) => void = () => {},
  ): unknown {
    const iterator = iteratorOf(made)
    if (!iterator) return made
    let isOver = false
    const step = async (): Promise<IteratorResult<unknown>> => {
      if (isOver) return { done: true, value: undefined }
      this.#busy++
      try {
        const result = await iterator.next()
        const value: unknown = await result.value
        if (result.done) {
          isOver = true
          end(undefined, true)
        } else if (value !== undefined && value !== null) {
          this.progress++
          const opinion = note(value)
          if (opinion === 'unwanted') return { done: false, value: undefined }
          isOver = opinion === 'last'
          if (isOver) await iterator.return?.()
        }
        return { done: result.done === true, value }
      } catch (error) {
        isOver = true
        end(error, true)
        throw error
      } finally {
        this.#busy--
      }
    }
    return {
      [Symbol.asyncIterator]: () => ({
        next: step,
        return: async () => {
          if (!isOver) end(undefined, false)
          isOver = true
          await iterator.return?.()
          return { done: true, value: undefined }
        },
      }),
    }
  }
}

type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>

function iteratorOf(value: unknown): AnyIterator | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { [Symbol.asyncIterator]: later, [Symbol.iterator]: now } = value as Partial<
    AsyncIterable<unknown> & Iterable<unknown>
  >
  return later?.call(value) ?? now?.call(value)
}
