import { RegattaError } from '../../contracts/errors.ts'
import type { Database, Statement } from '../../sqlite/database.ts'
import type { CursorRow, EncodedOutput, OutputRow } from './calls.ts'
import type { Counters } from './counters.ts'

/** Outputs that some sink lacks, and how far each sink has come. Positions are counted apart, so none comes again. */
export class OutboxTable {
  readonly #counters: Counters
  /** The last position that is safe: what the transaction under way adds may come to nothing. */
  #safe = 0
  readonly #insert: Statement
  readonly #read: Statement
  readonly #trim: Statement
  readonly #sinks: Statement
  readonly #addSink: Statement
  readonly #forgetSink: Statement
  readonly #begin: Statement
  readonly #deliver: Statement
  readonly #least: Statement

  constructor(database: Database, counters: Counters) {
    this.#counters = counters
    this.#insert = database.prepare(
      'INSERT INTO outbox (position, kind, request, place, source, revision, trust, item_kind, value) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
    )
    this.#read = database.prepare(
      `SELECT position, kind, request, place AS "index", source, revision, trust, item_kind AS itemKind, value FROM outbox
      WHERE position > ? AND position <= ? ORDER BY position LIMIT ?`,
    )
    this.#trim = database.prepare('DELETE FROM outbox WHERE position <= ?')
    this.#sinks = database.prepare('SELECT name, delivered, begun_upto, begun_place FROM sink')
    this.#addSink = database.prepare('INSERT OR IGNORE INTO sink (name, delivered) VALUES (?, 0)')
    this.#forgetSink = database.prepare('DELETE FROM sink WHERE name = ?')
    this.#begin = database.prepare('UPDATE sink SET begun_upto = ?, begun_place = ? WHERE name = ?')
    this.#deliver = database.prepare(
      `UPDATE sink SET delivered = max(delivered, ?1),
        begun_upto = CASE WHEN begun_upto > ?1 THEN begun_upto END,
        begun_place = CASE WHEN begun_upto > ?1 THEN begun_place END
      WHERE name = ?2`,
    )
    this.#least = database.prepare('SELECT min(delivered) AS least FROM sink')
  }

  /** The position of the last one, or undefined when there is none. */
  add(outputs: readonly EncodedOutput[] | undefined): number | undefined {
    if (!outputs || outputs.length === 0) return undefined
    const { counts } = this.#counters
    for (const { kind, request, index, source, revision, trust, itemKind, value } of outputs) {
      counts.position++
      if (counts.unread) continue
      this.#insert.run(counts.position, kind, request, index, source, revision, trust, itemKind, value)
    }
    return counts.position
  }

  attach(names: readonly string[]): CursorRow[] {
    const known = this.#sinks.all() as unknown as SinkRow[]
    for (const { name } of known) if (!names.includes(name)) this.#forgetSink.run(name)
    for (const name of names) this.#addSink.run(name)
    const { counts } = this.#counters
    counts.unread = names.length === 0
    this.#trim.run(counts.unread ? counts.position : this.#delivered())
    const sinks = new Map((this.#sinks.all() as unknown as SinkRow[]).map((sink) => [sink.name, sink]))
    return names.map((name) => cursorOf(sinks.get(name)!))
  }

  /** What was added is in the file. */
  committed(): void {
    this.#safe = this.#counters.counts.position
  }

  read(after: number, max: number): OutputRow[] {
    return (this.#read.all(after, this.#safe, max) as unknown as OutputRow[]).map((row) => ({ ...row }))
  }

  begin(sink: string, upto: number, place: number): void {
    assertAttached(this.#begin.run(upto, place, sink).changes, sink)
  }

  deliver(sink: string, upto: number): void {
    const before = this.#delivered()
    assertAttached(this.#deliver.run(upto, sink).changes, sink)
    const least = this.#delivered()
    if (least > before) this.#trim.run(least)
  }

  #delivered(): number {
    return (this.#least.get() as { least: number | null }).least ?? 0
  }
}

interface SinkRow {
  readonly name: string
  readonly delivered: number
  readonly begun_upto: number | null
  readonly begun_place: number | null
}

function cursorOf({ name, delivered, begun_upto: upto, begun_place: place }: SinkRow): CursorRow {
  return { sink: name, delivered, begun: upto === null || place === null ? undefined : { upto, place } }
}

function assertAttached(changes: number | bigint, sink: string): void {
  if (Number(changes) > 0) return
  throw new RegattaError('INTERNAL', `The sink "${sink}" is not attached to the output log.`)
}
