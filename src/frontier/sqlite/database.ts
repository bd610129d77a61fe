import { existsSync } from 'node:fs'
import * as sqlite from 'node:sqlite'

/**
 * The runtime's own SQLite, on Node and Deno: no native build, no package. The class is called DatabaseSync up to Node
 * 26, Database later. Why SQLite: one file, atomic, and it survives kill -9 without a server.
 */
export type Database = Pick<sqlite.DatabaseSync, 'exec' | 'prepare' | 'close'>
export type Statement = sqlite.StatementSync
export type Cell = string | number | null | Uint8Array

const Connection =
  (sqlite as unknown as { readonly Database?: typeof sqlite.DatabaseSync }).Database ?? sqlite.DatabaseSync

export type Durability = 'normal' | 'full'

/**
 * Opens for the one writer. The write-ahead log is checkpointed by hand (see worker.ts), so that no commit pays for
 * one. No memory map: its pages would count as the process's memory, and a disk that fails would be a signal, not an error.
 */
export function openForWriting(path: string, durability: Durability = 'normal'): Database {
  return open(path, [
    'busy_timeout = 2000',
    'page_size = 8192',
    'journal_mode = WAL',
    `synchronous = ${durability}`,
    'temp_store = MEMORY',
    'foreign_keys = OFF',
    'cache_size = -65536',
    'wal_autocheckpoint = 0',
    `journal_size_limit = ${longestLog}`,
  ])
}

/** A second connection of the owner's process that only moves the log into the file. */
export function openForCheckpoints(path: string): Database {
  return open(path, [
    'busy_timeout = 2000',
    'synchronous = normal',
    'cache_size = -1024',
    'wal_autocheckpoint = 0',
    `journal_size_limit = ${longestLog}`,
  ])
}

/** Never writes, and may be another process. */
export function openForReading(path: string, busyMs = 2_000): Database {
  return open(path, [`busy_timeout = ${busyMs}`, 'cache_size = -4096'], { readOnly: true })
}

/** Bytes of log that are kept for the next round. */
const longestLog = 256 * 1024 * 1024
const cannotOpen = 14

/** Each pragma is a statement of its own: Deno tells SQLite's result code for statements only. */
export function open(path: string, pragmas: readonly string[], options: { readOnly?: true } = {}): Database {
  let database: Database
  try {
    database = new Connection(path, options)
  } catch (error) {
    throw Object.assign(error as Error, { errcode: cannotOpen })
  }
  try {
    for (const pragma of pragmas) database.prepare(`PRAGMA ${pragma}`).get()
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

export interface FoundVersion {
  readonly version: number
  readonly application: number
  /** There is no table in it. */
  readonly isEmpty: boolean
}

/** The schema's version in the file, without writing to it; undefined where there is no file yet. */
export function peekVersion(path: string): FoundVersion | undefined {
  if (!existsSync(path)) return undefined
  const database = openForReading(path)
  try {
    return versionOf(database)
  } finally {
    database.close()
  }
}

export function versionOf(database: Database): FoundVersion {
  return {
    version: numberFrom(database, 'PRAGMA user_version'),
    application: numberFrom(database, 'PRAGMA application_id'),
    isEmpty: numberFrom(database, 'SELECT count(*) FROM sqlite_schema') === 0,
  }
}

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
