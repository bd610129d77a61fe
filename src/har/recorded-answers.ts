import { redact } from '../base/redact.ts'
import type { HarArchive, LeftOutEntry, RecordedExchange } from '../contracts/recording.ts'
import type { FetchRequest } from '../contracts/request.ts'
import { redactUrl } from './redaction.ts'
import { type AskedFor, bodylessKey, keysOfRequest } from './request-keys.ts'

/**
 * The answers of some archives, by what was asked. Several answers to one request come in the order in which they were
 * recorded, and the last one again and again. Where a crawl has recorded them, only those count that it took: what bad
 * proxies brought besides is in the file, and is no page.
 */
export class RecordedAnswers {
  readonly #archives: readonly HarArchive[]
  /** A table for each way to compare, the strictest first. */
  readonly #tables: readonly Map<string, Series>[]
  /** Recorded requests whose body nobody knows. */
  readonly #bodyless: Map<string, Series>
  readonly #all: readonly RecordedExchange[]

  constructor(archives: readonly HarArchive[]) {
    this.#archives = archives
    this.#all = archives.flatMap(({ exchanges }) => exchanges)
    const whole = this.#all.filter((exchange) => exchange.error === undefined && !exchange.isBodyUnknown)
    this.#tables = keysOfRequest.map((keyOf) => seriesBy(whole, (exchange) => keyOf(askedFor(exchange))))
    const rest = this.#all.filter((exchange) => exchange.isBodyUnknown)
    this.#bodyless = seriesBy(rest, (exchange) => bodylessKey(exchange))
  }

  /** The next answer to this request, or in a sentence why there is none. */
  take(request: FetchRequest): RecordedExchange | string {
    const asked = { ...request, contentType: request.headers['content-type'] }
    const mayBeUnchanged = 'if-none-match' in request.headers || 'if-modified-since' in request.headers
    for (const [index, keyOf] of keysOfRequest.entries()) {
      const found = this.#tables[index]!.get(keyOf(asked))
      if (found) return found.take(mayBeUnchanged) ?? this.#unusable(asked, found)
    }
    return this.#bodyless.get(bodylessKey(asked))?.take(mayBeUnchanged) ?? this.#missing(asked)
  }

  /** What is there for it is not the page, or says that the page had not changed. */
  #unusable(asked: AskedFor, { passedOver }: Series): string {
    const what = `${shown(asked)} is in ${this.#names}`
    return passedOver === undefined
      ? `${what} only as "not modified", without the page; record it with an empty cache`
      : `${what} only with answers that its crawl did not take: ${passedOver}`
  }

  #missing(asked: AskedFor): string {
    const what = shown(asked)
    const key = bodylessKey(asked)
    const left = this.#archives.flatMap(({ name, leftOut }) =>
      leftOut.filter((entry) => keyOfLeftOut(entry) === key).map(({ reason }) => ({ name, reason })),
    )[0]
    if (left) return `${what} is in ${left.name} without an answer: ${left.reason}`
    if (this.#all.some((exchange) => exchange.error === undefined && bodylessKey(exchange) === key))
      return `${what} is in ${this.#names} with another body only`
    const failed = this.#all.find((exchange) => bodylessKey(exchange) === key)
    if (failed) return `${what} is in ${this.#names} without an answer: ${failed.error}`
    const near = nearestTo(asked, this.#all)
    const hint = near ? `; the nearest there is ${shown(near)}` : ''
    return `${what} is not in ${this.#names}${hint}`
  }

  get #names(): string {
    const names = this.#archives.map(({ name }) => name)
    return names.length > 3
      ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`
      : names.join(', ')
  }
}

/** Answers to what counts as one request. */
class Series {
  /** Why none of them counts, if none does. */
  readonly passedOver: string | undefined
  readonly #answers: readonly RecordedExchange[]
  #next = 0

  constructor(answers: readonly RecordedExchange[]) {
    const taken = answers.filter(({ passedOver }) => passedOver === undefined)
    // A page that failed in the recording fails again. What stood in its place, such as a captcha, is not read as the page.
    this.#answers = taken.length > 0 ? taken : answers.filter(({ status }) => status >= 400)
    this.passedOver = taken.length > 0 ? undefined : answers.at(-1)?.passedOver
  }

  /** A 304 is an answer to those who have the page. Undefined when there is no other. */
  take(mayBeUnchanged: boolean): RecordedExchange | undefined {
    const fits = ({ status }: RecordedExchange) => mayBeUnchanged || status !== 304
    const answers = this.#answers
    let at = this.#next
    while (at < answers.length && !fits(answers[at]!)) at++
    if (at === answers.length) return answers.findLast(fits)
    this.#next = at + 1
    return answers[at]
  }
}

function seriesBy(
  exchanges: readonly RecordedExchange[],
  keyOf: (exchange: RecordedExchange) => string,
): Map<string, Series> {
  const groups = Map.groupBy(exchanges, keyOf)
  return new Map([...groups].map(([key, group]) => [key, new Series(group)]))
}

function askedFor({ method, url, requestBody, requestHeaders }: RecordedExchange): AskedFor {
  return { method, url, body: requestBody, contentType: requestHeaders['content-type'] }
}

/** For messages. */
export function shown({ method, url, unseen }: Pick<AskedFor, 'method' | 'url' | 'unseen'>): string {
  return `${method} ${redact(unseen ? redactUrl(url, unseen) : url)}`
}

function keyOfLeftOut({ method, url }: LeftOutEntry): string {
  return bodylessKey({ method, url })
}

/** More are not looked at. */
const mostCompared = 20_000

/** What shares its host and the longest beginning. */
function nearestTo(
  { method, url }: AskedFor,
  exchanges: readonly RecordedExchange[],
): RecordedExchange | undefined {
  const origin = URL.parse(url)?.origin
  let nearest: RecordedExchange | undefined
  let most = 0
  for (const exchange of exchanges.slice(0, mostCompared)) {
    if (origin === undefined || !exchange.url.startsWith(`${origin}/`)) continue
    const score = sharedLength(exchange.url, url) + (exchange.method === method ? 0.5 : 0)
    if (score > most) [nearest, most] = [exchange, score]
  }
  return nearest
}

function sharedLength(one: string, other: string): number {
  let length = 0
  while (length < one.length && one[length] === other[length]) length++
  return length
}
