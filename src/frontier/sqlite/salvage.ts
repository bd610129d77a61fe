import { messageOf, RegattaError } from '../../contracts/errors.ts'
import { type Database, openForReading } from '../../sqlite/database.ts'
import { numberFrom } from '../../sqlite/query.ts'
import { fold } from '../fold.ts'
import { openForWriting } from './connections.ts'
import { migrate } from './migrations.ts'
import { copyHostLog, copySeenLog, copyTable, inserter, rowsFrom, Unwritable } from './salvage-copy.ts'
import { fingerprintOf, homeOf } from './seen-table.ts'
import { errorOf, failureOf } from './state-failure.ts'

/**
 * What can be read of a damaged file, in a new one. Each table is read from its beginning and from its end up to what
 * cannot be read; what lies between is given up. Counts and what is known are made anew from the rows, so they agree.
 * SQLite's own recovery (the `.recover` command) is a program of its own, and knows nothing of what the rows mean.
 */
export interface Salvage {
  /** Requests that wait. */
  readonly requests: number
  readonly done: number
  readonly dead: number
  readonly outputs: number
  /** What has a part that cannot be read. */
  readonly lost: readonly string[]
  /** Requests that waited and are not there any more; they stay known, so no link brings them back. */
  readonly missing: number
}

/** The tables with their keys and what they hold, in the order in which they can be copied. */
const tables: readonly (readonly [table: string, key: string, holds: string])[] = [
  ['host', 'id', 'hosts'],
  ['seen', 'host, fp', 'known pages'],
  ['claim', 'page', 'redirects'],
  ['queue', 'host, lane, due, seq', 'requests'],
  ['visit', 'seq', 'visits'],
  ['dead', 'position', 'dead letters'],
  ['recall', 'seq', 'corrections'],
  ['outbox', 'position', 'outputs'],
  ['sink', 'name', 'sinks'],
  ['side', 'key', 'side values'],
  ['meta', 'key', 'counts'],
]

/** `to` must not be there yet. Never writes to `from`. Throws STATE_CORRUPT when nothing of it can be read. */
export async function salvage(from: string, to: string): Promise<Salvage> {
  const source = openDamaged(from)
  const target = openForWriting(to)
  try {
    migrate(target, to)
    target.exec('BEGIN')
    const lost = new Set<string>()
    for (const [table, key, holds] of tables) if (!copyTable(source, target, table, key)) lost.add(holds)
    if (!copyHostLog(source, target)) lost.add('hosts')
    if (!copySeenLog(source, target)) lost.add('known pages')
    nameUnknownHosts(target)
    knowWhatIsThere(target)
    const counts = recount(target)
    target.exec('COMMIT')
    moveLog(target, to)
    return { ...counts, lost: [...lost] }
  } catch (error) {
    throw errorOf(failureOf(error instanceof Unwritable ? error.cause : error, to))
  } finally {
    source.close()
    target.close()
  }
}

/** The new file is whole by itself. Throws when there is no room for it. */
function moveLog(target: Database, to: string): void {
  const isBusy = numberFrom(target, 'PRAGMA wal_checkpoint(TRUNCATE)') !== 0
  if (isBusy)
    throw new RegattaError('STATE_FAILED', 'Another program has the new file open.', {
      value: { path: to, errno: 'SQLITE_BUSY' },
    })
}

function openDamaged(path: string): Database {
  let database: Database | undefined
  try {
    database = openForReading(path)
    const tables = numberFrom(database, 'SELECT count(*) FROM sqlite_schema')
    if (tables === 0) throw new Error('it is empty')
    return database
  } catch (error) {
    database?.close()
    const message =
      `Nothing of the state ${path} can be read (${messageOf(error)}). ` +
      'Begin again with --fresh: the damaged file then stays beside it, as .previous.db.'
    throw new RegattaError('STATE_CORRUPT', message, { value: { path, errno: undefined }, cause: error })
  }
}

/** A host whose row is gone is named by the address of one of its requests. */
function nameUnknownHosts(target: Database): void {
  const unnamed = target
    .prepare(
      `SELECT host, min(url) AS url FROM (
        SELECT host, url FROM queue UNION ALL SELECT host, url FROM visit UNION ALL SELECT host, url FROM dead
        UNION ALL SELECT host, url FROM recall
      ) WHERE host NOT IN (SELECT id FROM host) GROUP BY host`,
    )
    .all() as unknown as { host: number; url: string }[]
  const insert = inserter(target, 'host')
  for (const { host, url } of unnamed) insert({ id: host, key: URL.parse(url)?.host ?? url })
}

/** Every request that is there is known, or its page would be added once more by the next link to it. */
function knowWhatIsThere(target: Database): void {
  const known = target.prepare('INSERT OR IGNORE INTO seen (host, fp) VALUES (?, ?)')
  const folded = new Uint32Array(2)
  const ordered = {
    queue: ['host', 'lane', 'due', 'seq'],
    visit: ['seq'],
    dead: ['position'],
    recall: ['seq'],
  }
  for (const [table, keys] of Object.entries(ordered)) {
    for (const { host, rest } of rowsFrom(target, table, keys, '>', 'ASC')) {
      const { id } = JSON.parse(rest as string) as { id: string }
      fold(id, folded)
      known.run(homeOf(host as number, id), fingerprintOf(folded))
    }
  }
}

function countsFrom(json: string): Record<string, number> {
  try {
    return JSON.parse(json) as Record<string, number>
  } catch {
    return {}
  }
}

function recount(target: Database): Omit<Salvage, 'lost'> {
  target.exec(`UPDATE host SET lanes = 255,
    queued = (SELECT count(*) FROM queue WHERE queue.host = host.id),
    later = (SELECT count(*) FROM queue WHERE queue.host = host.id),
    next_due = (SELECT min(due) FROM queue WHERE queue.host = host.id)`)
  const count = (table: string) => numberFrom(target, `SELECT count(*) FROM ${table}`)
  const highest = (table: string, column: string) => numberFrom(target, `SELECT max(${column}) FROM ${table}`)
  const [queued, dead, resting, recalled, outputs] = ['queue', 'dead', 'visit', 'recall', 'outbox'].map(
    count,
  ) as [number, number, number, number, number]
  const kept = target.prepare("SELECT value FROM meta WHERE key = 'counts'").get() as
    | { value: string }
    | undefined
  const before = kept ? countsFrom(kept.value) : {}
  const missing = Math.max(0, (before.queued ?? 0) - queued)
  // A request that is known and stands nowhere else is done, or lost.
  const done = before.done ?? Math.max(resting, count('seen') - queued - dead - recalled - missing)
  const counts = {
    ...before,
    sequence: Math.max(
      before.sequence ?? 0,
      ...['queue', 'visit', 'dead', 'recall'].map((table) => highest(table, 'seq') + 1),
    ),
    position: Math.max(before.position ?? 0, highest('outbox', 'position'), highest('sink', 'delivered')),
    queued,
    dead,
    resting,
    recalled,
    done,
  }
  target.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES ('counts', ?)").run(JSON.stringify(counts))
  return { requests: queued + recalled, done, dead, outputs, missing }
}
