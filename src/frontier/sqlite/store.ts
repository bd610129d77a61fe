import { existsSync, renameSync, rmSync } from 'node:fs'
import type { Database } from '../../sqlite/database.ts'
import { numberFrom } from '../../sqlite/query.ts'
import { peekVersion } from '../../sqlite/schema-version.ts'
import type { Answer, Message } from './calls.ts'
import { type Durability, openForWriting } from './connections.ts'
import { Core, type CoreOptions } from './core.ts'
import { assertOurs, migrate } from './migrations.ts'
import { assertNotEmpty, errorOf, failureOf } from './state-failure.ts'
import { Transactions } from './transaction.ts'

/** The open file and its one writer, on whatever thread. */
export interface StoreOptions extends CoreOptions {
  readonly path: string
  readonly durability?: Durability | undefined
}

export interface Store {
  /** Serves what only reads; also between two steps of `write`. */
  read(message: Message): Answer
  /** Yields between two calls. One message at a time. */
  write(message: Message): Generator<void, Answer>
  /** Rows written so far. */
  readonly written: number
  /** Moves the log into the file, on this thread. What cannot be moved now stays in the log. */
  checkpoint(): void
  /** Leaves one tidy file. What cannot be tidied now is at the next opening. */
  close(): void
}

/** Throws STATE_CORRUPT, STATE_VERSION or STATE_FAILED. `wrap` is for tests that let statements fail. */
export function openStore(options: StoreOptions, wrap = (database: Database) => database): Store {
  const { path } = options
  let database: Database | undefined
  try {
    if (!existsSync(path)) create(path)
    assertNotEmpty(path)
    const found = peekVersion(path)
    if (found) assertOurs(path, found)
    database = wrap(openForWriting(path, options.durability))
    migrate(database, path)
    const core = new Core(database, options)
    return storeOf(database, new Transactions(database, core, path))
  } catch (error) {
    if (database) attempt(() => database?.close())
    throw errorOf(failureOf(error, path))
  }
}

/** Under its name a file is whole from its first moment: an empty one was emptied, and is not a crawl that begins. */
function create(path: string): void {
  const beginning = `${path}.new`
  for (const suffix of ['', '-wal', '-shm']) rmSync(beginning + suffix, { force: true })
  const database = openForWriting(beginning)
  try {
    migrate(database, path)
  } finally {
    database.close()
  }
  renameSync(beginning, path)
}

function storeOf(database: Database, transactions: Transactions): Store {
  return {
    read: (message) => transactions.read(message),
    write: (message) => transactions.write(message),
    get written() {
      return transactions.written
    },
    checkpoint: () => attempt(() => numberFrom(database, 'PRAGMA wal_checkpoint(RESTART)')),
    close() {
      transactions.settleUp()
      if (!transactions.isDamaged) {
        attempt(() => database.exec('PRAGMA optimize'))
        attempt(() => database.exec('PRAGMA wal_checkpoint(TRUNCATE)'))
      }
      attempt(() => database.close())
    },
  }
}

/** Tidying may fail, as on a full disk: nothing is lost by it. */
function attempt(tidy: () => void): void {
  try {
    tidy()
  } catch {
    // the log still holds everything
  }
}
