import type { ParkReason } from '../contracts/events.ts'
import type { TaskJob, TaskResult } from '../contracts/job.ts'
import type { Outcome } from '../contracts/outcome.ts'
import type { HeldFor, Judgement } from '../contracts/trust.ts'
import type { Blame } from '../reputation/blame.ts'
import type { RefusalPenalty } from '../reputation/feedback.ts'
import type { Attempt } from './attempt.ts'
import type { Race } from './race.ts'

/** What the tasks tell of themselves, in the order of a request's way. The trap: it is on the hot path. */
export interface RaceListener {
  accepted(job: TaskJob): void
  /** It waits; `until` in clock ms, undefined when an event must come first. */
  parked(job: TaskJob, reason: ParkReason, until: number | undefined, race: Race): void
  /** It waits for the end of a pause after a failed attempt, or for the resolver of a challenge. */
  rests(job: TaskJob, reason: 'backoff' | 'challenge', until: number): void
  attemptStarted(job: TaskJob, attempt: Attempt): void
  /** It has ended and was judged; `won`: its answer is the task's. */
  attemptFinished(job: TaskJob, attempt: Attempt, outcome: Outcome, blame: Blame, won: boolean): void
  /** It was the page: what its refusals cost these proxies has been given back. */
  forgiven(job: TaskJob, penalties: readonly RefusalPenalty[]): void
  /** Its answer, brought by `proxy`, is held until others have been asked the same. */
  held(job: TaskJob, proxy: string, reason: HeldFor): void
  /** What came of an answer that was held. */
  judged(job: TaskJob, judgement: Judgement): void
  /** Its answer is a redirect, and leads there. */
  redirected(job: TaskJob, to: string): void
  ended(job: TaskJob, result: TaskResult): void
}
