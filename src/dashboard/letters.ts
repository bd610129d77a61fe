import { redact, redactHeaders } from '../base/redact.ts'
import type { DeadLetter } from '../contracts/frontier.ts'
import type { DeadGroup, DeadGroups, DeadRow } from './protocol.ts'

/** Dead letters as the page shows them. Their texts come from pages and from sources: URLs and sentences go without secrets. */
export type LetterGroups = Map<string, { count: number; readonly detail: string; readonly example: string }>

const mostReasons = 200

export function countLetter(groups: LetterGroups, reason: string, detail: string, example: string): void {
  const known = groups.get(reason)
  if (known) known.count++
  else if (groups.size < mostReasons) groups.set(reason, { count: 1, detail, example })
}

export function groupsOf(groups: LetterGroups, at: number, isWhole: boolean): DeadGroups {
  const rows: DeadGroup[] = [...groups].map(([reason, group]) => ({ reason, ...group }))
  rows.sort((a, b) => b.count - a.count)
  return { at, groups: rows, total: rows.reduce((sum, { count }) => sum + count, 0), isWhole }
}

export function rowOfLetter(
  crawl: string,
  { request, reason, attempts, heads, setAside = [], at }: DeadLetter,
): DeadRow {
  return {
    crawl,
    id: request.id,
    url: redact(request.url),
    method: request.method,
    depth: request.depth,
    foundOn: request.referrer === undefined ? null : redact(request.referrer),
    at,
    attempts,
    reason: { ...reason, detail: redact(reason.detail) },
    heads: heads.map((head) => ({ ...head, ...(head.headers && { headers: redactHeaders(head.headers) }) })),
    setAside,
    body: heads.at(-1)?.body ?? null,
    task: null,
  }
}
