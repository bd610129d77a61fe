import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Database, openDatabase } from '../sqlite/database.ts'
import { fitOf, migrate, peekVersion, type Schema } from '../sqlite/schema-version.ts'
import { cacheCorrupt, cacheFailed, cacheTooNew } from './cache-failure.ts'

const kept = `
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

const failed = `
  CREATE TABLE failed (
    key TEXT NOT NULL,
    variant TEXT NOT NULL,
    -- For people with a sqlite3 shell.
    url TEXT NOT NULL,
    meta TEXT NOT NULL,
    kept_at REAL NOT NULL,
    PRIMARY KEY (key, variant)
  ) STRICT, WITHOUT ROWID;
`

/** The application is "RGHC". */
const schema: Schema = { application: 0x52474843, steps: [kept, failed] }

/**
 * Opens or makes the file. Two processes may have it open: WAL, and a writer waits for the other. A power cut may lose
 * the last answers, which are then asked for again. Throws STATE_CORRUPT, STATE_VERSION, STATE_FAILED.
 */
export async function openCacheFile(path: string): Promise<Database> {
  let database: Database | undefined
  try {
    await mkdir(dirname(path), { recursive: true })
    const found = peekVersion(path)
    const fit = found && fitOf(found, schema)
    if (fit === 'other') throw cacheCorrupt(path)
    if (fit === 'newer') throw cacheTooNew(path)
    const pragmas = [
      // First of all: another process may be making the file at this moment.
      'busy_timeout = 5000',
      'auto_vacuum = INCREMENTAL',
      'journal_mode = WAL',
      'synchronous = NORMAL',
    ]
    database = openDatabase(path, pragmas, { isPrivate: true })
    migrate(database, schema)
    return database
  } catch (error) {
    database?.close()
    throw cacheFailed(path, error)
  }
}
