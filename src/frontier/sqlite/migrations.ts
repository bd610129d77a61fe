import { messageOf, RegattaError } from '../../contracts/errors.ts'
import type { Database } from '../../sqlite/database.ts'
import { codeError, resultCode } from '../../sqlite/result-codes.ts'
import { migrate as bringUpTo, type FoundVersion, fitOf, type Schema } from '../../sqlite/schema-version.ts'
import { damage, errorOf } from './state-failure.ts'

/**
 * The tables of a crawl's state (see sqlite/schema-version.ts for how files are brought up to date).
 *
 * Times are wall-clock milliseconds. `seen` knows every request ever added by 53 bits of its id within its host, about 24
 * bytes each; two of one host meet once in 180 crawls of a host with ten million pages (n² / 2⁵⁴), and plain numbers hold
 * them; the latest are in `seen_log` (see seen-table.ts). `queue` holds what is not settled, leased or not, clustered by
 * host, so that what one page adds stays together. Counts of a host are written to `host_log` in the transaction that changes them, and to `host` later (see hosts.ts).
 */
export const migrations: readonly string[] = [
  `CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE host (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL,
    added INTEGER NOT NULL DEFAULT 0, queued INTEGER NOT NULL DEFAULT 0, later INTEGER NOT NULL DEFAULT 0,
    next_due INTEGER, lanes INTEGER NOT NULL DEFAULT 0,
    min_gap REAL, max_in_flight REAL, blocked_until REAL, budget REAL
  ) STRICT;
  CREATE TABLE host_log (seq INTEGER PRIMARY KEY, hosts BLOB NOT NULL) STRICT;
  CREATE TABLE seen (host INTEGER, fp INTEGER, PRIMARY KEY (host, fp)) STRICT, WITHOUT ROWID;
  CREATE TABLE seen_log (seq INTEGER PRIMARY KEY, ids BLOB NOT NULL) STRICT;
  CREATE TABLE queue (
    host INTEGER, lane INTEGER, due INTEGER, seq INTEGER, attempts INTEGER NOT NULL, faults INTEGER NOT NULL,
    url TEXT NOT NULL, rest TEXT NOT NULL, PRIMARY KEY (host, lane, due, seq)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE dead (
    position INTEGER PRIMARY KEY, id TEXT NOT NULL, host INTEGER NOT NULL, lane INTEGER NOT NULL,
    seq INTEGER NOT NULL, attempts INTEGER NOT NULL, at INTEGER NOT NULL, code TEXT NOT NULL, detail TEXT NOT NULL,
    url TEXT NOT NULL, rest TEXT NOT NULL
  ) STRICT;
  CREATE INDEX dead_id ON dead (id);
  CREATE TABLE outbox (
    position INTEGER PRIMARY KEY, kind TEXT NOT NULL, request TEXT NOT NULL, place INTEGER NOT NULL,
    source TEXT NOT NULL, value BLOB NOT NULL
  ) STRICT;
  CREATE TABLE sink (
    name TEXT PRIMARY KEY, delivered INTEGER NOT NULL, begun_upto INTEGER, begun_place INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE side (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;`,

  // Pages are visited again: what rests until then, what the last visit left; tallies; heads of dead letters.
  `CREATE TABLE visit (
    seq INTEGER PRIMARY KEY, due INTEGER NOT NULL, host INTEGER NOT NULL, lane INTEGER NOT NULL,
    url TEXT NOT NULL, rest TEXT NOT NULL, memo TEXT
  ) STRICT;
  CREATE INDEX visit_due ON visit (due, seq);
  ALTER TABLE queue ADD COLUMN memo TEXT;
  ALTER TABLE dead ADD COLUMN memo TEXT;
  ALTER TABLE dead ADD COLUMN heads TEXT;`,

  // What else is known of why a request was given up: where in its source, the stack.
  'ALTER TABLE dead ADD COLUMN more TEXT;',
  // A letter of a page that is done, because something of it was set aside; what a retry need not put out again.
  `ALTER TABLE queue ADD COLUMN kept TEXT;
  ALTER TABLE dead ADD COLUMN done INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE dead ADD COLUMN aside TEXT;
  ALTER TABLE dead ADD COLUMN kept TEXT;
  ALTER TABLE dead ADD COLUMN undo TEXT;`,

  // Pages behind redirects: a page is read once, however many requests are led to it.
  'CREATE TABLE claim (page TEXT PRIMARY KEY, request TEXT NOT NULL) STRICT, WITHOUT ROWID;',

  // Pages rest under the time of their visit, no more under that of the next one.
  "UPDATE visit SET due = cast(json_extract(memo, '$.fetchedAt') AS INTEGER) WHERE json_extract(memo, '$.fetchedAt') IS NOT NULL;",

  // Requests that have ended and are asked once more, to correct what they brought; the outputs of such a one.
  `CREATE TABLE recall (
    seq INTEGER PRIMARY KEY, host INTEGER NOT NULL, lane INTEGER NOT NULL, due INTEGER NOT NULL,
    attempts INTEGER NOT NULL, faults INTEGER NOT NULL, url TEXT NOT NULL, rest TEXT NOT NULL,
    memo TEXT, kept TEXT, correction TEXT NOT NULL
  ) STRICT;
  ALTER TABLE outbox ADD COLUMN revision INTEGER;`,

  // The mark of an output that may be wrong.
  'ALTER TABLE outbox ADD COLUMN trust TEXT;',

  // The kind of an item, where its source has several.
  'ALTER TABLE outbox ADD COLUMN item_kind TEXT;',
]

/** "RGTA". */
export const applicationId = 0x52475441

const schema: Schema = { application: applicationId, steps: migrations }

/** Throws STATE_VERSION or STATE_CORRUPT for a file that is not ours to write. */
export function assertOurs(path: string, found: FoundVersion): void {
  const fit = fitOf(found, schema)
  if (fit === 'other') throw errorOf(damage(path, 'it is not the state of a crawl'))
  if (fit === 'ours') return
  const { version } = found
  const message =
    `The state ${path} is of a newer Regatta (schema ${version}, this one knows ${migrations.length}). ` +
    'It is left as it is: update Regatta, or begin again with --fresh.'
  throw new RegattaError('STATE_VERSION', message, { value: { path, version } })
}

/** Brings the file up to `upto` steps. Throws STATE_CORRUPT when its tables are not what it says. */
export function migrate(database: Database, path: string, upto = migrations.length): void {
  try {
    bringUpTo(database, schema, upto)
  } catch (error) {
    if (resultCode(error) !== codeError) throw error
    throw errorOf(damage(path, `its tables are not what its version says: ${messageOf(error)}`))
  }
}
