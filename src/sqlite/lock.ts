import { existsSync } from 'node:fs'
import { type Database, openDatabase, openForReading } from './database.ts'
import { numberFrom } from './query.ts'
import { isLocked } from './result-codes.ts'

/**
 * A lock of the operating system's, held through a tiny SQLite file: the one portable way to one (fcntl, LockFileEx). It
 * goes when its process goes, however that ends. A file with a process id alone would outlive kill -9, ids come again, and
 * they mean nothing in another container that sees the same disk. Nobody in this process may open that file otherwise:
 * closing any descriptor of it gives the lock away (POSIX). SQLite also tells two owners within one process apart.
 */
export interface FileLock {
  release(): void
}

/** The lock, or undefined when it is held already. Makes the file. Throws SQLite's errors where there can be no lock. */
export function lockFile(path: string, busyMs: number): FileLock | undefined {
  let database: Database | undefined
  try {
    // Without a write-ahead log: there a reader would be let in, and could not tell that the file is locked.
    database = openDatabase(path, [`busy_timeout = ${busyMs}`, 'journal_mode = MEMORY'])
    database.prepare('BEGIN EXCLUSIVE').run()
  } catch (error) {
    database?.close()
    if (isLocked(error)) return undefined
    throw error
  }
  const held = database
  return { release: () => held.close() }
}

/** Whether somebody holds the lock now. Never makes the file. */
export function isFileLocked(path: string): boolean {
  if (!existsSync(path)) return false
  let database: Database | undefined
  try {
    database = openForReading(path, 0)
    numberFrom(database, 'SELECT count(*) FROM sqlite_schema')
    return false
  } catch (error) {
    return isLocked(error)
  } finally {
    database?.close()
  }
}
