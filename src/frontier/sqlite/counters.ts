import type { Tally } from '../../contracts/frontier.ts'
import type { Database, Statement } from '../../sqlite/database.ts'

/** The crawl's own counts, written in each transaction that changes one. */
export interface Counts {
  /** Of the next discovery. */
  sequence: number
  /** Not settled, leased or not. */
  queued: number
  done: number
  resting: number
  dead: number
  /** Put back to be corrected and not settled since, leased or not; not in `queued`. */
  recalled: number
  /** Of the last output. */
  position: number
  /** The outputs have a reader, and it named no sink: what no sink takes is not kept. */
  unread: boolean
  /** The latest time that was written, wall-clock milliseconds. */
  wall: number
}

const nothing: Counts = {
  sequence: 0,
  queued: 0,
  done: 0,
  resting: 0,
  dead: 0,
  recalled: 0,
  position: 0,
  unread: false,
  wall: 0,
}

export class Counters {
  counts: Counts = { ...nothing }
  tally: Record<string, number> = {}
  #isTallied = false
  readonly #write: Statement
  readonly #read: Statement

  constructor(database: Database) {
    this.#write = database.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)')
    this.#read = database.prepare('SELECT value FROM meta WHERE key = ?')
  }

  add(tally: Tally): void {
    for (const name in tally) this.tally[name] = (this.tally[name] ?? 0) + tally[name]!
    this.#isTallied = true
  }

  subtract(tally: Tally): void {
    this.add(Object.fromEntries(Object.entries(tally).map(([name, count]) => [name, -count])))
  }

  write(): void {
    this.#write.run('counts', JSON.stringify(this.counts))
    if (this.#isTallied) this.#write.run('tally', JSON.stringify(this.tally))
    this.#isTallied = false
  }

  load(): void {
    this.counts = { ...nothing, ...this.#parse<Partial<Counts>>('counts') }
    this.tally = { ...this.#parse<Record<string, number>>('tally') }
    this.#isTallied = false
  }

  /** Ownership counts up with each opening, so that a lease of an earlier one is stale. */
  nextEpoch(): number {
    const epoch = Number(this.#text('epoch') ?? 0) + 1
    this.setEpoch(epoch)
    return epoch
  }

  setEpoch(epoch: number): void {
    this.#write.run('epoch', String(epoch))
  }

  #parse<Kept>(key: string): Kept {
    return JSON.parse(this.#text(key) ?? '{}') as Kept
  }

  #text(key: string): string | undefined {
    return (this.#read.get(key) as { value: string } | undefined)?.value
  }
}
