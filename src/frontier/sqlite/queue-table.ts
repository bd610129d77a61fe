import type { Database, Statement } from '../../sqlite/database.ts'
import type { Key, Row } from './queue-row.ts'
import type { SqliteHost } from './sqlite-host.ts'
import type { WallTime } from './wall-time.ts'

/**
 * The table of what is not settled, clustered by (host, lane, due, seq): a take reads neighbours, and what a page adds to
 * its own host is written side by side.
 */
export class QueueTable {
  readonly #time: WallTime
  readonly #insert: Statement
  readonly #remove: Statement
  readonly #move: Statement
  readonly #read: Statement
  readonly #count: Statement
  readonly #next: Statement
  readonly #recount: Statement
  readonly #holds: Statement

  constructor(database: Database, time: WallTime) {
    this.#time = time
    const row = 'host = ? AND lane = ? AND due = ? AND seq = ?'
    this.#insert = database.prepare(
      'INSERT INTO queue (host, lane, due, seq, attempts, faults, url, rest, memo, kept) VALUES (?,?,?,?,?,?,?,?,?,?)',
    )
    this.#remove = database.prepare(`DELETE FROM queue WHERE ${row}`)
    this.#move = database.prepare(`UPDATE queue SET due = ?, attempts = ?, faults = ? WHERE ${row}`)
    this.#read = database.prepare(
      `SELECT due, seq, attempts, faults, url, rest, memo, kept FROM queue
      WHERE host = ? AND lane = ? AND (due, seq) >= (?, ?) AND due <= ? ORDER BY due, seq LIMIT ?`,
    )
    this.#count = database.prepare(
      'SELECT count(*) AS n FROM queue WHERE host = ? AND lane = ? AND due >= ? AND due <= ?',
    )
    this.#next = database.prepare(
      'SELECT due FROM queue WHERE host = ? AND lane = ? AND due > ? ORDER BY due LIMIT 1',
    )
    this.#recount = database.prepare(
      `SELECT lane, count(*) AS n, sum(due > ?2) AS later, min(CASE WHEN due > ?2 THEN due END) AS next
      FROM queue WHERE host = ?1 GROUP BY lane`,
    )
    this.#holds = database.prepare(`SELECT 1 FROM queue WHERE ${row} AND attempts = ? AND rest = ?`)
  }

  /** Whether the row is in the file as it is here. */
  holds({ host, lane, due, seq, attempts, rest }: Row): boolean {
    return this.#holds.get(host.id, lane, this.#time.toFile(due), seq, attempts, rest) !== undefined
  }

  insert({ host, lane, due, seq, attempts, faults, url, rest, memo, kept }: Row): void {
    this.#insert.run(host.id, lane, this.#time.toFile(due), seq, attempts, faults, url, rest, memo, kept)
  }

  remove({ host, lane, due, seq }: Row): void {
    this.#remove.run(host.id, lane, this.#time.toFile(due), seq)
  }

  /** Gives a row another time and other counts. */
  move({ host, lane, due, seq }: Row, moved: Row): void {
    const { toFile } = this.#time
    this.#move.run(toFile(moved.due), moved.attempts, moved.faults, host.id, lane, toFile(due), seq)
  }

  /** Up to `most` rows of a host that are due at `now`, from a key on, without those that `isLeased`. */
  read(host: SqliteHost, from: Key, now: number, most: number, isLeased: (seq: number) => boolean): Row[] {
    const rows: Row[] = []
    const upto = this.#time.toFile(Math.floor(now))
    for (let lane = from.lane; lane < 8 && rows.length < most; lane++) {
      if ((host.lanes & (1 << lane)) === 0) continue
      const isFirst = lane === from.lane
      let due = isFirst ? this.#time.toFile(from.due) : Number.MIN_SAFE_INTEGER
      let seq = isFirst ? from.seq : 0
      for (;;) {
        const wanted = most - rows.length + host.inFlight
        const found = this.#read.all(host.id, lane, due, seq, upto, wanted) as unknown as FileRow[]
        for (const each of found) {
          if (isLeased(each.seq)) continue
          if (rows.length === most) break
          rows.push({ ...each, host, lane, due: this.#time.toClock(each.due), correction: null })
        }
        const last = found.at(-1)
        if (!last || found.length < wanted || rows.length === most) break
        due = last.due
        seq = last.seq + 1
      }
    }
    return rows
  }

  /** How many rows came due from the host's `nextDue` to `now`, and the lowest lane of those. */
  countRipened(host: SqliteHost, now: number): { count: number; firstLane: number } {
    const from = this.#time.toFile(host.nextDue)
    const upto = this.#time.toFile(Math.floor(now))
    let count = 0
    let firstLane = 8
    for (let lane = 7; lane >= 0; lane--) {
      if ((host.lanes & (1 << lane)) === 0) continue
      const { n } = this.#count.get(host.id, lane, from, upto) as { n: number }
      if (n > 0) firstLane = lane
      count += n
    }
    return { count, firstLane }
  }

  /** When the first row behind `now` is due. */
  nextDue(host: SqliteHost, now: number): number {
    let next = Number.POSITIVE_INFINITY
    for (let lane = 0; lane < 8; lane++) {
      if ((host.lanes & (1 << lane)) === 0) continue
      const row = this.#next.get(host.id, lane, this.#time.toFile(Math.floor(now))) as FileRow | undefined
      if (row) next = Math.min(next, this.#time.toClock(row.due))
    }
    return next
  }

  /** Counts a host's rows anew where a count is wrong. Reads all of them. */
  recount(host: SqliteHost, now: number): void {
    const upto = this.#time.toFile(Math.floor(now))
    const lanes = this.#recount.all(host.id, upto) as unknown as LaneCount[]
    host.ripe = -host.inFlight
    host.later = 0
    host.lanes = 0
    host.nextDue = Number.POSITIVE_INFINITY
    for (const { lane, n, later, next } of lanes) {
      host.ripe += n - later
      host.later += later
      host.lanes |= 1 << lane
      if (next !== null) host.nextDue = Math.min(host.nextDue, this.#time.toClock(next))
    }
  }
}

/** As it stands in the file: `due` in wall-clock milliseconds. */
type FileRow = Omit<Row, 'host' | 'lane' | 'correction'>

interface LaneCount {
  readonly lane: number
  readonly n: number
  readonly later: number
  readonly next: number | null
}
