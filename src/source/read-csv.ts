import { atFirstUse } from '../base/at-first-use.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { Page } from '../contracts/page.ts'

const parser = atFirstUse<typeof import('csv-parse/sync')>('csv-parse/sync')

/** How a table is written. */
export interface CsvOptions {
  /** Between the cells. Default: a comma. */
  readonly delimiter?: string | undefined
}

/** A row: its cells by the names of the header. A cell that is not there has no name here. */
export type CsvRow = Readonly<Partial<Record<string, string>>>

/**
 * The rows of a page that is a table with a header: RFC 4180, and what is seen besides: a byte order mark, empty lines, spaces around
 * names and cells, rows with fewer or more cells than the header. Throws SOURCE_FAILED, naming the page and the line, where quotes do not close.
 */
export function readCsv(
  page: Pick<Page, 'url' | 'text'>,
  { delimiter = ',' }: CsvOptions = {},
): readonly CsvRow[] {
  const text = page.text()
  const { parse, CsvError } = parser()
  try {
    return parse(text, {
      delimiter,
      columns: true,
      bom: true,
      trim: true,
      skip_empty_lines: true,
      relax_column_count: true,
    })
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    const sentence = `${page.url} is not CSV: ${error.message.replace(/\.$/, '')}.`
    throw new RegattaError('SOURCE_FAILED', sentence, { value: { url: page.url }, cause: error })
  }
}
