import type { Writable } from 'node:stream'
import { atFirstUse } from '../base/at-first-use.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { Sink, SinkRecord } from '../contracts/sink.ts'
import { assertTarget } from './assert-target.ts'
import { cellOf } from './cell.ts'
import { findLastRow, firstRowLength } from './csv-end.ts'
import { widen } from './csv-widen.ts'
import { isMark, markedFields, markOf } from './fields.ts'
import { createFileTarget, type FileOptions } from './file-target.ts'
import { type Kept, keeps, keptOf, type SchemasBySource, schemaFor, wasKept } from './item-kind.ts'
import { createKindFiles, isForKinds } from './kind-files.ts'
import { sinkFailed } from './sink-failure.ts'
import { columnsOf } from './sqlite-columns.ts'
import { createStreamTarget } from './stream-target.ts'
import type { KeptTarget } from './text-target.ts'
import { cellsOf, traceOfCells, tracesIn, withoutRows } from './without-rows.ts'

/**
 * RFC 4180: commas, CRLF (or the line ends that the file has), quotes doubled. One table holds one kind of record: items,
 * or edges if asked. The header is what the file already has, else `columns`, else what `schemas` say, else the keys of the
 * first batch. A later key without a column gets one: the file is written anew, wider. A stream or a pipe cannot be; there,
 * and where you gave `columns`, such a key is left out (and told once). The mark of what may be wrong gets its column, `_trust`, in
 * any file. Nested values are JSON, dates ISO 8601. With a durable crawl every row is in a file once; a stream or a pipe may get the last batch
 * again after a crash.
 */
export interface CsvOptions extends Pick<FileOptions, 'fsync' | 'openFile' | 'onDoubt'> {
  /** A path, or a stream such as stdout, which is not ended. `{kind}` in a path makes a file for each kind of record. */
  readonly to: string | Writable
  /** How messages call a stream. Default: `the stream`. */
  readonly name?: string
  /** The columns, in order, and no others. Default: what the file has, else what `schemas` say, else the keys of the items. */
  readonly columns?: readonly string[]
  /** Item schemas by the names of their sources: their keys are the columns of a new file. Default: the items say. */
  readonly schemas?: SchemasBySource
  /** Which records are written. Default `item`. */
  readonly kind?: SinkRecord['kind']
  /** The only kind of item that is written: needed where a source has several, as a table is of one kind. Default: there is one. */
  readonly itemKind?: string
  /** Puts a quote before cells that a spreadsheet would run as a formula. Default false, because it changes data. */
  readonly escapeFormulas?: boolean
  /** Called once for every key that has no column. Default: nobody is told. */
  readonly onUnknownColumn?: (column: string) => void
}

const parser = atFirstUse<typeof import('csv-parse/sync')>('csv-parse/sync')
const stringifier = atFirstUse<typeof import('csv-stringify/sync')>('csv-stringify/sync')

