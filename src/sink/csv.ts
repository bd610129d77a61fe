import type { Writable } from 'node:stream'
import { parse } from 'csv-parse/sync'
import { stringify } from 'csv-stringify/sync'
import { sinkFailed } from './failure.ts'
import { createFileTarget, type FileOptions } from './file-target.ts'
import { toJson } from './jsonl.ts'
import type { Sink, SinkRecord } from './sink.ts'
import { createStreamTarget } from './stream-target.ts'
import type { TextTarget } from './text-target.ts'

/**
 * RFC 4180: commas, CRLF, quotes doubled. One table holds one kind of record: items, or edges if asked. The header is
 * what the file already has, else `columns`, else the keys of the first record: give columns when keys are optional,
 * because a later key without a column is left out (and told once). Nested values are JSON, dates ISO 8601.
 */
export interface CsvOptions extends Pick<FileOptions, 'fsync' | 'openFile'> {
  /** A path, or a stream such as stdout, which is not ended. */
  readonly to: string | Writable
  /** How messages call a stream. */
  readonly name?: string
  readonly columns?: readonly string[]
  /** Which records are written. Default `item`. */
  readonly kind?: SinkRecord['kind']
  /** Puts a quote before cells that a spreadsheet would run as a formula. Default false, because it changes data. */
  readonly escapeFormulas?: boolean
  /** Called once for every key that has no column. */
  readonly onUnknownColumn?: (column: string) => void
}

export function createCsvSink(options: CsvOptions): Sink {
  const target: TextTarget =
    typeof options.to === 'string'
      ? createFileTarget(options.to, options)
      : createStreamTarget(options.to, options.name)
  const kind = options.kind ?? 'item'
  let columns = options.columns
  let hasHeader = false
  const unknown = new Set<string>()

  function toRow(record: SinkRecord, header: readonly string[]): string[] {
    const fields = fieldsOf(record.value)
    if (header !== options.columns) {
      for (const key of Object.keys(fields)) {
        if (header.includes(key) || unknown.has(key)) continue
        unknown.add(key)
        options.onUnknownColumn?.(key)
      }
    }
    return header.map((column) => toCell(record, fields[column]))
  }

  return {
    name: target.name,
    async open() {
      const existing = await target.open()
      if (existing === '') return
      const header = headerOf(existing)
      if (columns && columns.join() !== header.join()) {
        await target.close()
        throw sinkFailed(
          target.name,
          new Error(`it has the columns ${header.join()}, not ${columns.join()}. Write to a new file`),
        )
      }
      columns ??= header
      hasHeader = true
    },
    async write(batch) {
      const records = batch.filter((record) => record.kind === kind)
      const first = records[0]
      if (!first) return
      const header = columns ?? Object.keys(fieldsOf(first.value))
      columns = header
      const rows = records.map((record) => toRow(record, header))
      if (!hasHeader) rows.unshift([...header])
      await target.append(
        stringify(rows, { record_delimiter: 'windows', escape_formulas: options.escapeFormulas ?? false }),
      )
      hasHeader = true
    },
    close: () => target.close(),
  }
}

/** The first record of a table; broken quoting is read as far as it goes. */
function headerOf(text: string): readonly string[] {
  return parse(text, { bom: true, to: 1, relax_quotes: true })[0] ?? []
}

/** A value that has no keys fills the one column `value`. */
function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : { value }
}

function toCell(record: SinkRecord, value: unknown): string {
  if (value === undefined || value === null) return ''
  if (value instanceof Date) return value.toISOString()
  return typeof value === 'object' ? toJson(record, value) : String(value)
}
