import type { TaskJob } from '../contracts/job.ts'
import type { HttpResponse } from '../contracts/outcome.ts'
import type { FetchRequest } from '../contracts/request.ts'
import type { Testimony, Trust } from '../contracts/trust.ts'
import { kindOf, kinds } from '../trust/kind.ts'
import type { JudgedAttempt } from './judge.ts'

/**
 * An answer that is handed over, as it is kept by a crawl until its exit was judged once more. Comparing it with what another exit
 * brings later takes one request, and judges both; without the answer it takes two.
 */
class KeptTestimony implements Testimony {
  readonly proxy: string
  readonly request: FetchRequest
  readonly size: number
  readonly isGone: boolean
  readonly judged: JudgedAttempt | undefined
  readonly #response: HttpResponse | undefined

  constructor(judged: JudgedAttempt, request: FetchRequest, response: HttpResponse) {
    this.proxy = judged.lease.endpoint.id
    this.request = request
    this.isGone = response.file !== undefined || response.body.length > mostBytes
    this.size = this.isGone ? 0 : response.body.length
    this.judged = this.isGone ? undefined : judged
    this.#response = this.isGone ? undefined : response
  }

  /** Asked for in an audit alone. What is too large to be kept is a page. */
  get isEnd(): boolean {
    return this.#response !== undefined && kindOf(this.request.url, this.#response) === kinds.end
  }
}

/** Bytes of a body above which it is not kept. */
const mostBytes = 1024 * 1024

/** Undefined where it could not be asked for again, or nobody would keep it: only a page of a crawl can be corrected. */
export function testimonyOf(
  judged: JudgedAttempt,
  { page, request }: TaskJob,
  trust: Trust,
): Testimony | undefined {
  if (page === undefined) return undefined
  const { exchange } = judged
  const isDoubtful = trust === 'proven' || trust === 'unproven' || trust === 'agreed'
  if (!isDoubtful || exchange.kind !== 'response' || request.method !== 'GET') return undefined
  return new KeptTestimony(judged, request, exchange)
}

/** The answer that is to be compared, and the number of the exit that has brought it: it may have left meanwhile. */
export function answerOf(testimony: Testimony): JudgedAttempt | undefined {
  return testimony instanceof KeptTestimony ? testimony.judged : undefined
}

/** Its URL and its exit, to be asked anew. */
export function withoutAnswer({
  proxy,
  request,
  isEnd,
}: Pick<Testimony, 'proxy' | 'request' | 'isEnd'>): Testimony {
  return { proxy, request, isEnd, size: 0, isGone: true }
}
