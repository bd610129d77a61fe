import type { LeaseRow, SettleRow } from './calls.ts'
import type { Row } from './queue-row.ts'
import type { SqliteHost } from './sqlite-host.ts'

/** Leases, in memory only. Those that a transaction ends are kept until it is sure. */
export class Leases {
  readonly #epoch: number
  #given = 0
  /** Those up to here were given before the transaction under way. */
  #sure = 0
  readonly #rows = new Map<number, Row>()
  readonly #sequences = new Set<number>()
  readonly #ended = new Map<number, Row>()
  /** Given inside a transaction that failed: perhaps of rows that never were. */
  readonly #doubtful = new Set<number>()

  constructor(epoch: number) {
    this.#epoch = epoch
  }

  get size(): number {
    return this.#rows.size
  }

  /** Whether the row with this sequence is leased. */
  readonly has = (seq: number): boolean => this.#sequences.has(seq)

  give(row: Row): LeaseRow {
    const id = ++this.#given
    this.#rows.set(id, row)
    this.#sequences.add(row.seq)
    const { url, rest, lane, attempts, faults, memo, kept, correction, seq: sequence } = row
    const own = { id, host: row.host.key, epoch: this.#epoch, sequence }
    return { ...own, url, rest, lane, attempts, faults, memo, kept, correction }
  }

  /** The leased row, which is leased no more; undefined for a stranger, a stale lease, or one that has ended. */
  end({ lease, epoch, request }: SettleRow): Row | undefined {
    const row = this.#rows.get(lease)
    if (!row || epoch !== this.#epoch || !row.rest.startsWith(`{"id":${JSON.stringify(request)}`))
      return undefined
    this.#rows.delete(lease)
    this.#sequences.delete(row.seq)
    this.#ended.set(lease, row)
    return row
  }

  started(): void {
    this.#sure = this.#given
    this.#ended.clear()
  }

  committed(): void {
    this.#ended.clear()
  }

  /** What the transaction ended is leased again; what was given since it began is in doubt until `rejoin`. */
  rolledBack(): void {
    for (const [id, row] of this.#ended) this.#rows.set(id, row)
    this.#ended.clear()
    for (let id = this.#sure + 1; id <= this.#given; id++) if (this.#rows.has(id)) this.#doubtful.add(id)
    this.#sequences.clear()
    for (const [id, { seq }] of this.#rows) if (!this.#doubtful.has(id)) this.#sequences.add(seq)
  }

  /**
   * The hosts were read anew, and count all their rows as free. A lease in doubt stays when the file `holds` its row
   * just as it was given, and nobody else has it.
   */
  rejoin(find: (key: string) => SqliteHost | undefined, holds: (row: Row) => boolean): void {
    for (const id of this.#doubtful) {
      const row = this.#rows.get(id)!
      if (this.#sequences.has(row.seq) || !find(row.host.key) || !holds(row)) this.#rows.delete(id)
      else this.#sequences.add(row.seq)
      this.#doubtful.delete(id)
    }
    for (const [id, row] of this.#rows) {
      const host = find(row.host.key)
      if (!host) continue
      this.#rows.set(id, { ...row, host })
      if (row.correction !== null) continue // its host counts what is in the queue
      host.ripe--
      host.inFlight++
    }
  }

  /** The sequences of those that were recalled. */
  *recalled(): Generator<number, void> {
    for (const { correction, seq } of this.#rows.values()) if (correction !== null) yield seq
  }
}
