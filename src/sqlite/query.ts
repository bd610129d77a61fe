import type { Cell, Database, Statement } from './database.ts'

/** The first cell of the first row, as a number; 0 where there is none. */
export function numberFrom(database: Database, sql: string, ...cells: Cell[]): number {
  const row = database.prepare(sql).get(...cells)
  return row ? Number(Object.values(row)[0] ?? 0) : 0
}

/**
 * All rows of a statement that takes a key and a limit, page by page. Not `iterate()`: under Deno it ends where a page is
 * damaged as if nothing came behind it.
 */
export function* rowsOf<Row>(
  statement: Statement,
  keyOf: (row: Row) => Cell,
  size: number,
  start: Cell = -1,
): Iterable<Row> {
  for (let after = start; ; ) {
    const rows = statement.all(after, size) as unknown as Row[]
    yield* rows
    const last = rows.at(-1)
    if (!last || rows.length < size) return
    after = keyOf(last)
  }
}

/** All of the work is done, or none of it. The work must not wait for anything. */
export function inTransaction<Result>(database: Database, work: () => Result): Result {
  // A statement each: Deno tells SQLite's result code for statements only.
  database.prepare('BEGIN IMMEDIATE').run()
  try {
    const result = work()
    database.prepare('COMMIT').run()
    return result
  } catch (error) {
    tryRollback(database)
    throw error
  }
}

/** SQLite has ended the transaction by itself after some errors. */
export function tryRollback(database: Database): void {
  try {
    database.exec('ROLLBACK')
  } catch {
    // there was none
  }
}
