import { closeSync, openSync } from 'node:fs'
import * as sqlite from 'node:sqlite'
import { codeCannotOpen } from './result-codes.ts'

/**
 * The one place that opens SQLite: the runtime's own, on Node and Deno, so no native build and no package. The class is
 * called DatabaseSync up to Node 26, Database later. Why SQLite: one file, atomic, and it survives kill -9 without a
 * server. Loaded at need: Node 22 warns that the module is new, and a crawl that keeps nothing needs no database.
 */
export type Database = Pick<sqlite.DatabaseSync, 'exec' | 'prepare' | 'close'>
export type Statement = sqlite.StatementSync
export type Cell = string | number | null | Uint8Array

const Connection =
  (sqlite as unknown as { readonly Database?: typeof sqlite.DatabaseSync }).Database ?? sqlite.DatabaseSync

/**
 * Opens or makes a file. Every error has SQLite's result code, on both runtimes: Deno tells it for statements only, so
 * each pragma is one, and a file that cannot be opened gets it here. `isPrivate`: what is made may be read by its owner alone.
 */
export function openDatabase(
  path: string,
  pragmas: readonly string[],
  { isPrivate = false, ...options }: { readOnly?: true; isPrivate?: boolean } = {},
): Database {
  let database: Database
  try {
    if (isPrivate) closeSync(openSync(path, 'a', 0o600))
    database = new Connection(path, options)
  } catch (error) {
    throw Object.assign(error as Error, { errcode: codeCannotOpen })
  }
  try {
    for (const pragma of pragmas) database.prepare(`PRAGMA ${pragma}`).get()
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** Never writes; the file may belong to another process. */
export function openForReading(path: string, busyMs = 2_000): Database {
  return openDatabase(path, [`busy_timeout = ${busyMs}`, 'cache_size = -4096'], { readOnly: true })
}
