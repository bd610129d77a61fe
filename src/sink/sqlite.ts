import { access, constants, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { RegattaError } from '../contracts/errors.ts'
import type { Sink } from '../contracts/sink.ts'
import type { Database } from '../sqlite/database.ts'
import { inTransaction } from '../sqlite/query.ts'
import { assertTarget } from './assert-target.ts'
import type { SchemasBySource } from './item-kind.ts'
import { isForKinds } from './kind-files.ts'
import { asSinkFailure, sinkFailed } from './sink-failure.ts'
import { isTableName, SqliteTables } from './sqlite-tables.ts'

/**
 * A SQLite database: a table per source, or per kind of item where a source has several, and `edges`. A row's key is the request and the position among its outputs, so
 * a batch that comes again after a crash changes nothing. A page that is visited again replaces its rows; if it has fewer
 * outputs then, the last ones of before stay. What turns out wrong is taken away in the step that writes what is right. A batch is one transaction. The file can be read while it grows (WAL); a
 * batch is a few milliseconds, so it is written inline.
 *
 * Columns come from the source's item schema, or from the items where there is none; an existing table gets those that
 * it lacks. Numbers are INTEGER or REAL, booleans 0 and 1, dates ISO 8601, nested values JSON. What has no column is in
 * `_rest`, as JSON.
 */
export interface SqliteOptions {
  /** A path. */
  readonly to: string
  /** Item schemas by the names of their sources. Default: columns follow the items. */
  readonly schemas?: SchemasBySource
  /**
   * One table for the items of all sources and kinds, told apart by `_source` and `_kind`. Default: a table per source, of its
   * name; of a source with several kinds one per kind, of the kind's name, with `_source`.
   */
  readonly table?: string
  /** Forces each batch to the disk before its write resolves. Default false: a power cut may lose the latest batches. */
  readonly fsync?: boolean
  /** Called once for every key that has no column. Default: nobody is told. */
  readonly onUnknownColumn?: (column: string) => void
}

/** Milliseconds that a batch waits for another writer, blocking; then it fails and is tried again. */
const busyTimeout = 200

/** Throws OPTION_INVALID when `table` cannot be a table of items. */
export function createSqliteSink(options: SqliteOptions): Sink {
  assertTarget('createSqliteSink()', options)
  const { to } = options
  assertFree(options.table)
  assertOneFile(to)
  const told = new Set<string>()
  const settings: SqliteOptions = {
    ...options,
    onUnknownColumn(column) {
      if (told.has(column)) return
      told.add(column)
      options.onUnknownColumn?.(column)
    },
  }
  let database: Database | undefined
  let tables: SqliteTables | undefined

  return {
    name: to,
    async open() {
      try {
        await assertPlace(to)
        const { openDatabase } = await import('../sqlite/database.ts')
        database = openDatabase(to, [
          `busy_timeout = ${busyTimeout}`,
          'journal_mode = WAL',
          `synchronous = ${options.fsync ? 'FULL' : 'NORMAL'}`,
        ])
      } catch (error) {
        throw asSinkFailure(to, error)
      }
    },
    takesBack: 'at-once',
    async write(batch, takenBack = []) {
      if (batch.length + takenBack.length === 0) return
      if (!database) throw sinkFailed(to, Object.assign(new Error('it is not open'), { code: 'EBADF' }))
      const into = database
      try {
        inTransaction(into, () => {
          tables ??= new SqliteTables(into, settings)
          for (const retraction of takenBack) tables.takeBack(retraction)
          for (const record of batch) tables.write(record)
        })
      } catch (error) {
        tables = undefined // what was added to them is taken back
        throw asSinkFailure(to, error)
      }
    },
    async close() {
      const closing = database
      database = undefined
      tables = undefined
      try {
        closing?.close()
      } catch (error) {
        throw asSinkFailure(to, error)
      }
    },
  }
}

function assertOneFile(to: string): void {
  if (!isForKinds(to)) return
  throw new RegattaError(
    'OPTION_INVALID',
    `Option "to": ${to} asks for a database of each kind, and one database has a table of each. Leave {kind} out.`,
    { value: { path: 'to', value: to } },
  )
}

function assertFree(table: string | undefined): void {
  if (table === undefined || isTableName(table)) return
  throw new RegattaError(
    'OPTION_INVALID',
    `Option "table": ${JSON.stringify(table)} cannot be the table of the items. Choose another name.`,
    { value: { path: 'table', value: table } },
  )
}

/** SQLite says no more than that it cannot open a file; the file system says why. */
async function assertPlace(path: string): Promise<void> {
  await access(dirname(path), constants.W_OK)
  const present = await stat(path).catch(() => undefined)
  if (present?.isDirectory()) throw Object.assign(new Error('it is a folder'), { code: 'EISDIR' })
}
