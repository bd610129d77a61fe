import type { SQLInputValue } from 'node:sqlite'
import type { RegattaError } from '../contracts/errors.ts'
import type { SinkRecord } from '../contracts/sink.ts'
import type { Database, Statement } from '../sqlite/database.ts'
import { cellOf } from './cell.ts'
import { markOf } from './fields.ts'
import { sinkFailed } from './sink-failure.ts'
import type { Column, ColumnType } from './sqlite-columns.ts'

/**
 * One table. Its key is where a record comes from, so a record that comes again replaces itself. A value goes to the
 * column of its key; what has none, or would be changed by the column's type, goes to `_rest`, as JSON: nothing is lost.
 * The trap: SQLite does not tell the case of a column's letters apart, so `Title` and `title` are one column.
 */
export interface TableShape {
  /** How messages call the database. */
  readonly file: string
  readonly name: string
  /** Columns of the primary key, and what a record has in them. */
  readonly key: readonly Column[]
  keyOf(record: RecordKey): readonly SQLInputValue[]
  /** Called for a key that got no column. */
  onUnknownColumn(column: string): void
}

/** Where a record comes from. */
export type RecordKey = Pick<SinkRecord, 'source' | 'request' | 'index'>

/** SQLite itself allows 2,000. */
const mostColumns = 500
const rest = '_rest'

export class Table {
  readonly #database: Database
  readonly #shape: TableShape
  /** Of the values, by their names in small letters, in the order of the statement's arguments. */
  readonly #columns = new Map<string, { readonly key: string; readonly kind: Kind }>()
  #statement: Statement | undefined

  /** Makes the table, or looks at the one that is there. */
  constructor(database: Database, shape: TableShape) {
    this.#database = database
    this.#shape = shape
    const { name, key } = shape
    const there = database.prepare('SELECT name, type, pk FROM pragma_table_info(?)').all(name)
    if (there.length === 0) {
      const columns = [...key.map((column) => `${definitionOf(column)} NOT NULL`), `"${rest}" TEXT`]
      const names = key.map((column) => quoted(column.name))
      const primary = `PRIMARY KEY (${names.join(', ')})`
      database.prepare(`CREATE TABLE ${quoted(name)} (${columns.join(', ')}, ${primary})`).run()
      return
    }
    const keys = there.filter(({ pk }) => pk !== 0).map((column) => folded(String(column.name)))
    const hasRest = there.some((column) => folded(String(column.name)) === rest)
    if (
      !hasRest ||
      keys.toSorted().join() !==
        key
          .map((column) => column.name)
          .toSorted()
          .join()
    ) {
      throw this.#failure(`it has a table "${name}" that was made by others. Write to a new file`)
    }
    for (const column of there) {
      const columnName = String(column.name)
      if (!this.#isReserved(columnName)) this.#remember(columnName, String(column.type))
    }
  }

  /** Adds the columns that are missing. Throws SINK_FAILED when one is there that would change its values. */
  ensure(columns: readonly Column[]): void {
    for (const { name, type } of columns) {
      const there = this.#columns.get(folded(name))
      if (!there) this.#add(name, type)
      else if (there.key === name && type !== '' && there.kind !== 'any' && there.kind !== kindOf(type)) {
        throw this.#failure(
          `column "${name}" of its table "${this.#shape.name}" holds ${there.kind}s, but the items now have ${kindOf(type)}s there. Write to a new file`,
        )
      }
    }
  }

  /** With `mayGrow`, keys without a column get one. A mark gets one in any case. */
  write(record: SinkRecord, fields: Readonly<Record<string, unknown>>, mayGrow: boolean): void {
    const left: Record<string, unknown> = Object.create(null) // a key may be called __proto__
    const values = new Map<string, SQLInputValue>()
    const mark = markOf(record)
    for (const [key, value] of Object.entries(fields)) {
      if (value === undefined) continue
      const cell = cellOf(record, value)
      const column =
        this.#columns.get(folded(key)) ??
        (mayGrow || key === mark ? this.#add(key, key === mark ? 'TEXT' : '') : undefined)
      if (column?.key !== key) this.#shape.onUnknownColumn(key)
      if (column?.key === key && fits(cell, column.kind)) values.set(folded(key), bindable(cell))
      else left[key] = typeof value === 'bigint' ? String(value) : value
    }
    const others = Object.keys(left).length === 0 ? null : String(cellOf(record, left))
    const row = [...this.#columns.keys()].map((name) => values.get(name) ?? null)
    this.#statement ??= this.#database.prepare(this.#upsert())
    this.#statement.run(...this.#shape.keyOf(record), others, ...row)
  }

  /** Takes the row of a record away, if it is there. */
  remove(key: RecordKey): void {
    const { name, key: columns } = this.#shape
    const match = columns.map((column) => `${quoted(column.name)} = ?`).join(' AND ')
    this.#database.prepare(`DELETE FROM ${quoted(name)} WHERE ${match}`).run(...this.#shape.keyOf(key))
  }

  #add(name: string, type: ColumnType): { readonly key: string; readonly kind: Kind } | undefined {
    if (this.#isReserved(name) || name.includes('\0') || this.#columns.size >= mostColumns) return undefined
    const definition = definitionOf({ name, type })
    this.#database.prepare(`ALTER TABLE ${quoted(this.#shape.name)} ADD COLUMN ${definition}`).run()
    return this.#remember(name, type)
  }

  #remember(name: string, type: string): { readonly key: string; readonly kind: Kind } {
    const column = { key: name, kind: kindOf(type) }
    this.#columns.set(folded(name), column)
    this.#statement = undefined
    return column
  }

  #isReserved(name: string): boolean {
    return folded(name) === rest || this.#shape.key.some((column) => column.name === folded(name))
  }

  #upsert(): string {
    const key = this.#shape.key.map((column) => quoted(column.name))
    const values = [rest, ...[...this.#columns.values()].map((column) => column.key)].map(quoted)
    const all = [...key, ...values]
    return `INSERT INTO ${quoted(this.#shape.name)} (${all.join(', ')}) VALUES (${all.map(() => '?').join(', ')})
      ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${values.map((name) => `${name} = excluded.${name}`).join(', ')}`
  }

  #failure(why: string): RegattaError {
    return sinkFailed(this.#shape.file, new Error(why), { isPermanent: true })
  }
}

type Cell = ReturnType<typeof cellOf>

/** What a column keeps as it is. */
type Kind = 'text' | 'number' | 'any'

/** By the affinity of its type (sqlite.org/datatype3.html, 3.1). */
function kindOf(type: string): Kind {
  if (/INT/i.test(type)) return 'number'
  if (/CHAR|CLOB|TEXT/i.test(type)) return 'text'
  return type === '' || /BLOB/i.test(type) ? 'any' : 'number'
}

function fits(cell: Cell, kind: Kind): boolean {
  if (typeof cell === 'string' && cell.includes('\0')) return false // SQLite's text ends there, for most who read it
  if (typeof cell === 'bigint' && BigInt.asIntN(64, cell) !== cell) return false
  if (cell === null || kind === 'any') return true
  return (typeof cell === 'string') === (kind === 'text')
}

/** Both runtimes bind a number as a float, so a whole one goes as a bigint. */
function bindable(cell: Cell): SQLInputValue {
  if (typeof cell === 'boolean') return cell ? 1n : 0n
  return typeof cell === 'number' && Number.isSafeInteger(cell) ? BigInt(cell) : cell
}

function definitionOf({ name, type }: Column): string {
  return type === '' ? quoted(name) : `${quoted(name)} ${type}`
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** SQLite folds ASCII letters only. */
function folded(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}
