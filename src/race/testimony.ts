import type { FetchRequest } from '../contracts/request.ts'
import type { Testimony, Trust } from '../contracts/trust.ts'
import { kindOf, kinds } from '../trust/kind.ts'
import type { JudgedAttempt } from './judge.ts'

/**
 * An answer that is handed over, as it is kept by a crawl until its exit was judged once more. Comparing it with what another exit
 * brings later takes one request, and judges both; without the answer it takes two.
 */
export interface KeptTestimony extends Testimony {
  readonly judged: JudgedAttempt | undefined
}

/** Bytes of a body above which it is not kept. */
const mostBytes = 1024 * 1024

/** Undefined where it could not be asked for again, or nothing would follow from it. */
export function testimonyOf(
  judged: JudgedAttempt,
  request: FetchRequest,
  trust: Trust,
): KeptTestimony | undefined {
  const { exchange, lease } = judged
  const isDoubtful = trust === 'proven' || trust === 'unproven' || trust === 'agreed'
  if (!isDoubtful || exchange.kind !== 'response' || request.method !== 'GET') return undefined
  const isGone = exchange.file !== undefined || exchange.body.length > mostBytes
  return {
    proxy: lease.endpoint.id,
    request,
    size: isGone ? 0 : exchange.body.length,
    isGone,
    isEnd: kindOf(request.url, exchange) === kinds.end,
    judged: isGone ? undefined : judged,
  }
}

/** The answer that is to be compared, and the number of the exit that has brought it: it may have left meanwhile. */
export function answerOf(testimony: Testimony): JudgedAttempt | undefined {
  return (testimony as KeptTestimony).judged
}

/** Its URL and its exit, to be asked anew. */
export function withoutAnswer({ proxy, request, isEnd }: Testimony): Testimony {
  return { proxy, request, isEnd, size: 0, isGone: true }
}
