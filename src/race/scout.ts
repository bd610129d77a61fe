import type { ProxyLease } from '../contracts/lease.ts'
import type { FetchRequest } from '../contracts/request.ts'
import type { Pool } from '../router/pool.ts'
import type { RaceTally } from './tally.ts'

/**
 * Is the host ill, or the page? While a host is held to be down its canaries are the requests that wait. When all of
 * those are pages that hang on every proxy, their failures pass for an outage that never ends. So every second canary of
 * a task that has only failed asks for a page that was good when it came last: if that one comes, the host is alive, and
 * the task's own failures are its own. Undefined: ask for the task's own page.
 */
export function scoutFor(
  request: FetchRequest,
  { why }: ProxyLease,
  pool: Pool,
  tally: RaceTally,
): FetchRequest | undefined {
  const { goodUrl } = pool.record
  const { canaries } = pool.record.health
  if (why !== 'canary' || goodUrl === undefined || goodUrl === request.url) return undefined
  if (canaries % 2 === 0 || !tally.hasFaulted || request.session !== undefined) return undefined
  const { headers, elsewhere, allowPrivate } = request
  return { url: goodUrl, method: 'GET', headers, elsewhere, allowPrivate, idempotent: true }
}
