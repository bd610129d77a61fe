import { sniffMime } from '../../base/sniff-mime.ts'
import type { HttpCache } from '../../contracts/cache.ts'
import type { CrawlOptions } from '../../contracts/crawl.ts'
import type { RequestDead, RequestRejected, RequestSkipped } from '../../contracts/crawl-events.ts'
import type { LogLine } from '../../contracts/events.ts'
import type { RequestLife } from '../../contracts/explanation.ts'
import type { HttpResponse } from '../../contracts/outcome.ts'
import type { RequestInput } from '../../contracts/request.ts'
import { sizeOfBody } from '../../contracts/response-body.ts'
import type { Source } from '../../contracts/source.ts'
import type { Crawler } from '../../face/crawler.ts'
import { listen } from '../../observe/observed.ts'
import { documentEncoding } from '../../source/charset.ts'
import type { Answer, Failure, Tried } from './tried.ts'
import { KeptAnswer } from './tried-answer.ts'
import { FetchMemory, WatchedParse } from './watched-parse.ts'

/** Whose page is tried, and which one. */
export interface Trial {
  readonly source: Source
  readonly params: unknown
  /** Default: the first that the source's seeds yield. */
  readonly ask: RequestInput | undefined
}

export interface TrySessionParts {
  readonly crawler: Crawler
  /** Options of the crawl that it is: what is blocked, whether traps are looked for. */
  readonly options: CrawlOptions
  /** Of `--cache`. */
  readonly file: HttpCache | undefined
  /** The file that the page is read from; undefined where it is asked for. */
  readonly savedAs: string | undefined
  wall(): number
}

/**
 * Tries pages with one crawler. Each try is a crawl of one page, so that everything holds that holds there: gates, proxies,
 * verdicts, sessions. `again` reads the page that is kept.
 */
export class TrySession {
  readonly #parts: TrySessionParts
  readonly #fetched = new FetchMemory()
  #kept: KeptAnswer
  /** How the page came that is kept. */
  #came:
    | { readonly via: string; readonly elapsedMs: number; readonly life: RequestLife | undefined }
    | undefined
  #abort = new AbortController()

  constructor(parts: TrySessionParts) {
    this.#parts = parts
    this.#kept = this.#empty()
  }

  /** Another page. Rejects with what makes a crawl fail: no proxy answers, seeds that throw. */
  async fetch(trial: Trial): Promise<Tried> {
    this.#kept = this.#empty()
    this.#came = undefined
    return this.#crawl(trial)
  }

  /** The page that is kept, by a source that may have changed; asked for where none has come yet. */
  again(trial: Trial): Promise<Tried> {
    return this.#crawl(trial)
  }

  /** Ends what is under way. */
  stop(): void {
    this.#abort.abort()
  }

  #empty(): KeptAnswer {
    return new KeptAnswer(this.#parts.file, this.#parts.wall)
  }

  async #crawl({ source, params, ask }: Trial): Promise<Tried> {
    const { crawler, options, savedAs } = this.#parts
    const isKept = this.#kept.answer !== undefined
    // Where nobody is asked for the page, nobody is asked for robots.txt.
    const asks = () => savedAs === undefined && !isKept && !this.#kept.isFromFile
    const parse = new WatchedParse(source, this.#fetched, asks)
    const heard = hear(crawler)
    const crawl = crawler.crawl(parse.source(ask), params as never, {
      ...options,
      cache: this.#kept,
      signal: this.#abort.signal,
    })
    try {
      await crawl.run()
    } finally {
      heard.end()
    }
    const life = heard.task === undefined ? undefined : crawler.explain(heard.task)
    const { answer: response } = this.#kept
    if (response) this.#came ??= this.#howItCame(life)
    for (const { url, reason } of heard.rejected) {
      for (const request of parse.requests) if (request.url === url) request.leftOut ??= reason
    }
    const { page, items, refused, edges, requests, skipped, unmatched, dropped } = parse
    return {
      ...{
        source: source.name,
        url: heard.url ?? String(ask?.url ?? ''),
        label: page?.request.label ?? ask?.label,
      },
      answer: response && this.#came && answerOf(response, this.#came),
      life: this.#came ? this.#came.life : life,
      ...{ page, items, refused, edges, requests, skipped, unmatched, dropped },
      logged: heard.logged,
      failure: heard.failure(page !== undefined),
    }
  }

  #howItCame(life: RequestLife | undefined) {
    const { savedAs } = this.#parts
    const won = life?.timeline.find((step) => step.step === 'outcome' && step.attempt === life.answeredBy)
    const outcome = won?.step === 'outcome' ? won : undefined
    const via = savedAs ?? (this.#kept.isFromFile ? 'the cache' : (outcome?.proxy ?? 'direct'))
    const isAsked = savedAs === undefined && !this.#kept.isFromFile
    const elapsedMs = isAsked && life?.settledAt !== undefined ? (outcome?.elapsedMs ?? 0) : 0
    return { via, elapsedMs, life: isAsked ? life : undefined }
  }
}

function answerOf(
  response: HttpResponse,
  came: { readonly via: string; readonly elapsedMs: number },
): Answer {
  const { url, status, headers, body } = response
  const mimeType = sniffMime(headers, body)
  const { via, elapsedMs } = came
  const encoding = documentEncoding(body, headers, mimeType)
  return { url, status, mimeType, encoding, size: sizeOfBody(response), via, elapsedMs }
}

/** What the crawl of one page tells of it. */
function hear(crawler: Crawler) {
  const rejected: RequestRejected[] = []
  const logged: string[] = []
  let first: { readonly request: string; readonly url: string; readonly task: string } | undefined
  let dead: RequestDead | undefined
  let skipped: RequestSkipped | undefined
  const ends = [
    listen(crawler, 'request.taken', (taken) => {
      first ??= taken
    }),
    listen(crawler, 'request.rejected', (each) => rejected.push(each)),
    listen(crawler, 'request.dead', (each) => {
      if (each.request === first?.request) dead = each
    }),
    listen(crawler, 'request.skipped', (each) => {
      if (each.request === first?.request) skipped = each
    }),
    listen(crawler, 'log', ({ kind, message }: LogLine) => {
      if (kind === 'source') logged.push(message)
    }),
  ]
  return {
    rejected,
    logged,
    get task() {
      return first?.task
    },
    get url() {
      return first?.url
    },
    failure(isRead: boolean): Failure | undefined {
      if (dead) {
        // What was set aside is told item by item.
        if (dead.code === 'item-invalid') return undefined
        const { code, detail, where, stack, selector, issues } = dead
        const spot = {
          ...(where && { where }),
          ...(stack && { stack }),
          ...(selector && { selector }),
          ...(issues && { issues }),
        }
        const isParse = isRead || code === 'source-failed' || code === 'page-over-budget'
        return { of: isParse ? 'parse' : 'page', code, detail, ...spot }
      }
      if (!skipped || isRead) return undefined
      return { of: 'skipped', code: skipped.reason, detail: skipped.detail }
    },
    end() {
      for (const end of ends) end()
    },
  }
}
