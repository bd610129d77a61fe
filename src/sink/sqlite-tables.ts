import type { Retraction, SinkRecord } from '../contracts/sink.ts'
import type { Database } from '../sqlite/database.ts'
import { markedFields } from './fields.ts'
import { kindNameFor, type SchemasBySource, schemaFor } from './item-kind.ts'
import { type Column, columnsOf } from './sqlite-columns.ts'
import { Table } from './sqlite-table.ts'

/** Which table a record belongs to. Tables are made when their first record comes. */
export interface SqliteTableOptions {
  /** How messages call the database. */
  readonly to: string
  readonly schemas?: SchemasBySource
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
  /** By source and kind. */
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
    const { table, mayGrow } = this.#placeOf(record)
    table.write(record, this.#withKind(record, fields), mayGrow)
  }

  takeBack(retraction: Retraction): void {
    const { of, request, index, source } = retraction
    const key = { source, request, index }
    if (of === 'item') return this.#placeOf(retraction).table.remove(key)
    this.#edges ??= this.#openEdges()
    this.#edges.remove(key)
  }

  /** One table for all says the kind of each. */
  #withKind(
    { itemKind }: SinkRecord,
    fields: Readonly<Record<string, unknown>>,
  ): Readonly<Record<string, unknown>> {
    if (itemKind === undefined || this.#options.table === undefined) return fields
    return { [kindNameFor(fields)]: itemKind, ...fields }
  }

  #placeOf({ source, itemKind }: Pick<SinkRecord, 'source' | 'itemKind'>): Place {
    const key = itemKind === undefined ? source : `${source}\n${itemKind}`
    const known = this.#items.get(key)
    if (known) return known
    const place = this.#openItems(source, itemKind)
    this.#items.set(key, place)
    return place
  }

  #openItems(source: string, itemKind: string | undefined): Place {
    const { table: name, schemas = {} } = this.#options
    const schema = schemaFor(schemas, source, itemKind)
    const columns = schema && columnsOf(schema)
    const table = this.#tableOf(name, source, itemKind)
    table.ensure(columns ?? [])
    if (name !== undefined && itemKind !== undefined) table.ensure([{ name: kindNameFor({}), type: 'TEXT' }])
    return { table, mayGrow: columns === undefined }
  }

  /** Sources that have a kind of the same name share its table. */
  #tableOf(name: string | undefined, source: string, itemKind: string | undefined): Table {
    if (name !== undefined) return this.#open(name, '_source')
    return itemKind === undefined
      ? this.#open(tableNameOf(source))
      : this.#open(tableNameOf(itemKind), '_source')
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

/** The name of a source or a kind is letters, digits, dots, dashes and underscores. */
function tableNameOf(source: string): string {
  return isTableName(source) ? source : `items_${source}`
}
