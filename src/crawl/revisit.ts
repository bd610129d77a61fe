import type { VisitMemo } from '../contracts/frontier.ts'
import type { HttpResponse } from '../contracts/outcome.ts'

/**
 * Visiting a page again (RFC 9110, section 13): the validators of the last visit go out with the request, a 304 or the
 * same bytes mean that nothing has changed, and what this visit found is kept for the next one.
 */

/** Headers that ask for the page only if it has changed. */
export function conditionsOf(memo: VisitMemo | undefined): Record<string, string> {
  return {
    ...(memo?.etag !== undefined && { 'if-none-match': memo.etag }),
    ...(memo?.lastModified !== undefined && { 'if-modified-since': memo.lastModified }),
  }
}

/** What to keep of this visit. `now` in wall-clock milliseconds. */
export function memoOf(
  response: HttpResponse,
  digest: string,
  before: VisitMemo | undefined,
  now: number,
): VisitMemo {
  const { status } = response
  if (status === 304 && before) return { ...before, ...validatorsOf(response), fetchedAt: now }
  const isSame = before !== undefined && before.digest === digest
  return { ...validatorsOf(response), digest, fetchedAt: now, changedAt: isSame ? before.changedAt : now }
}

/** Whether the page is as it was at the visit before. */
export function isUnchanged(memo: VisitMemo, before: VisitMemo | undefined): boolean {
  return before !== undefined && memo.changedAt === before.changedAt
}

function validatorsOf({ headers }: HttpResponse): Pick<VisitMemo, 'etag' | 'lastModified'> {
  const etag = one(headers.etag)
  const lastModified = one(headers['last-modified'])
  return { ...(etag !== undefined && { etag }), ...(lastModified !== undefined && { lastModified }) }
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}
