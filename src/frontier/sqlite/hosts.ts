import type { HostPolicy } from '../../contracts/frontier.ts'
import type { Cell, Database, Statement } from '../../sqlite/database.ts'
import { rowsOf } from '../../sqlite/query.ts'
import type { QueueTable } from './queue-table.ts'
import { SqliteHost } from './sqlite-host.ts'
import type { WallTime } from './wall-time.ts'

/**
 * All hosts, in memory and in the file. A batch of pages touches hundreds of hosts whose rows lie all over the table, so
 * their counts go into one row of a log in the same transaction, and into the table a few at a time, oldest change
 * first. Counts are absolute, so loading is the table and then the log, in order; a log row is dropped when every host
 * in it has been written to the table since.
 */
export class Hosts {
  readonly #queue: QueueTable
  readonly #time: WallTime
  #byKey = new Map<string, SqliteHost>()
  #lastId = 0
  #logged = 0
  /** Hosts whose row is behind, with the log row since when; oldest first. */
  #behind = new Map<SqliteHost, number>()
  #touched: SqliteHost[] = []
  readonly #insert: Statement
  readonly #update: Statement
  readonly #policy: Statement
  readonly #log: Statement
  readonly #trim: Statement
  readonly #readHosts: Statement
  readonly #readLog: Statement

  constructor(database: Database, queue: QueueTable, time: WallTime) {
    this.#queue = queue
    this.#time = time
    this.#insert = database.prepare('INSERT INTO host (id, key) VALUES (?, ?)')
    this.#update = database.prepare(
      'UPDATE host SET added = ?, queued = ?, later = ?, next_due = ?, lanes = ? WHERE id = ?',
    )
    this.#policy = database.prepare(
      'UPDATE host SET min_gap = ?, max_in_flight = ?, blocked_until = ?, budget = ? WHERE id = ?',
    )
    this.#log = database.prepare('INSERT INTO host_log (seq, hosts) VALUES (?, ?)')
    this.#trim = database.prepare('DELETE FROM host_log WHERE seq < ?')
    this.#readHosts = database.prepare('SELECT * FROM host WHERE id > ? ORDER BY id LIMIT ?')
    this.#readLog = database.prepare('SELECT seq, hosts FROM host_log WHERE seq > ? ORDER BY seq LIMIT ?')
  }

  get size(): number {
    return this.#byKey.size
  }

  [Symbol.iterator](): IterableIterator<SqliteHost> {
    return this.#byKey.values()
  }

  find(key: string): SqliteHost | undefined {
    return this.#byKey.get(key)
  }

  /** The host of this name; a new one is in the file at the end of the transaction under way. */
  open(key: string): SqliteHost {
    let host = this.#byKey.get(key)
    if (!host) {
      host = new SqliteHost(++this.#lastId, key, this.#queue)
      this.#insert.run(host.id, key)
      this.#byKey.set(key, host)
    }
    return host
  }

  setPolicy(host: SqliteHost, policy: HostPolicy): void {
    host.apply(policy)
    const blocked =
      host.blockedUntil === Number.NEGATIVE_INFINITY ? null : this.#time.toFile(host.blockedUntil)
    this.#policy.run(host.minGap, finite(host.maxInFlight), blocked, finite(host.budget), host.id)
  }

  /** To be called before the transaction changes anything that is counted of this host. */
  touch(host: SqliteHost, now: number): void {
    host.ripen(now)
    if (host.isTouched) return
    host.isTouched = true
    this.#touched.push(host)
  }

  /** Writes what the transaction touched. The last thing before its commit. */
  write(): void {
    const touched = this.#touched
    if (touched.length === 0) return
    this.#touched = []
    const seq = ++this.#logged
    const cells = new Float64Array(touched.length * width)
    for (const [at, host] of touched.entries()) {
      host.isTouched = false
      const { id, added, queued, later, lanes } = host
      cells.set([id, added, queued, later, this.#time.toFile(host.nextDue), lanes], at * width)
      if (!this.#behind.has(host)) this.#behind.set(host, seq)
    }
    this.#log.run(seq, new Uint8Array(cells.buffer))
    this.#catchUp(Math.max(4, this.#behind.size >> 11))
  }

  /** Writes every host that is behind to the table. */
  settleUp(): void {
    this.#catchUp(this.#behind.size)
  }

  /** Reads everything anew; gates keep the time of their last take, or that of the opening. */
  load(now: number): void {
    const before = this.#byKey
    this.#byKey = new Map()
    this.#behind = new Map()
    this.#touched = []
    const byId: (SqliteHost | undefined)[] = []
    for (const row of rowsOf<HostRow>(this.#readHosts, ({ id }) => id, 2_000)) {
      const host = new SqliteHost(row.id, row.key, this.#queue)
      byId[row.id] = host
      this.#byKey.set(row.key, host)
      this.#lastId = row.id
      host.lastTake = before.get(row.key)?.lastTake ?? now
      const { min_gap, max_in_flight, blocked_until, budget } = row
      if (min_gap !== null) host.minGap = min_gap
      if (max_in_flight !== null) host.maxInFlight = max_in_flight
      if (blocked_until !== null) host.blockedUntil = this.#time.toClock(blocked_until)
      if (budget !== null) host.budget = budget
      this.#set(host, row.added, row.queued, row.later, row.next_due, row.lanes)
    }
    this.#logged = 0
    for (const { seq, hosts } of rowsOf<LogRow>(this.#readLog, ({ seq }) => seq, 100)) {
      this.#logged = seq
      for (const [id, added, queued, later, nextDue, lanes] of countsIn(hosts)) {
        const host = byId[id]
        if (!host) continue
        this.#set(host, added, queued, later, nextDue, lanes)
        if (!this.#behind.has(host)) this.#behind.set(host, seq)
      }
    }
  }

  #set(
    host: SqliteHost,
    added: number,
    queued: number,
    later: number,
    nextDue: number | null,
    lanes: number,
  ): void {
    host.added = added
    host.ripe = queued - later
    host.later = later
    host.nextDue = later > 0 && nextDue !== null ? this.#time.toClock(nextDue) : Number.POSITIVE_INFINITY
    host.lanes = lanes
  }

  #catchUp(most: number): void {
    let left = most
    for (const [host] of this.#behind) {
      if (left-- <= 0) break
      this.#behind.delete(host)
      this.#update.run(...this.#counts(host), host.id)
    }
    const [oldest] = this.#behind.values()
    this.#trim.run(oldest ?? this.#logged + 1)
  }

  #counts(host: SqliteHost): Cell[] {
    return [host.added, host.queued, host.later, this.#time.toFile(host.nextDue), host.lanes]
  }
}

const width = 6

interface HostRow {
  readonly id: number
  readonly key: string
  readonly added: number
  readonly queued: number
  readonly later: number
  readonly next_due: number | null
  readonly lanes: number
  readonly min_gap: number | null
  readonly max_in_flight: number | null
  readonly blocked_until: number | null
  readonly budget: number | null
}

interface LogRow {
  readonly seq: number
  readonly hosts: Uint8Array
}

export type HostCounts = [
  id: number,
  added: number,
  queued: number,
  later: number,
  nextDue: number,
  lanes: number,
]

/** The hosts in a row of the log. */
export function* countsIn(blob: Uint8Array): Iterable<HostCounts> {
  const cells = new Float64Array(blob.slice().buffer)
  for (let at = 0; at + width <= cells.length; at += width) {
    yield [...cells.subarray(at, at + width)] as HostCounts
  }
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null
}
