import type { Database, Statement } from '../../sqlite/database.ts'
import type { Row } from './queue-row.ts'
import type { WallTime } from './wall-time.ts'

/** Pages that rest until their next visit, in order of its time. */
export class VisitTable {
  readonly #time: WallTime
  readonly #insert: Statement
  readonly #remove: Statement
  readonly #due: Statement
  readonly #next: Statement

  constructor(database: Database, time: WallTime) {
    this.#time = time
    this.#insert = database.prepare(
      'INSERT INTO visit (seq, due, host, lane, url, rest, memo) VALUES (?, ?, ?, ?, ?, ?, ?)',
    )
    this.#remove = database.prepare('DELETE FROM visit WHERE seq = ?')
    this.#due = database.prepare(
      `SELECT seq, due, host.key AS host, lane, url, rest, memo FROM visit JOIN host ON host.id = visit.host
      WHERE due <= ? ORDER BY due, seq LIMIT ?`,
    )
    this.#next = database.prepare('SELECT min(due) AS next FROM visit')
  }

  add({ host, lane, seq, url, rest }: Row, due: number, memo: string | undefined): void {
    this.#insert.run(seq, this.#time.toFile(due), host.id, lane, url, rest, memo ?? null)
  }

  /** False when it does not rest. */
  remove(seq: number): boolean {
    return Number(this.#remove.run(seq).changes) > 0
  }

  due(now: number, most: number): VisitRow[] {
    const rows = this.#due.all(this.#time.toFile(Math.floor(now)), most) as unknown as VisitRow[]
    return rows.map((row) => ({ ...row, due: this.#time.toClock(row.due) }))
  }

  next(): number | undefined {
    const { next } = this.#next.get() as { next: number | null }
    return next === null ? undefined : this.#time.toClock(next)
  }
}

export interface VisitRow {
  readonly seq: number
  readonly due: number
  readonly host: string
  readonly lane: number
  readonly url: string
  readonly rest: string
  readonly memo: string | null
}
