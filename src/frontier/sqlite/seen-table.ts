import { isOfKey } from '../../admission/canonical-url.ts'
import type { Database, Statement } from '../../sqlite/database.ts'
import { rowsOf } from '../../sqlite/query.ts'
import { fold } from '../fold.ts'
import { RecentIds } from './recent-ids.ts'
import type { SqliteHost } from './sqlite-host.ts'

/**
 * Which requests of a host were ever added. Fingerprints are random, so each new one would change a page of its own, and
 * pages are what writing costs. So new ones go into a log, many to a page, and stay in memory; when they are many, they
 * are merged into the table in its own order, some in each transaction, seven or more to a page (a log-structured merge
 * tree of two levels: O'Neil and others, 1996). Opening the file reads the log.
 */
/** Merged for each one that is added, so that a merge ends long before the next begins. */
const mergedForEach = 3

export class SeenTable {
  #recent = new RecentIds()
  #merging: Merge | undefined
  /** Added by the transaction under way: host, fingerprint, host, fingerprint, … */
  #added: number[] = []
  #logged = 0
  readonly #mostRecent: number
  readonly #folded = new Uint32Array(2)
  readonly #has: Statement
  readonly #insert: Statement
  readonly #log: Statement
  readonly #trim: Statement
  readonly #readLog: Statement

  /** `mostRecent`: ids in memory before they are merged. */
  constructor(database: Database, mostRecent = 250_000) {
    this.#mostRecent = mostRecent
    this.#has = database.prepare('SELECT 1 FROM seen WHERE host = ? AND fp = ?')
    this.#insert = database.prepare('INSERT OR IGNORE INTO seen (host, fp) VALUES (?, ?)')
    this.#log = database.prepare('INSERT INTO seen_log (seq, ids) VALUES (?, ?)')
    this.#trim = database.prepare('DELETE FROM seen_log WHERE seq <= ?')
    this.#readLog = database.prepare('SELECT seq, ids FROM seen_log WHERE seq > ? ORDER BY seq LIMIT ?')
  }

  has(host: SqliteHost, id: string): boolean {
    return this.#knows(homeOf(host.id, id), this.#fingerprint(id))
  }

  /** Whether it is new. */
  add(host: SqliteHost, id: string): boolean {
    const fingerprint = this.#fingerprint(id)
    const home = homeOf(host.id, id)
    if (this.#knows(home, fingerprint)) return false
    this.#recent.add(home, fingerprint)
    this.#added.push(home, fingerprint)
    return true
  }

  /** Before the commit: the log, and a part of the merge under way. */
  write(): void {
    const count = this.#added.length / 2
    if (count === 0) return
    this.#log.run(++this.#logged, new Uint8Array(new Float64Array(this.#added).buffer))
    this.#added = []
    if (!this.#merging && this.#recent.size >= this.#mostRecent) {
      this.#merging = { ids: this.#recent, upto: this.#logged, next: 0, ...this.#recent.grouped() }
      this.#recent = new RecentIds()
    }
    if (this.#merging) this.#merge(this.#merging, count * mergedForEach)
  }

  load(): void {
    this.#recent = new RecentIds()
    this.#merging = undefined
    this.#added = []
    this.#logged = 0
    for (const { seq, ids } of rowsOf<LogRow>(this.#readLog, ({ seq }) => seq, 100)) {
      this.#logged = seq
      for (const [host, fingerprint] of idsIn(ids)) this.#recent.add(host, fingerprint)
    }
  }

  #knows(home: number, fingerprint: number): boolean {
    return (
      this.#recent.has(home, fingerprint) ||
      this.#merging?.ids.has(home, fingerprint) ||
      this.#has.get(home, fingerprint) !== undefined
    )
  }

  #merge(merge: Merge, most: number): void {
    const { hosts, fingerprints } = merge
    const upto = Math.min(hosts.length, merge.next + most)
    for (; merge.next < upto; merge.next++) {
      const host = hosts[merge.next]!
      if (host !== hosts[merge.next - 1]) fingerprints.subarray(merge.next, endOf(hosts, merge.next)).sort()
      this.#insert.run(host, fingerprints[merge.next]!)
    }
    if (merge.next < hosts.length) return
    this.#trim.run(merge.upto)
    this.#merging = undefined
  }

  #fingerprint(id: string): number {
    fold(id, this.#folded)
    return fingerprintOf(this.#folded)
  }
}

interface Merge {
  readonly ids: RecentIds
  /** The last row of the log that it holds. */
  readonly upto: number
  readonly hosts: Uint32Array
  readonly fingerprints: Float64Array
  next: number
}

interface LogRow {
  readonly seq: number
  readonly ids: Uint8Array
}

/** The host under which an id is known. None for an id made of a `key`: it may come again from another host. */
export function homeOf(host: number, id: string): number {
  return isOfKey(id) ? 0 : host
}

/** 53 of the 64 bits an id is folded to: a number that is exact in both worlds. */
export function fingerprintOf(folded: Uint32Array): number {
  return folded[0]! * 0x20_0000 + (folded[1]! >>> 11)
}

/** The ids in a row of the log. */
export function* idsIn(blob: Uint8Array): Iterable<[host: number, fingerprint: number]> {
  const cells = new Float64Array(blob.slice().buffer)
  for (let at = 0; at + 1 < cells.length; at += 2) yield [cells[at]!, cells[at + 1]!]
}

function endOf(hosts: Uint32Array, start: number): number {
  let end = start
  while (hosts[end] === hosts[start]) end++
  return end
}
