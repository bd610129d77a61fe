import type { VerdictKind } from '../../contracts/outcome.ts'
import { byStatus } from '../verdicts.ts'
import type { Rule } from '../view.ts'

/**
 * Rows 39–42 and 45: what is left when no other rule knew better. A 4xx is the host's lasting answer about this page,
 * save for those that speak of the moment (408, 421, 425, 499) or of the visitor (403, 407 within a tunnel, and the
 * statuses that firewalls invented: 418, 430, 456, 498, 999).
 */
const exceptions = new Map<number, VerdictKind>([
  [403, 'blocked'],
  [407, 'blocked'],
  [418, 'blocked'],
  [430, 'blocked'],
  [456, 'blocked'],
  [498, 'blocked'],
  [999, 'blocked'],
  [408, 'transient'],
  [421, 'transient'],
  [425, 'transient'],
  [499, 'transient'],
])

export const statusRule: Rule = {
  name: 'status',
  judge({ status }) {
    const exception = exceptions.get(status)
    if (exception !== undefined) return byStatus(exception, status)
    if (status >= 400 && status < 500) return byStatus('final', status)
    if (status >= 500 && status < 600) return byStatus('target', status)
    return status >= 200 && status < 400 ? undefined : byStatus('transient', status)
  },
}
