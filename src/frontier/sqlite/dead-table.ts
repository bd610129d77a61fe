import type { Database, Statement } from '../../sqlite/database.ts'
import type { LetterRow, ReviveCall, SettleRow } from './calls.ts'
import type { Row } from './queue-row.ts'

/** Reads letters, oldest first. A file of an older version, which is only looked at, has no column `more` yet. */
export class DeadLetters {
  readonly #page: Statement
  readonly #last: Statement

  constructor(database: Database, hasMore = true) {
    this.#page = database.prepare(
      `SELECT position, host.key AS host, lane, attempts, at, code, detail, ${hasMore ? 'more' : 'NULL AS more'}, url, rest, heads
      FROM dead JOIN host ON host.id = dead.host WHERE position > ? AND position <= ? ORDER BY position LIMIT 100`,
    )
    this.#last = database.prepare('SELECT max(position) AS last FROM dead')
  }

  page(after: number, upto: number): LetterRow[] {
    return (this.#page.all(after, upto) as unknown as LetterRow[]).map((row) => ({ ...row }))
  }

  last(): number {
    return (this.#last.get() as { last: number | null }).last ?? 0
  }
}

/** Requests that were given up, with all that is needed to try them again. */
export class DeadTable extends DeadLetters {
  readonly #insert: Statement
  readonly #remove: Statement
  readonly #all: Statement
  readonly #byId: Statement

  constructor(database: Database) {
    super(database)
    this.#insert = database.prepare(
      `INSERT INTO dead (id, host, lane, seq, attempts, at, code, detail, url, rest, memo, heads, more)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#remove = database.prepare('DELETE FROM dead WHERE position = ?')
    const row =
      'SELECT position, host.key AS host, lane, seq, url, rest, memo FROM dead JOIN host ON host.id = dead.host'
    this.#all = database.prepare(`${row} WHERE position > ? AND position <= ? ORDER BY position LIMIT 200`)
    this.#byId = database.prepare(`${row} WHERE dead.id = ?`)
  }

  add({ host, lane, seq, attempts, url, rest, memo }: Row, wall: number, settled: SettleRow): void {
    const { request, reason, heads } = settled
    const at = Math.round(wall)
    const { code, detail, more } = reason!
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
      more ?? null,
    )
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
