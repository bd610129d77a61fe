import { type Database, openDatabase } from '../../sqlite/database.ts'

export type Durability = 'normal' | 'full'

/** Bytes of log that are kept for the next round. */
const longestLog = 256 * 1024 * 1024

/**
 * Opens for the one writer. The write-ahead log is checkpointed by hand (see worker.ts), so that no commit pays for
 * one. No memory map: its pages would count as the process's memory, and a disk that fails would be a signal, not an error.
 */
export function openForWriting(path: string, durability: Durability = 'normal'): Database {
  const pragmas = [
    'busy_timeout = 2000',
    'page_size = 8192',
    'journal_mode = WAL',
    `synchronous = ${durability}`,
    'temp_store = MEMORY',
    'foreign_keys = OFF',
    'cache_size = -65536',
    'wal_autocheckpoint = 0',
    `journal_size_limit = ${longestLog}`,
  ]
  return openDatabase(path, pragmas, { isPrivate: true })
}

/** A second connection of the owner's process that only moves the log into the file. */
export function openForCheckpoints(path: string): Database {
  return openDatabase(path, [
    'busy_timeout = 2000',
    'synchronous = normal',
    'cache_size = -1024',
    'wal_autocheckpoint = 0',
    `journal_size_limit = ${longestLog}`,
  ])
}