/** A sink for a CSV file of items, or of edges. */
export function createCsvSink(options: CsvOptions): Sink {
  assertTarget('createCsvSink()', options, { stream: true })
  const { to, itemKind, kind = 'item' } = options
  if (isForKinds(to))
    return createKindFiles(to, keptOf(options), (path, own) => createCsvSink(ofOne(options, path, own)))
  const which = keptOf({ kind, itemKind })
  const file = typeof to === 'string' ? createFileTarget(to, { ...options, findLastLine }) : undefined
  const target = file ?? createStreamTarget(to as Writable, options.name)
  /** The beginning of the file, until its header was read. */
  let beginning = ''
  const named = options.columns ?? namesIn(options.schemas ?? {}, itemKind)
  let columns = named
  let hasHeader = false
  let lineEnd: 'windows' | 'unix' = 'windows'
  let isReady = false
  /** Where the next batch begins was told, so what is before it must stay as it is. */
  let isPlaced = false
  const unknown = new Set<string>()
  let onlyKind: { readonly name: string | undefined } | undefined

  function adopt(): void {
    const header = headerOf(beginning, target.name)
    const own = options.columns && withoutMarks(header, options.columns)
    if (options.columns && options.columns.join() !== own?.join()) {
      const why = `it has the columns ${header.join()}, not ${options.columns.join()}. Write to a new file`
      throw sinkFailed(target.name, new Error(why), { isPermanent: true })
    }
    columns = header
    hasHeader = true
    lineEnd = /^[^\r]*\n/.test(beginning) ? 'unix' : 'windows'
    beginning = ''
  }

  /** A first row without an end is the header, or was torn and is gone: that is known only once nothing is completed. */
  async function prepare(): Promise<void> {
    if (isReady) return
    const isEmpty = !file || (await file.place()) === 0
    if (!isEmpty && !hasHeader) adopt()
    isReady = true
  }

  function rowsOf(batch: readonly SinkRecord[], withHeader: boolean): string {
    const records = batch.filter((record) => keeps(which, record))
    const first = records[0]
    if (!first) return ''
    const header = withHeader || !columns ? headerFor(records) : columns
    columns = header
    const rows = records.map((record) => toRow(record, header))
    return stringifyRows(withHeader ? [[...header], ...rows] : rows)
  }

  /** A table is of one kind; in a crawl that is found out before it begins (forKinds). */
  function assertOneKind(batch: readonly SinkRecord[]): void {
    if (itemKind !== undefined) return
    for (const record of batch) {
      if (record.kind !== 'item' || kind === 'edge') continue
      if (onlyKind !== undefined && onlyKind.name !== record.itemKind) {
        const why = `it has items of the kinds ${onlyKind.name ?? 'without a name'} and ${record.itemKind ?? 'without a name'}. ${kindsWay}`
        throw sinkFailed(target.name, new Error(why), { isPermanent: true })
      }
      onlyKind ??= { name: record.itemKind }
    }
  }

  /** Of a new table. */
  function headerFor(records: readonly SinkRecord[]): readonly string[] {
    const keys = options.columns ? marksOf(records) : records.flatMap(keysOf)
    return [...new Set([...(named ?? []), ...keys])]
  }

  /** Makes room for the keys of a batch that have no column yet. */
  async function grow(batch: readonly SinkRecord[]): Promise<void> {
    if (!file || !hasHeader || !columns) return
    const known = new Set(columns)
    const lacking = (keys: readonly string[]) => [...new Set(keys)].filter((key) => !known.has(key))
    const records = batch.filter((record) => keeps(which, record))
    if (!options.columns && (await addColumns(lacking(records.flatMap(keysOf)), file.rewrite))) return
    // What may be wrong must not look like the rest: it is worth a pass over any file.
    await addColumns(lacking(marksOf(records)), file.rewriteAny)
  }

  /** True when they are there. */
  async function addColumns(more: readonly string[], rewrite: KeptTarget['rewrite']): Promise<boolean> {
    if (more.length === 0) return true
    const wider = [...columns!, ...more]
    const header = stringifyRows([wider])
    const isDone = await rewrite((pieces) => widen(pieces, header, more.length))
    if (isDone) columns = wider
    return isDone
  }

  function stringifyRows(rows: readonly string[][]): string {
    return stringifier().stringify([...rows], {
      record_delimiter: lineEnd,
      quote_record_delimiter: true, // a line feed alone, too: to most readers it ends a row
      quoted_empty: rows[0]?.length === 1, // or the row is an empty line, which readers skip
      escape_formulas: options.escapeFormulas ?? false,
    })
  }

  function toRow(record: SinkRecord, header: readonly string[]): string[] {
    const fields = markedFields(record)
    const keys = options.columns ? marksOf([record]) : Object.keys(fields)
    for (const key of keys) {
      if (header.includes(key) || unknown.has(key)) continue
      unknown.add(key)
      options.onUnknownColumn?.(key)
    }
    return header.map((column) => String(cellOf(record, fields[column]) ?? ''))
  }

  /** As findLastRow. The beginning of a header that a killed process was writing does not count as a header. */
  async function findLastLine(...args: Parameters<typeof findLastRow>) {
    const row = await findLastRow(...args)
    if (!row || row.start > 0 || !named) return row
    const header = stringifyRows([[...named]])
    const found = beginning.replace(/\uFFFD$/, '') // half a character
    return { ...row, isWhole: found === header.trimEnd() || !header.startsWith(found) }
  }

  async function write(batch: readonly SinkRecord[]): Promise<void> {
    assertOneKind(batch)
    await prepare()
    if (!isPlaced) await grow(batch)
    isPlaced = false
    const text = rowsOf(batch, !hasHeader)
    if (text === '') return
    await target.append(text)
    hasHeader = true
  }

  /** As its row will be found again: escaped as it is written, with the columns that it can have. */
  function trace(record: SinkRecord): string {
    if (!keeps(which, record)) return ''
    const names = options.columns ? [...options.columns, ...marksOf([record])] : keysOf(record)
    const row = cellsOf(Buffer.from(stringifyRows([toRow(record, names)])))
    return traceOfCells(row.map((cell, at) => [names[at]!, cell] as const))
  }

  const keeping = (kept: KeptTarget): Keeping => ({
    takesBack: 'at-end',
    trace,
    async takeBack(retractions) {
      const wrong = tracesIn(
        retractions.filter((each) => wasKept(which, each)),
        target.name,
      )
      if (wrong.size > 0) await kept.rewriteAny((pieces) => withoutRows(pieces, wrong))
      return [...wrong.values()].reduce((sum, count) => sum + count, 0)
    },
    async place(batch) {
      await prepare()
      if (batch) await grow(batch)
      isPlaced = true
      return kept.place()
    },
    async complete(batch, place) {
      const found = { columns, lineEnd }
      if (place === 0) lineEnd = 'windows' // as in a new file
      const text = rowsOf(batch, place === 0)
      if (await kept.complete(text, place)) {
        if (text === '') lineEnd = found.lineEnd
        hasHeader ||= text !== ''
        isReady = hasHeader
        return
      }
      ;({ columns, lineEnd } = found)
      await write(batch)
    },
  })

  const sink: Sink = {
    name: target.name,
    ...which,
    forKinds(kinds) {
      if (kinds.length < 2 || itemKind !== undefined || kind === 'edge') return [sink]
      throw new RegattaError(
        'OPTION_INVALID',
        `${target.name} is one table, and the items are of several kinds: ${kinds.join(', ')}. ${kindsWay}`,
        {
          value: { path: 'to', value: target.name },
        },
      )
    },
    async open() {
      beginning = await target.open()
      if (firstRowLength(beginning) === undefined) return
      try {
        adopt()
      } catch (error) {
        await target.close()
        throw error
      }
    },
    write,
    ...(file && keeping(file)),
    close: () => target.close(),
  }
  return sink
}

