import type { Problem } from '../../contracts/error-values.ts'
import type { RequestLife } from '../../contracts/explanation.ts'
import type { FailureSpot } from '../../contracts/frontier.ts'
import type { Page } from '../../contracts/page.ts'
import type { RequestInput } from '../../contracts/request.ts'
import type { Edge } from '../../contracts/source.ts'
import type { Unmatched } from './unmatched.ts'

/** What came of one page: everything that `regatta try` shows, as data. */
export interface Tried {
  /** What was asked for. */
  readonly url: string
  /** The source's name. */
  readonly source: string
  /** The label of the request, which says who reads its page. */
  readonly label: string | undefined
  /** The answer; undefined where none came. */
  readonly answer: Answer | undefined
  /** The page as `parse` got it; undefined where it did not come so far. */
  readonly page: Page | undefined
  /** How it was asked for; undefined where nobody was asked, as with a page that was kept. */
  readonly life: RequestLife | undefined
  /** As the schema made them, with their kind where the source has several. */
  readonly items: readonly unknown[]
  readonly refused: readonly RefusedItem[]
  readonly edges: readonly Edge[]
  readonly requests: readonly YieldedRequest[]
  /** Links of `follow` that are no web addresses. */
  readonly dropped: number
  readonly skipped: readonly Skipped[]
  readonly unmatched: readonly Unmatched[]
  /** Lines that the source has written by `context.log`. */
  readonly logged: readonly string[]
  /** Why there is no page, or why it could not be read. */
  readonly failure: Failure | undefined
}

/** The head of an answer, and how it came. */
export interface Answer {
  /** The URL that answered, after redirects. */
  readonly url: string
  readonly status: number
  readonly mimeType: string
  readonly encoding: string
  /** Bytes of the body, decoded. */
  readonly size: number
  /** Label of the proxy, `direct`, `cache`, or the file that it was read from. */
  readonly via: string
  /** Milliseconds in which it was asked for. */
  readonly elapsedMs: number
}

/** An item that does not fit its schema. */
export interface RefusedItem {
  readonly value: unknown
  readonly message: string
  readonly issues: readonly Problem[]
}

/** A request that `parse` has yielded. */
export interface YieldedRequest {
  /** Absolute. */
  readonly url: string
  readonly label: string | undefined
  /** The rest of it: method, data, priority, … */
  readonly rest: Partial<Omit<RequestInput, 'url' | 'label'>>
  /** Why a crawl would not ask for it; undefined where it would. */
  leftOut: string | undefined
}

/** What the source itself has left out, and why. */
export interface Skipped {
  readonly reason: string
  readonly detail: string
  /** The links that are left out; undefined for the page itself. */
  readonly links: readonly string[] | undefined
}

/** Why there is no page, or why it could not be read. */
export interface Failure extends FailureSpot {
  /** `parse`: it came, and could not be read. `page`: it did not come. `skipped`: it was not asked for. */
  readonly of: 'parse' | 'page' | 'skipped'
  /** A slug: `source-failed`, `blocked-everywhere`, `robots`, … */
  readonly code: string
  readonly detail: string
}

/** Whether the page gave anything, and everything of it fits. */
export type Finding = 'found' | 'nothing' | 'set-aside' | 'failed'

export function findingOf({ failure, items, edges, requests, refused }: Tried): Finding {
  if (failure) return 'failed'
  if (refused.length > 0) return 'set-aside'
  return items.length + edges.length + requests.length > 0 ? 'found' : 'nothing'
}
