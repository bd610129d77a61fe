import { ScheduledHost } from '../scheduled-host.ts'
import type { HostBuffer } from './host-buffer.ts'
import { type Row, start } from './queue-row.ts'
import type { QueueTable } from './queue-table.ts'

/**
 * One host of a queue on disk: counts, gate and a few rows read ahead, about 400 bytes. What is not due yet is known by
 * its number and its earliest time only: every row due before `nextDue` is ripe, every other is later. When the clock
 * has come so far, one look into the file counts what ripened, each row once per lease.
 */
export class SqliteHost extends ScheduledHost {
  readonly id: number
  readonly key: string
  #table: QueueTable
  /** Due and not leased. */
  ripe = 0
  /** Not due yet. */
  later = 0
  /** When the first of those is due; Infinity when there is none. */
  nextDue = Number.POSITIVE_INFINITY
  /** A bit for each lane that may hold rows. */
  lanes = 0
  buffer: HostBuffer | undefined
  /** The transaction under way has changed it. */
  isTouched = false

  constructor(id: number, key: string, table: QueueTable) {
    super()
    this.id = id
    this.key = key
    this.#table = table
    this.turns = id % 32 // so that sessions do not all end at once
  }

  get ripeCount(): number {
    return this.ripe
  }

  get dueNext(): number {
    return this.nextDue
  }

  /** Rows in the file: ripe, later or leased. */
  get queued(): number {
    return this.ripe + this.later + this.inFlight
  }

  ripen(now: number): void {
    if (this.nextDue > now) return
    const { count, firstLane } = this.#table.countRipened(this, now)
    // Read before anything changes: a read may fail.
    const next = this.later > count ? this.#table.nextDue(this, now) : Number.POSITIVE_INFINITY
    // What was read ahead knows nothing of those that ripened.
    this.buffer?.cut({ ...start, lane: firstLane, due: this.nextDue })
    this.ripe += count
    this.later -= count
    this.nextDue = next
  }

  /** A row came into the file. The host was ripened to `now` before. */
  enter(row: Row, now: number): void {
    this.lanes |= 1 << row.lane
    if (row.due > now) {
      this.later++
      if (row.due < this.nextDue) this.nextDue = row.due
    } else {
      this.ripe++
      this.buffer?.offer(row)
    }
  }
}