const kindsWay =
  'Put {kind} into the name of the file, which makes a table of each, or name one with itemKind'

/** The options of the table of one kind. */
function ofOne(options: CsvOptions, to: string, own: Kept): CsvOptions {
  const { kind: _kind, itemKind: _itemKind, columns, schemas, ...others } = options
  const { kind = 'item', itemKind } = own
  if (kind === 'edge') return { ...others, to, kind, columns: edgeColumns }
  const shape = { ...(columns && { columns }), ...(schemas && { schemas }) }
  return { ...others, ...shape, to, kind, ...(itemKind !== undefined && { itemKind }) }
}

/** Of a table of edges. */
export const edgeColumns = ['from', 'to', 'type', 'data']

/** What a file can do that can be looked at, and a stream cannot. */
type Keeping = Pick<Sink, 'place' | 'complete' | 'takesBack' | 'trace' | 'takeBack'>

/** The first record of a table; broken quoting is read as far as it goes. */
function headerOf(text: string, name: string): readonly string[] {
  try {
    const row = text.slice(0, firstRowLength(text))
    return parser().parse(row, { bom: true, to: 1, relax_quotes: true })[0] ?? []
  } catch (cause) {
    throw sinkFailed(name, new Error('its first line is no header. Write to a new file', { cause }), {
      isPermanent: true,
    })
  }
}

/** The keys that have a value; JSON would not keep the others. */
function keysOf(record: SinkRecord): string[] {
  const fields = markedFields(record)
  return Object.keys(fields).filter((key) => fields[key] !== undefined)
}

/** The names of their marks. */
function marksOf(records: readonly SinkRecord[]): string[] {
  return records.flatMap((record) => markOf(record) ?? [])
}

/** A header without the marks that stand behind the columns that were asked for. */
function withoutMarks(header: readonly string[], columns: readonly string[]): readonly string[] {
  return header.filter((name, at) => at < columns.length || !isMark(name))
}

/** The keys that the schemas name; undefined when one of them names none. */
function namesIn(schemas: SchemasBySource, itemKind: string | undefined): readonly string[] | undefined {
  const found = Object.keys(schemas).map((source) => {
    const schema = schemaFor(schemas, source, itemKind)
    return schema && columnsOf(schema)
  })
  if (found.length === 0 || found.includes(undefined)) return undefined
  return [...new Set(found.flatMap((columns) => columns!.map(({ name }) => name)))]
}
