import { jsonForm, NoJsonForm } from '../../base/json-form.ts'
import type { Page } from '../../contracts/page.ts'
import type { RequestInput } from '../../contracts/request.ts'
import type { Output, Source, SourceContext } from '../../contracts/source.ts'
import { outputsOf } from '../../crawl/outputs.ts'
import { standingFor } from '../../source/define-source.ts'
import type { RefusedItem, Skipped, YieldedRequest } from './tried.ts'
import { type SelectorWatch, watchSelectors } from './unmatched.ts'

/**
 * The source that is tried, as one that asks for a single page: what it yields goes to the crawl as usual, which says what
 * would become of it, and is written down here.
 */
export class WatchedParse {
  page: Page | undefined
  readonly items: unknown[] = []
  readonly refused: RefusedItem[] = []
  readonly edges: Extract<Output, { kind: 'edge' }>['value'][] = []
  readonly requests: YieldedRequest[] = []
  readonly skipped: Skipped[] = []
  dropped = 0
  #selectors: SelectorWatch | undefined
  readonly #source: Source
  readonly #fetched: FetchMemory
  readonly #asksRobots: () => boolean

  constructor(source: Source, fetched: FetchMemory, asksRobots: () => boolean) {
    this.#source = source
    this.#fetched = fetched
    this.#asksRobots = asksRobots
  }

  get unmatched() {
    return this.#selectors?.list() ?? []
  }

  /** Undefined `ask`: the first request of the source's own seeds. */
  source(ask: RequestInput | undefined): Source {
    const own = this.#source
    const parse = (page: Page, context: SourceContext) => this.#parse(page, context)
    return {
      ...own,
      parse: standingFor(own.parse, parse),
      async *seeds(params, context) {
        if (ask) return yield ask
        for await (const seed of own.seeds(params, context)) return yield seed
      },
      admit(request, params, from) {
        if (request.depth > 0) return { reason: 'not-tried', detail: 'one page is tried' }
        return own.admit?.(request, params, from)
      },
    }
  }

  async *#parse(page: Page, context: SourceContext): AsyncGenerator<Output> {
    this.page = page
    this.#selectors = watchSelectors(page)
    for await (const output of outputsOf(this.#source, page, this.#fetched.around(context))) {
      this.#take(output)
      yield output
    }
    if (this.#asksRobots()) await this.#askRobots(page, context)
  }

  #take(output: Output): void {
    if (output.kind === 'item') this.#takeItem(output.value)
    else if (output.kind === 'edge') this.edges.push(output.value)
    else if (output.kind === 'refused') {
      const { value, error } = output
      const issues = error.code === 'ITEM_INVALID' ? error.value.issues : []
      this.refused.push({ value, message: error.message, issues })
    } else if (output.kind === 'skipped') {
      const { reason, detail, links } = output
      this.skipped.push({ reason, detail, links })
    } else {
      this.dropped += output.dropped
      for (const { url, label, ...rest } of output.requests)
        this.requests.push({ url: String(url), label, rest, leftOut: undefined })
    }
  }

  /** A crawl sets aside what no file could hold. */
  #takeItem(value: unknown): void {
    try {
      jsonForm(value)
      this.items.push(value)
    } catch (error) {
      if (!(error instanceof NoJsonForm)) throw error
      this.refused.push({ value, message: `it cannot be written as JSON: ${error.message}`, issues: [] })
    }
  }

  /** Of the page's own site alone, whose robots.txt was read for the page itself. */
  async #askRobots({ url }: Page, { allows }: SourceContext): Promise<void> {
    const { origin } = new URL(url)
    for (const request of this.requests.slice(0, mostAsked)) {
      if (URL.parse(request.url)?.origin !== origin) continue
      if ((await allows?.(request.url)) === false) request.leftOut ??= 'robots.txt disallows it'
    }
  }
}

const mostAsked = 1_000

/** What `parse` has fetched besides its page, so that it need not be asked for each time that the page is read again. */
export class FetchMemory {
  readonly #answers = new Map<string, Promise<Response>>()

  around(context: SourceContext): SourceContext {
    return {
      ...context,
      fetch: async (url, init = {}) => {
        const { body, method, headers } = init
        // What has a body of parts or bytes is asked each time.
        if (typeof body === 'object' && !(body instanceof URLSearchParams)) return context.fetch(url, init)
        const key = JSON.stringify([url, method, body?.toString(), headers])
        const asked = this.#answers.get(key) ?? context.fetch(url, init)
        this.#answers.set(key, asked)
        asked.catch(() => this.#answers.delete(key))
        return (await asked).clone()
      },
    }
  }
}
