import { counted } from '../../base/format.ts'
import { hidden, redactHeaders } from '../../base/redact.ts'
import type { DeadLetter, Tally } from '../../contracts/frontier.ts'
import { type Database, openForReading } from '../../sqlite/database.ts'
import { numberFrom, rowsOf } from '../../sqlite/query.ts'
import { versionOf } from '../../sqlite/schema-version.ts'
import { decodeLetter } from './codec.ts'
import { Counters } from './counters.ts'
import { DeadLetters } from './dead-table.ts'
import { countsIn } from './hosts.ts'
import { assertOurs } from './migrations.ts'
import { closedSeal } from './seal.ts'
import { SideTable } from './side-table.ts'
import { assertNotEmpty, damage, errorOf, failureOf } from './state-failure.ts'
import { type Whereabouts, whereaboutsOf } from './whereabouts.ts'

/**
 * A look into the file of a frontier from outside, while its owner works or when nobody does. It never writes, and each
 * question is a short read of its own, so that the owner's log can begin again.
 */
export interface FrontierInspection {
  counts(): InspectedCounts
  /** Hosts with the most requests left, most first; then those with the most dead letters. */
  hosts(most: number): InspectedHost[]
  /** Oldest first. */
  deadLetters(): Iterable<DeadLetter>
  /** Where a request is, by URL or id; undefined for one that was never seen. */
  whereabouts(which: string): Whereabouts | undefined
  side(key: string): Uint8Array | undefined
  /** Reads the whole file. Throws STATE_CORRUPT. */
  check(): void
  close(): void
}

export interface InspectedHost {
  readonly host: string
  /** Neither done nor dead, those under way included. */
  readonly left: number
  /** Ever added. */
  readonly added: number
  readonly dead: number
}

export interface InspectedCounts {
  readonly hosts: number
  /** Neither done nor dead, those under way included. */
  readonly left: number
  readonly done: number
  readonly resting: number
  readonly dead: number
  readonly tally: Tally
  /** Outputs that some sink lacks. */
  readonly undelivered: number
}

/** Throws STATE_CORRUPT or STATE_VERSION for a file that cannot be read, STATE_FAILED when it cannot be opened. */
export function inspectFrontier(path: string): FrontierInspection {
  assertNotEmpty(path)
  const database = guarded(path, () => openForReading(path))
  try {
    return guarded(path, () => inspect(path, database))
  } catch (error) {
    database.close()
    throw error
  }
}

function inspect(path: string, database: Database): FrontierInspection {
  const found = versionOf(database)
  assertOurs(path, found)
  const { version } = found
  const isOld = version < 2
  const side = new SideTable(database)
  return {
    counts: () =>
      guarded(path, () => {
        const counters = new Counters(database)
        counters.load()
        const { queued, recalled, done, resting, dead } = counters.counts
        const hosts = numberFrom(database, 'SELECT count(*) FROM host')
        const undelivered = numberFrom(database, 'SELECT count(*) FROM outbox')
        return { hosts, left: queued + recalled, done, resting, dead, tally: counters.tally, undelivered }
      }),
    hosts: (most) => guarded(path, () => hostsOf(database, most)),
    *deadLetters() {
      if (isOld) return // before its owner has migrated it
      const letters = guarded(path, () => new DeadLetters(database, found.version))
      const last = guarded(path, () => letters.last())
      for (let after = 0; after < last; ) {
        const page = guarded(path, () => letters.page(after, last))
        for (const row of page) yield guarded(path, () => forPeople(decodeLetter(row, closedSeal)))
        after = page.at(-1)?.position ?? last
      }
    },
    whereabouts: (which) => guarded(path, () => whereaboutsOf(database, which, version)),
    side: (key) => guarded(path, () => side.get(key)),
    check: () => {
      const [first] = guarded(path, () => database.prepare('PRAGMA quick_check(1)').all())
      const found = String(Object.values(first ?? {})[0])
      if (found !== 'ok') throw errorOf(damage(path, found.replaceAll(/\s+/g, ' ')))
      const unread = guarded(path, () => countUnreadable(database, version))
      if (unread > 0) throw errorOf(damage(path, `${counted(unread, 'request')} in it cannot be read`))
    },
    close: () => database.close(),
  }
}

/** Rows whose bytes have changed where SQLite has no need to look. */
function countUnreadable(database: Database, version: number): number {
  const isOld = version < 2
  const tables = ['queue', 'dead', ...(isOld ? [] : ['visit']), ...(version < 7 ? [] : ['recall'])]
  return tables.reduce((sum, table) => {
    const memo = isOld ? '' : ' OR NOT coalesce(json_valid(memo), 1)'
    return sum + numberFrom(database, `SELECT count(*) FROM ${table} WHERE NOT json_valid(rest)${memo}`)
  }, 0)
}

function hostsOf(database: Database, most: number): InspectedHost[] {
  const rows = new Map<number, { left: number; added: number; dead: number }>()
  const table = database.prepare(
    'SELECT id, added, queued FROM host ORDER BY queued DESC, added DESC LIMIT ?',
  )
  for (const { id, added, queued } of table.all(most * 10) as unknown as HostCounts[]) {
    rows.set(id, { left: queued, added, dead: 0 })
  }
  const logged = database.prepare('SELECT seq, hosts FROM host_log WHERE seq > ? ORDER BY seq LIMIT ?')
  for (const { hosts } of rowsOf<{ seq: number; hosts: Uint8Array }>(logged, ({ seq }) => seq, 100)) {
    for (const [id, added, queued] of countsIn(hosts)) rows.set(id, { left: queued, added, dead: 0 })
  }
  const dead = database.prepare('SELECT host AS id, count(*) AS dead FROM dead GROUP BY host')
  for (const { id, dead: count } of dead.all() as unknown as { id: number; dead: number }[]) {
    const row = rows.get(id)
    if (row) row.dead = count
  }
  const name = database.prepare('SELECT key FROM host WHERE id = ?')
  return [...rows]
    .sort(([, one], [, other]) => other.left - one.left || other.dead - one.dead || other.added - one.added)
    .slice(0, most)
    .map(([id, row]) => ({ host: (name.get(id) as { key: string }).key, ...row }))
}

interface HostCounts {
  readonly id: number
  readonly added: number
  readonly queued: number
}

function guarded<Value>(path: string, look: () => Value): Value {
  try {
    return look()
  } catch (error) {
    throw errorOf(failureOf(error, path))
  }
}

/** An earlier version has not sealed what is secret. */
function forPeople(letter: DeadLetter): DeadLetter {
  const { headers, body } = letter.request
  const request = {
    ...letter.request,
    headers: redactHeaders(headers),
    ...(body !== undefined && { body: hidden }),
  }
  return { ...letter, request }
}
