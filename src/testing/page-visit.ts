import { jsonForm, NoJsonForm } from '../base/json-form.ts'
import type { HttpResponse } from '../contracts/outcome.ts'
import type { Page } from '../contracts/page.ts'
import type { CrawlRequest } from '../contracts/request.ts'
import type { Output, Source } from '../contracts/source.ts'
import { createPage } from '../source/page.ts'
import type { ContextMemory } from './context-memory.ts'

/** One page that a source has read in a test: enough of it to read it again, and what came of it. */
export interface PageVisit {
  readonly request: CrawlRequest
  /** Makes the page as it was: nothing of an earlier reading is in it. */
  readonly again: () => Page
  readonly url: string
  readonly status: number
  /** What it yielded, in order. */
  readonly outputs: Output[]
  /** What `parse` threw; undefined where it came to its end. */
  error: unknown
  /** It was heard out: nobody stopped it in between. */
  isWhole: boolean
  /** What `parse` has changed of what it was given: `page.params`, … */
  changed: string | undefined
  readonly memory: ContextMemory
}

/** What `again` needs is copied before `parse` has a chance to change it. */
export function rememberPage(
  source: Source,
  page: Page,
): Pick<PageVisit, 'request' | 'again' | 'url' | 'status'> {
  const { url, status, via, attempts, trust, fetchedAt, previous } = page
  const request = copyOf(page.request)
  const headers = copyOf(page.headers)
  const { params } = page
  const response: Omit<HttpResponse, 'body'> = {
    ...{ kind: 'response', url, status, headers, redirects: [], forwarded: false },
    ...{ connectMs: 0, firstByteMs: 0, totalMs: 0, bytes: page.bytes, reused: false, verified: false },
  }
  const again = () =>
    createPage({
      ...{ source, params, via, attempts, trust, fetchedAt, previous },
      request: copyOf(request),
      response: { ...response, headers: copyOf(headers), body: page.body.slice() },
    })
  return { request, again, url, status }
}

/** Looks at what a page was made of, to find out later whether `parse` has changed it. */
export function sealOf(page: Page): () => string | undefined {
  const parts = ['params', 'headers', 'request'] as const
  const before = parts.map((part) => textOf(page[part]))
  return () => parts.find((part, at) => textOf(page[part]) !== before[at])
}

function copyOf<Value>(value: Value): Value {
  try {
    return structuredClone(value)
  } catch {
    return value // a function in the data of a request: it is told elsewhere
  }
}

function textOf(value: unknown): string {
  try {
    return JSON.stringify(jsonForm(value)) ?? ''
  } catch (error) {
    if (error instanceof NoJsonForm) return ''
    throw error
  }
}
