import type { Database, Statement } from '../../sqlite/database.ts'
import type { LetterRow, ReviveCall, SettleRow } from './calls.ts'
import type { Row } from './queue-row.ts'

/** Requests that were given up, oldest first, with all that is needed to try them again. */
export class DeadTable {
  readonly #insert: Statement
  readonly #remove: Statement
  readonly #page: Statement
  readonly #last: Statement
  readonly #all: Statement
  readonly #byId: Statement

  constructor(database: Database) {
    this.#insert = database.prepare(
      `INSERT INTO dead (id, host, lane, seq, attempts, at, code, detail, url, rest, memo, heads)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#remove = database.prepare('DELETE FROM dead WHERE position = ?')
    this.#page = database.prepare(
      `SELECT position, host.key AS host, lane, attempts, at, code, detail, url, rest, heads
      FROM dead JOIN host ON host.id = dead.host WHERE position > ? AND position <= ? ORDER BY position LIMIT 100`,
    )
    this.#last = database.prepare('SELECT max(position) AS last FROM dead')
    const row =
      'SELECT position, host.key AS host, lane, seq, url, rest, memo FROM dead JOIN host ON host.id = dead.host'
    this.#all = database.prepare(`${row} WHERE position > ? AND position <= ? ORDER BY position LIMIT 200`)
    this.#byId = database.prepare(`${row} WHERE dead.id = ?`)
  }

  add({ host, lane, seq, attempts, url, rest, memo }: Row, wall: number, settled: SettleRow): void {
    const { request, reason, heads } = settled
    const at = Math.round(wall)
    const { code, detail } = reason!
    this.#insert.run(
      request,
      host.id,
      lane,
      seq,
      attempts + 1,
      at,
      code,
      detail,
      url,
      rest,
      memo,
      heads ?? null,
    )
  }

  page(after: number, upto: number): LetterRow[] {
    return (this.#page.all(after, upto) as unknown as LetterRow[]).map((row) => ({ ...row }))
  }

  last(): number {
    return (this.#last.get() as { last: number | null }).last ?? 0
  }

  /** Those with the ids that were given, or the next of all. */
  find({ ids, after, upto }: ReviveCall): DeadRow[] {
    if (!ids) return this.#all.all(after, upto) as unknown as DeadRow[]
    return ids.flatMap((id) => this.#byId.all(id) as unknown as DeadRow[])
  }

  /** False when it is there no more, such as when an id was given twice. */
  remove(position: number): boolean {
    return Number(this.#remove.run(position).changes) > 0
  }
}

export interface DeadRow {
  readonly position: number
  readonly host: string
  readonly lane: number
  readonly seq: number
  readonly url: string
  readonly rest: string
  readonly memo: string | null
}
