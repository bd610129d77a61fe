import type { Clock } from '../base/clock.ts'
import type { FrontierOp } from '../contracts/crawl-events.ts'
import type { Frontier } from '../contracts/frontier.ts'
import type { Telling } from '../engine/telling.ts'

/**
 * A frontier whose answers are timed while somebody wants to know: what a crawl waits for, be it a map in memory, a file or a
 * server far away. While nobody listens a call costs one question.
 */
export function timeFrontier(
  own: Frontier,
  crawl: string,
  telling: Pick<Telling, 'isTimed' | 'asked'>,
  clock: Clock,
): Frontier {
  const timed = <Answer>(op: FrontierOp, call: () => Promise<Answer>): Promise<Answer> => {
    if (!telling.isTimed) return call()
    const begun = clock.now()
    const answer = call()
    const tell = (failed: boolean) => telling.asked(crawl, op, clock.now() - begun, failed)
    answer.then(
      () => tell(false),
      () => tell(true),
    )
    return answer
  }
  return {
    discover: (batch) => timed('discover', () => own.discover(batch)),
    take: (options) => timed('take', () => own.take(options)),
    settle: (batch) => timed('settle', () => own.settle(batch)),
    ...(own.claim && { claim: (claim) => timed('claim', () => own.claim!(claim)) }),
    ...(own.isDiscovered && { isDiscovered: (page) => own.isDiscovered!(page) }),
    setHost: (host, policy) => own.setHost(host, policy),
    nextDue: (now) => own.nextDue(now),
    revisit: (now) => timed('revisit', () => own.revisit(now)),
    ...(own.recall && { recall: (batch) => timed('recall', () => own.recall!(batch)) }),
    get outputs() {
      return own.outputs
    },
    side: own.side,
    stats: () => timed('stats', () => own.stats()),
    ...(own.oldestDue && { oldestDue: () => own.oldestDue!() }),
    deadLetters: () => own.deadLetters(),
    revive: (ids) => own.revive(ids),
    flush: () => own.flush(),
    close: () => own.close(),
  }
}
