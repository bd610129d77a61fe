import type { CrawlRequest } from '../contracts/request.ts'
import type { Trust } from '../contracts/trust.ts'
import type { CrawlWorld } from './crawl-world.ts'
import { Reasons, type Rejection } from './reasons.ts'

/** Why a page was not asked for, or was left out when it had come. */
export interface Skip {
  /** A stable slug: `robots`, `scope`, `canonical`, `duplicate`, `trap`, `noindex`, `limit`, … */
  readonly reason: string
  /** A sentence without its full stop. */
  readonly detail: string
}

/** What is told of a page that has come, beside what its settlement counts. */
export interface PageReport {
  readonly status: number
  readonly via: string
  readonly attempts: number
  /** Milliseconds from the first attempt to the answer. */
  readonly elapsedMs: number
  readonly trust: Trust
  /** Requests that it yielded, known ones included. */
  readonly links: number
  /** As it was at the visit before. */
  readonly unchanged: boolean
  readonly skip?: Skip | undefined
}

const mostEmptyNamed = 100

/** Tells of every request that ended well: an event for each, and counts by reason for the summary. */
export class Reporter {
  readonly #world: CrawlWorld
  readonly #crawl: string
  readonly #leftOut = new Reasons()
  readonly #empty: string[] = []

  constructor(world: CrawlWorld, crawl: string) {
    this.#world = world
    this.#crawl = crawl
  }

  /** Pages that were not asked for, or were left out when they had come; of this run, most first. */
  leftOut(): readonly Rejection[] {
    return this.#leftOut.list()
  }

  /** The first pages that gave neither items nor requests. */
  get empty(): readonly string[] {
    return this.#empty
  }

  skipped({ id, url, host }: CrawlRequest, { reason, detail }: Skip): void {
    this.#leftOut.add(reason, url)
    this.#world.engine.skipped(host, reason)
    this.#world.emit('request.skipped', { crawl: this.#crawl, request: id, url, host, reason, detail })
    this.#world.emit('log', { crawl: this.#crawl, kind: 'skipped', message: `skipped ${url}: ${detail}` })
  }

  /** A page has come, was read, and is settled. */
  visited(
    request: CrawlRequest,
    report: PageReport,
    { isEmpty, ...found }: { items: number; edges: number; isEmpty: boolean },
  ): void {
    const { id, url, host } = request
    const { skip, ...told } = report
    this.#world.emit('request.done', { crawl: this.#crawl, request: id, url, host, ...told, ...found })
    if (skip) this.skipped(request, skip)
    if (isEmpty && this.#empty.length < mostEmptyNamed) this.#empty.push(url)
  }
}

/** Neither outputs nor requests, and nobody said why. */
export function isEmpty({ links, unchanged, skip }: PageReport, outputs: number): boolean {
  return outputs + links === 0 && !unchanged && skip === undefined
}
