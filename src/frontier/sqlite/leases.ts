import type { LeaseRow, SettleRow } from './calls.ts'
import type { Row } from './row.ts'
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
    const { url, rest, lane, attempts, faults, memo } = row
    return { id, url, rest, host: row.host.key, lane, attempts, faults, epoch: this.#epoch, memo }
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

  /** What the transaction ended is leased again; what was given since it began may be of rows that never were. */
  rolledBack(): void {
    for (let id = this.#sure + 1; id <= this.#given; id++) {
      const row = this.#rows.get(id)
      if (!row) continue
      this.#rows.delete(id)
      this.#sequences.delete(row.seq)
    }
    for (const [id, row] of this.#ended) {
      if (id > this.#sure) continue
      this.#rows.set(id, row)
      this.#sequences.add(row.seq)
    }
    this.#ended.clear()
  }

  /** The hosts were read anew, and count all their rows as free. */
  rejoin(find: (key: string) => SqliteHost | undefined): void {
    for (const [id, row] of this.#rows) {
      const host = find(row.host.key)
      if (!host) continue
      host.ripe--
      host.inFlight++
      this.#rows.set(id, { ...row, host })
    }
  }
}
