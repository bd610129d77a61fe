import type { SqliteHost } from './sqlite-host.ts'

/** A request in the queue, as it stands in memory between the file and its lease. `due` in clock milliseconds. */
export interface Row {
  readonly host: SqliteHost
  readonly lane: number
  readonly due: number
  /** Order of discovery; tells rows apart. */
  readonly seq: number
  readonly attempts: number
  readonly faults: number
  readonly url: string
  readonly rest: string
  readonly memo: string | null
  /** What earlier tries have put out, as JSON. */
  readonly kept: string | null
  /** What is to be corrected, as JSON: it was recalled, and stands in that table. */
  readonly correction: string | null
}

/** A place in a host's order. */
export type Key = Pick<Row, 'lane' | 'due' | 'seq'>

export const start: Key = { lane: 0, due: Number.NEGATIVE_INFINITY, seq: 0 }
export const end: Key = { lane: Number.POSITIVE_INFINITY, due: 0, seq: 0 }

/** The lower lane goes first, then the longer due, then the first discovered. */
export function isBefore(one: Key, other: Key): boolean {
  if (one.lane !== other.lane) return one.lane < other.lane
  return one.due !== other.due ? one.due < other.due : one.seq < other.seq
}
