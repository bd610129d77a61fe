import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { cacheCorrupt, cacheFailed, cacheTooNew } from './failure.ts'

/** 'RGHC': a SQLite file of somebody else is not taken for a cache. */
const applicationId = 0x52474843
const version = 1

const schema = `
  CREATE TABLE kept (
    key TEXT NOT NULL,
    -- The request's headers that the answer depends on, and a digest of their values.
    vary TEXT NOT NULL,
    variant TEXT NOT NULL,
    -- For people with a sqlite3 shell.
    url TEXT NOT NULL,
    meta TEXT NOT NULL,
    packed INTEGER NOT NULL,
    length INTEGER NOT NULL,
    kept_at REAL NOT NULL,
    size INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (key, variant)
  ) STRICT;
  CREATE INDEX by_age ON kept (kept_at, size);
`

/**
 * Opens or makes the file. Two processes may have it open: WAL, and a writer waits for the other. A power cut may lose
 * the last answers, which are then asked for again. Throws STATE_CORRUPT, STATE_VERSION, STATE_FAILED.
 */
export async function openDatabase(path: string): Promise<DatabaseSync> {
  let database: DatabaseSync | undefined
  try {
    await mkdir(dirname(path), { recursive: true })
    if (!(await mayBeDatabase(path))) throw cacheCorrupt(path)
    const sqlite: typeof import('node:sqlite') & { Database?: typeof DatabaseSync } = await import(
      'node:sqlite'
    )
    database = new (sqlite.Database ?? sqlite.DatabaseSync)(path)
    prepare(database, path)
    return database
  } catch (error) {
    const failure = cacheFailed(path, error, database)
    if (database?.isOpen) database.close()
    throw failure
  }
}

function prepare(database: DatabaseSync, path: string): void {
  // First of all: the other process may be making the file at this moment.
  database.exec('PRAGMA busy_timeout = 5000')
  database.exec('PRAGMA auto_vacuum = INCREMENTAL')
  database.exec('PRAGMA journal_mode = WAL')
  database.exec('PRAGMA synchronous = NORMAL')
  database.exec('BEGIN IMMEDIATE')
  const id = numberOf(database, 'application_id')
  const present = numberOf(database, 'user_version')
  if (id === 0 && present === 0 && isEmpty(database)) {
    database.exec(schema)
    database.exec(`PRAGMA application_id = ${applicationId}`)
    database.exec(`PRAGMA user_version = ${version}`)
  } else if (id !== applicationId) throw cacheCorrupt(path)
  else if (present > version) throw cacheTooNew(path)
  database.exec('COMMIT')
}

function isEmpty(database: DatabaseSync): boolean {
  return database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined
}

function numberOf(database: DatabaseSync, pragma: string): number {
  return Number(database.prepare(`PRAGMA ${pragma}`).get()?.[pragma])
}

/** An empty or missing file may become one. */
async function mayBeDatabase(path: string): Promise<boolean> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (!file) return true
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(16), 0, 16, 0)
    return bytesRead === 0 || buffer.toString('latin1', 0, bytesRead) === 'SQLite format 3\0'
  } finally {
    await file.close()
  }
}
