import { createHash, type Hash } from 'node:crypto'
import { open as openFile, rm } from 'node:fs/promises'
import { type Database, openDatabase } from '../../sqlite/database.ts'
import { rowsOf } from '../../sqlite/query.ts'
import { migrate, type Schema } from '../../sqlite/schema-version.ts'
import type { Slices } from './slices.ts'
import {
  type ReputationSnapshot,
  readRecord,
  type SnapshotRecord,
  snapshotVersion,
} from './snapshot-record.ts'

/**
 * The snapshot as a SQLite file: a row for each record, as JSON, and one that says what it is and the SHA-256 of all of it,
 * so that a damaged file is never taken for a whole one. A record holds up to 256 proxies. A row for each of them was tried:
 * with 200,000 pairs writing took three times as long, and reading half as long again.
 *
 * Every save makes a new file, which needs no journal on disk: the caller gives it its name when it is whole. Pages leave
 * through a small cache while rows come in, so that the commit has little left to do.
 */
export const schema: Schema = {
  application: 0x52475250, // "RGRP"
  steps: [
    `CREATE TABLE record (seq INTEGER PRIMARY KEY, value TEXT NOT NULL) STRICT;
    CREATE TABLE snapshot (at REAL NOT NULL, is_final INTEGER NOT NULL, sha256 TEXT NOT NULL) STRICT;`,
  ],
}

const pragmas = ['page_size = 8192', 'journal_mode = MEMORY', 'synchronous = OFF', 'cache_size = -2048']

/** `wrap` is for tests that let the disk fail. */
export async function writeTables(
  path: string,
  {
    at,
    isFinal,
    records,
  }: Omit<ReputationSnapshot, 'version' | 'records'> & { records: Iterable<SnapshotRecord> },
  slices: Slices,
  wrap = (database: Database) => database,
): Promise<void> {
  await rm(path, { force: true }) // what a process that was killed has left
  slices.begin()
  const database = wrap(openDatabase(path, pragmas, { isPrivate: true }))
  try {
    migrate(database, schema)
    database.prepare('BEGIN').run()
    const insert = database.prepare('INSERT INTO record (value) VALUES (?)')
    const hash = beginHash(at, isFinal)
    for (const record of records) {
      const value = JSON.stringify(record)
      hash.update(value)
      insert.run(value)
      await slices.next()
    }
    database.prepare('INSERT INTO snapshot VALUES (?, ?, ?)').run(at, Number(isFinal), hash.digest('hex'))
    database.prepare('COMMIT').run()
  } finally {
    database.close()
    slices.end()
  }
  const file = await openFile(path, 'r+')
  await file.sync().finally(() => file.close())
}

/** The snapshot, or a sentence that says why it is none. Throws SQLite's errors. */
export async function readTables(database: Database, slices: Slices): Promise<ReputationSnapshot | string> {
  const [found] = database.prepare('SELECT at, is_final, sha256 FROM snapshot').all()
  if (!found) return 'its end is missing'
  const at = Number(found.at)
  const isFinal = found.is_final === 1
  const hash = beginHash(at, isFinal)
  const records: SnapshotRecord[] = []
  const statement = database.prepare('SELECT seq, value FROM record WHERE seq > ? ORDER BY seq LIMIT ?')
  for (const { seq, value } of rowsOf<{ seq: number; value: string }>(statement, (row) => row.seq, 4)) {
    hash.update(String(value)) // a damaged row may hold anything
    const record = readRecord(parsed(value))
    if (typeof record === 'string') return `record ${seq}: ${record}`
    records.push(record)
    await slices.next()
  }
  if (hash.digest('hex') !== found.sha256) return 'its checksum does not fit'
  return { version: snapshotVersion, at, isFinal, records }
}

function beginHash(at: number, isFinal: boolean): Hash {
  return createHash('sha256').update(`${at} ${isFinal} `)
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
