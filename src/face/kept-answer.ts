import type { TaskResult } from '../contracts/job.ts'
import type { HttpResponse, Verdict } from '../contracts/outcome.ts'

type Won = TaskResult & { ok: true }

/** What was answered in an earlier run, as the result of a task that nobody had to run. */
export function resultOf(response: HttpResponse): Won {
  const verdict: Verdict = { kind: response.status < 400 ? 'success' : 'final', reason: 'accepted' }
  const nothing = { attempts: 0, hedges: 0, elapsedMs: 0, busyMs: 0 }
  return { ok: true, response, verdict, proxy: 'cache', ...nothing }
}

/** A refusal that its caller takes for an answer is none for those who come later. */
export function isWorthKeeping({ verdict, response: { status }, trust }: Won): boolean {
  const isAnswer = verdict.reason !== 'accepted' || status < 400 || status === 404 || status === 410
  return isAnswer && trust !== 'contested'
}
