import { messageOf, RegattaError } from '../contracts/errors.ts'
import type { SourceContext } from '../contracts/source.ts'
import type { SourceFetch } from '../contracts/source-session.ts'

/**
 * What a source asks its context while it reads one page, and what it was told: so that the page can be read again, by
 * itself and after its crawl, with the same answers.
 */
export class ContextMemory {
  readonly #answers: { readonly question: string; readonly give: () => unknown }[] = []
  readonly #context: SourceContext

  readonly #input: string | undefined

  constructor(context: SourceContext, { env, input }: GivenContext = {}) {
    this.#context = env === undefined ? context : { ...context, env }
    this.#input = input
  }

  /** What is piped in is there for each reading anew. */
  get #plain(): SourceContext {
    const input = this.#input
    return input === undefined ? this.#context : { ...this.#context, input: once(input) }
  }

  /** The context of the crawl, listened to. `outside` runs what waits for the crawl, and not for the source's own code. */
  listen(outside: <Value>(wait: () => Promise<Value>) => Promise<Value>): SourceContext {
    const ask = async <Value>(
      question: string,
      wait: () => Promise<Value>,
      copies: (value: Value) => Promise<() => Value>,
    ): Promise<Value> => {
      try {
        const value = await outside(wait)
        this.#answers.push({ question, give: await copies(value) })
        return value
      } catch (error) {
        this.#answers.push({
          question,
          give: () => {
            throw error
          },
        })
        throw error
      }
    }
    const same =
      async <Value>(value: Value) =>
      () =>
        value
    const { fetch, sitemaps, allows } = this.#context
    return {
      ...this.#plain,
      fetch: (url, init) => ask(nameOf(url, init), () => fetch(url, init), copiesOf),
      sitemaps: (origin) => ask(`sitemaps of ${origin}`, () => sitemaps(origin), same),
      ...(allows && { allows: (url) => ask(`allows ${url}`, () => allows(url), same) }),
    }
  }

  /** The same answers once more, in any order; what was not asked before is refused. Nothing is logged. */
  repeat(): SourceContext {
    const left = [...this.#answers]
    const answer = async (question: string) => {
      const at = left.findIndex((each) => each.question === question)
      if (at < 0) {
        const sentence = `The first time it did not ask for ${question}, the second time it does.`
        throw new RegattaError('SOURCE_FAILED', sentence)
      }
      return left.splice(at, 1)[0]!.give()
    }
    return {
      ...this.#plain,
      fetch: (url, init) => answer(nameOf(url, init)) as Promise<Response>,
      sitemaps: (origin) => answer(`sitemaps of ${origin}`) as Promise<readonly string[]>,
      allows: (url) => answer(`allows ${url}`) as Promise<boolean>,
      signal: new AbortController().signal,
      log: () => {},
    }
  }
}

/** What a test gives in place of what the crawl would. */
export interface GivenContext {
  readonly env?: SourceContext['env']
  /** The whole of it. */
  readonly input?: string | undefined
}

async function* once(text: string): AsyncGenerator<string> {
  yield text
}

function nameOf(url: string | URL, { method = 'GET', body }: SourceFetch = {}): string {
  const sent = typeof body === 'string' || body instanceof URLSearchParams ? ` with ${String(body)}` : ''
  return `${method.toUpperCase()} ${String(url)}${sent}`
}

/** Makes as many answers of one as are wanted; the one itself stays unread. */
async function copiesOf(response: Response): Promise<() => Response> {
  const { status, statusText, url } = response
  const headers = [...response.headers]
  let body: ArrayBuffer | undefined
  try {
    body = await response.clone().arrayBuffer()
  } catch (error) {
    throw new RegattaError('SOURCE_FAILED', `The answer of ${url} cannot be read: ${messageOf(error)}.`, {
      cause: error,
    })
  }
  return () => {
    const content = body !== undefined && body.byteLength > 0 ? body.slice(0) : null
    const copy = new Response(content, { status, statusText, headers })
    // One that was made by hand has none.
    return Object.defineProperty(copy, 'url', { value: url })
  }
}
