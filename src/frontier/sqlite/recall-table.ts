import type { Database, Statement } from '../../sqlite/database.ts'
import type { Row } from './queue-row.ts'
import type { SqliteHost } from './sqlite-host.ts'
import type { WallTime } from './wall-time.ts'

/** Requests that have ended and are asked once more, leased or not (see ../recalled.ts). */
export class RecallTable {
  readonly #time: WallTime
  readonly #insert: Statement
  readonly #remove: Statement
  readonly #move: Statement
  readonly #all: Statement
  readonly #has: Statement

  constructor(database: Database, time: WallTime) {
    this.#time = time
    this.#insert = database.prepare(
      'INSERT INTO recall (seq, host, lane, due, attempts, faults, url, rest, memo, kept, correction) VALUES (?,?,?,?,?,?,?,?,?,?,?)',
    )
    this.#remove = database.prepare('DELETE FROM recall WHERE seq = ?')
    this.#move = database.prepare('UPDATE recall SET due = ?, attempts = ?, faults = ? WHERE seq = ?')
    this.#all = database.prepare(
      `SELECT seq, host.key AS host, lane, due, attempts, faults, url, rest, memo, kept, correction
      FROM recall JOIN host ON host.id = recall.host ORDER BY recall.seq`,
    )
    this.#has = database.prepare('SELECT 1 FROM recall WHERE seq = ?')
  }

  has(seq: number): boolean {
    return this.#has.get(seq) !== undefined
  }

  insert({ host, lane, due, seq, attempts, faults, url, rest, memo, kept, correction }: Row): void {
    const at = this.#time.toFile(due)
    this.#insert.run(seq, host.id, lane, at, attempts, faults, url, rest, memo, kept, correction)
  }

  remove(seq: number): void {
    this.#remove.run(seq)
  }

  /** Gives a row another time and other counts. */
  move({ seq, due, attempts, faults }: Row): void {
    this.#move.run(this.#time.toFile(due), attempts, faults, seq)
  }

  /** In the order in which they were discovered. */
  all(hostOf: (key: string) => SqliteHost): Row[] {
    const rows = this.#all.all() as unknown as (Omit<Row, 'host'> & { readonly host: string })[]
    return rows.map((row) => ({ ...row, host: hostOf(row.host), due: this.#time.toClock(row.due) }))
  }
}
