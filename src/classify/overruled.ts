import type { Accept, Acceptance } from '../contracts/acceptance.ts'
import type { Exchange, HttpResponse, Verdict } from '../contracts/outcome.ts'
import { byStatus } from './verdicts.ts'

/** Nobody may take these for a page: the answer shows who we are. */
const neverAccepted = 'leak'

/** A guess that may be wrong of a page that is as it is: where all who are asked bring it, it is. */
const doubtful: ReadonlySet<string> = new Set(['empty-body', 'shape-outlier'])

/** What the caller makes of a verdict. */
export function overruled(verdict: Verdict, exchange: Exchange, { accept }: Acceptance): Verdict {
  if (accept === undefined || exchange.kind === 'fault') return verdict
  const { kind, reason } = verdict
  if (kind === 'success' || reason === neverAccepted) return verdict
  return isAccepted(accept, reason, exchange) ? accepted(exchange) : verdict
}

/** An answer of the host that no rule judges. */
export function unjudged({ status }: HttpResponse): Verdict {
  return status < 400 ? { kind: 'success', reason: 'accepted' } : byStatus('final', status)
}

/** An answer that is taken as it is. */
export function accepted({ status }: HttpResponse): Verdict {
  return { kind: status < 400 ? 'success' : 'final', reason: 'accepted' }
}

export function isDoubtfulReason(reason: string): boolean {
  return doubtful.has(reason)
}

function isAccepted(accept: Accept, reason: string, response: HttpResponse): boolean {
  if (typeof accept === 'function') return accept(response)
  const each = Array.isArray(accept) ? (accept as readonly (number | string)[]) : [accept as number | string]
  return each.some((one) => one === response.status || one === reason)
}
