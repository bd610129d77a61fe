import type { Schema } from '../contracts/schema.ts'
import type { Retraction, SinkRecord } from '../contracts/sink.ts'
import type { Database } from '../sqlite/database.ts'
import { markedFields } from './fields.ts'
import { type Column, columnsOf } from './sqlite-columns.ts'
import { Table } from './sqlite-table.ts'

/** Which table a record belongs to. Tables are made when their first record comes. */
export interface SqliteTableOptions {
  /** How messages call the database. */
  readonly to: string
  readonly schemas?: Readonly<Record<string, Schema>>
  readonly table?: string
  readonly onUnknownColumn?: (column: string) => void
}

interface Place {
  readonly table: Table
  /** Whether nothing but its items says which columns it has. */
  readonly mayGrow: boolean
}

const edges = 'edges'
const request = { name: '_request', type: 'TEXT' } as const
const index = { name: '_index', type: 'INTEGER' } as const
const edgeColumns: readonly Column[] = [
  { name: 'from', type: 'TEXT' },
  { name: 'to', type: 'TEXT' },
  { name: 'type', type: 'TEXT' },
  { name: 'data', type: '' },
]

export class SqliteTables {
  readonly #database: Database
  readonly #options: SqliteTableOptions
  /** By their names in small letters. */
  readonly #tables = new Map<string, Table>()
  /** By source. */
  readonly #items = new Map<string, Place>()
  #edges: Table | undefined

  constructor(database: Database, options: SqliteTableOptions) {
    this.#database = database
    this.#options = options
  }

  write(record: SinkRecord): void {
    const fields = markedFields(record)
    if (record.kind === 'edge') {
      this.#edges ??= this.#openEdges()
      this.#edges.write(record, fields, false)
      return
    }
    const { table, mayGrow } = this.#items.get(record.source) ?? this.#openItems(record.source)
    table.write(record, fields, mayGrow)
  }

  takeBack({ of, request, index, source }: Retraction): void {
    const key = { source, request, index }
    if (of === 'item') return (this.#items.get(source) ?? this.#openItems(source)).table.remove(key)
    this.#edges ??= this.#openEdges()
    this.#edges.remove(key)
  }

  #openItems(source: string): Place {
    const { table: name, schemas = {} } = this.#options
    const table = name === undefined ? this.#open(tableNameOf(source)) : this.#open(name, '_source')
    const schema = Object.hasOwn(schemas, source) ? schemas[source] : undefined
    const columns = schema && columnsOf(schema)
    table.ensure(columns ?? [])
    const place = { table, mayGrow: columns === undefined }
    this.#items.set(source, place)
    return place
  }

  #openEdges(): Table {
    const table = this.#open(edges, 'source')
    table.ensure(edgeColumns)
    return table
  }

  /** `source` is the column that tells sources apart where a table has several. */
  #open(name: string, source?: string): Table {
    const known = this.#tables.get(name.toLowerCase())
    if (known) return known
    const { to, onUnknownColumn } = this.#options
    const table = new Table(this.#database, {
      file: to,
      name,
      key: [...(source === undefined ? [] : [{ name: source, type: 'TEXT' } as const]), request, index],
      keyOf: (record) => [...(source === undefined ? [] : [record.source]), record.request, record.index],
      onUnknownColumn: (column) => onUnknownColumn?.(column),
    })
    this.#tables.set(name.toLowerCase(), table)
    return table
  }
}

/** Whether items may have a table of this name: not that of the edges, nor one that SQLite keeps for itself. */
export function isTableName(name: string): boolean {
  return name !== '' && !name.includes('\0') && !/^(edges$|sqlite_)/i.test(name)
}

/** A source's name is letters, digits, dots, dashes and underscores. */
function tableNameOf(source: string): string {
  return isTableName(source) ? source : `items_${source}`
}
