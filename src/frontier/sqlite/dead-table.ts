import type { Database, Statement } from '../../sqlite/database.ts'
import type { LetterRow, ReviveCall, SettleRow } from './calls.ts'
import type { Row } from './queue-row.ts'

/** Reads letters, oldest first. A file of an older version, which is only looked at, has not all of their columns yet. */
export class DeadLetters {
  readonly #page: Statement
  readonly #last: Statement

  constructor(database: Database, version = 4) {
    const since = (first: number, column: string) => (version < first ? `NULL AS ${column}` : column)
    this.#page = database.prepare(
      `SELECT position, host.key AS host, lane, attempts, at, code, detail, ${since(3, 'more')}, url, rest, heads, ${since(4, 'aside')}
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
  readonly #forget: Statement
  readonly #all: Statement
  readonly #byId: Statement

  constructor(database: Database) {
    super(database)
    this.#insert = database.prepare(
      `INSERT INTO dead (
        id, host, lane, seq, attempts, at, code, detail, url, rest, memo, heads, more, done, aside, kept, undo
      ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#remove = database.prepare('DELETE FROM dead WHERE position = ?')
    this.#forget = database.prepare('DELETE FROM dead WHERE id = ? RETURNING undo')
    const row =
      'SELECT position, host.key AS host, lane, seq, url, rest, memo, done, kept, undo FROM dead JOIN host ON host.id = dead.host'
    this.#all = database.prepare(`${row} WHERE position > ? AND position <= ? ORDER BY position LIMIT 200`)
    this.#byId = database.prepare(`${row} WHERE dead.id = ?`)
  }

  add({ host, lane, seq, attempts, url, rest, memo }: Row, wall: number, settled: SettleRow): void {
    const { request, reason, heads, kind, aside, kept, undo } = settled
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
      kind === 'done' ? 1 : 0,
      aside ?? null,
      kept ?? null,
      undo ?? null,
    )
  }

  /** Removes the letters of a request; gives what each would take back of the tally. */
  forget(request: string): { readonly undo: string | null }[] {
    return this.#forget.all(request) as unknown as { undo: string | null }[]
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
  /** Whether its page is done, and only something of it was set aside. */
  readonly done: number
  readonly kept: string | null
  readonly undo: string | null
}
