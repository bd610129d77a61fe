import { existsSync } from 'node:fs'
import { type Database, openForReading } from './database.ts'
import { inTransaction, numberFrom } from './query.ts'

/**
 * A file's schema as a list of steps; `user_version` tells how many a file has. An older file is brought up to date in one
 * transaction. A step that was released never changes.
 */
export interface Schema {
  /** Four letters as a number, so that another program's database is not taken for ours. */
  readonly application: number
  /** A statement ends with its line: each is run by itself, because Deno tells SQLite's result code for statements only. */
  readonly steps: readonly string[]
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

/** Whether the file is ours, can become ours, or is left alone: of another program, or of a newer Regatta. */
export function fitOf(
  { version, application, isEmpty }: FoundVersion,
  schema: Schema,
): 'ours' | 'other' | 'newer' {
  const isFree = isEmpty && application === 0 && version === 0
  if (application !== schema.application && !isFree) return 'other'
  return version > schema.steps.length ? 'newer' : 'ours'
}

/** Brings the file up to `upto` steps. Another process may be about to do the same: the second one finds it done. */
export function migrate(database: Database, schema: Schema, upto = schema.steps.length): void {
  const version = () => numberFrom(database, 'PRAGMA user_version')
  if (version() >= upto) return
  inTransaction(database, () => {
    const statements = schema.steps.slice(version(), upto).flatMap((step) => step.split(/;\s*$/m))
    for (const statement of statements) if (statement.trim() !== '') database.prepare(statement).run()
    database.exec(`PRAGMA application_id = ${schema.application}; PRAGMA user_version = ${upto}`)
  })
}
