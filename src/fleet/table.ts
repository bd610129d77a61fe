import { atFirstUse } from '../base/at-first-use.ts'
import { isHead, readObject } from './object.ts'
import type { ParseDefaults } from './parse-proxy.ts'
import type { Entry } from './proxy-list.ts'

/**
 * A list as a table with a head: CSV as providers export it, by comma, semicolon, tab or bar. Its rows are read like the
 * objects of a JSON list, so the names of columns are the same ones.
 */
const parser = atFirstUse<typeof import('csv-parse/sync')>('csv-parse/sync')

const delimiters = [',', ';', '\t', '|'] as const

/** A first line for Excel alone, by which it parts the others. */
const forExcel = /^"?sep=[,;\t|]"?(?:\r\n|\n|\r)/i

/** The entries of a table, or undefined when the text has no head that names a host. */
export function readTable(text: string, defaults: ParseDefaults): Entry[] | undefined {
  const above = forExcel.exec(text)?.[0] ?? ''
  const head = /^[^\r\n]*/.exec(text.slice(above.length))![0]
  const first = above === '' ? 1 : 2
  const delimiter = delimiters.find((each) => isHead(head.split(each)))
  if (delimiter === undefined) return undefined
  const broken: Entry[] = []
  const rows =
    (text.includes('"') && quotedRows(text, delimiter, first, broken)) || plainRows(text, delimiter, first)
  const read = rows
    .filter(({ record }) => Object.values(record).some((cell) => /[\p{L}\p{N}]/u.test(cell)))
    .map(({ record, info }) => ({ place: `line ${info.lines}`, proxy: readObject(record, defaults) }))
  return [...read, ...broken]
}

interface Row {
  readonly record: Record<string, string>
  readonly info: { readonly lines: number }
}

/** A table whose quotes are broken so often has none: they stand in it as any other character. */
const mostBroken = 200

/** Without quotes a row is a line. */
function plainRows(text: string, delimiter: string, first: number): Row[] {
  const [head = '', ...lines] = text.split(/\r\n|\n|\r/).slice(first - 1)
  const rows = lines.map((line, index) => ({ cells: line.split(delimiter), line: index + first + 1 }))
  return namedRows(head.split(delimiter), rows)
}

/** Undefined when too many rows are broken. The parser makes an error of each row that is too short; without their stacks they cost little. */
function quotedRows(text: string, delimiter: string, first: number, broken: Entry[]): Row[] | undefined {
  const found: Entry[] = []
  const tooMany = new Error('Its quotes are none.')
  const options = {
    delimiter,
    from_line: first,
    info: true,
    quote: '"',
    relax_column_count: true,
    relax_quotes: true,
    skip_records_with_error: true,
    on_skip: (error?: object) => {
      if (found.length >= mostBroken) throw tooMany
      found.push({ place: `line ${lineOf(error)}`, proxy: 'its quotes are not closed' })
      return undefined
    },
    skip_empty_lines: true,
  } as const
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    const rows = parser().parse(text, options) as unknown as { record: string[]; info: { lines: number } }[]
    broken.push(...found)
    const [head, ...others] = rows.map(({ record, info }) => ({ cells: record, line: info.lines }))
    return head ? namedRows(head.cells, others) : []
  } catch (error) {
    if (error !== tooMany) throw error
    return undefined
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

function lineOf(error: object | undefined): string {
  return error && 'lines' in error ? String(error.lines) : '?'
}

/** Cells by the names of their columns; those without a column, and lines without a cell, are left out. */
function namedRows(
  head: readonly string[],
  rows: readonly { cells: readonly string[]; line: number }[],
): Row[] {
  const names = head.map((name) => name.trim())
  return rows.flatMap(({ cells, line }) => {
    if (cells.every((cell) => cell.trim() === '')) return []
    const record: Record<string, string> = {}
    for (const [at, name] of names.entries())
      if (at < cells.length) record[name] = cells[at]!.trim().replace(/^`(.*)`$/, '$1')
    return [{ record, info: { lines: line } }]
  })
}
