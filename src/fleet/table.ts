import { atFirstUse } from '../base/at-first-use.ts'
import type { Entry } from './list.ts'
import { isHead, readObject } from './object.ts'
import type { ParseDefaults } from './parse-proxy.ts'

/**
 * A list as a table with a head: CSV as providers export it, by comma, semicolon, tab or bar. Its rows are read like the
 * objects of a JSON list, so the names of columns are the same ones.
 */
const parser = atFirstUse<typeof import('csv-parse/sync')>('csv-parse/sync')

const delimiters = [',', ';', '\t', '|'] as const

/** The entries of a table, or undefined when the text has no head that names a host. */
export function readTable(text: string, defaults: ParseDefaults): Entry[] | undefined {
  const head = /^[^\r\n]*/.exec(text)![0]
  const delimiter = delimiters.find((each) => isHead(head.split(each)))
  if (delimiter === undefined) return undefined
  const broken: Entry[] = []
  const rows = text.includes('"') ? quotedRows(text, delimiter, broken) : plainRows(text, delimiter)
  const read = rows
    .filter(({ record }) => Object.values(record).some((cell) => /[\p{L}\p{N}]/u.test(cell)))
    .map(({ record, info }) => ({ place: `line ${info.lines}`, proxy: readObject(record, defaults) }))
  return [...read, ...broken]
}

interface Row {
  readonly record: Record<string, string>
  readonly info: { readonly lines: number }
}

/** Without quotes a row is a line; the parser of CSV takes much longer for rows that are too short. */
function plainRows(text: string, delimiter: string): Row[] {
  const [head = '', ...lines] = text.split(/\r\n|\n|\r/)
  const names = head.split(delimiter).map((name) => name.trim())
  return lines.flatMap((line, index) => {
    if (line.trim() === '') return []
    const cells = line.split(delimiter, names.length)
    const record: Record<string, string> = {}
    for (const [at, cell] of cells.entries()) record[names[at]!] = cell.trim()
    return [{ record, info: { lines: index + 2 } }]
  })
}

function quotedRows(text: string, delimiter: string, broken: Entry[]): Row[] {
  return parser().parse(text, {
    columns: true,
    delimiter,
    info: true,
    quote: '"',
    relax_column_count: true,
    relax_quotes: true,
    skip_records_with_error: true,
    on_skip: (error) => {
      broken.push({ place: `line ${error?.lines ?? '?'}`, proxy: 'its quotes are not closed' })
      return undefined
    },
    skip_empty_lines: true,
    trim: true,
  })
}
