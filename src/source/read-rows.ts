import { pipeline, Readable } from 'node:stream'
import { atFirstUse } from '../base/at-first-use.ts'
import { messageOf, RegattaError } from '../contracts/errors.ts'
import type { SourceContext } from '../contracts/source.ts'
import type { CsvOptions } from './read-csv.ts'
import { readText } from './read-lines.ts'

const csv = atFirstUse<typeof import('csv-parse')>('csv-parse')

/**
 * The rows of a table in a file of the user's, or in what is piped in: by the names of its head, one at a time, and only as
 * fast as they are taken. Throws PARAM_INVALID where it cannot be read, or its quotes do not close.
 */
export async function* readRows(
  path: string,
  place: Pick<SourceContext, 'input'>,
  { delimiter = path.endsWith('.tsv') ? '\t' : ',' }: CsvOptions = {},
): AsyncGenerator<Readonly<Record<string, string>>> {
  const parser = csv().parse({
    delimiter,
    columns: true,
    bom: true,
    trim: true,
    skip_empty_lines: true,
    relax_column_count: true,
  })
  // A failure reaches the reader through `parser` itself.
  pipeline(Readable.from(readText(path, place)), parser, () => undefined)
  try {
    yield* parser
  } catch (error) {
    if (error instanceof RegattaError) throw error
    throw new RegattaError('PARAM_INVALID', `The table ${path} cannot be read: ${messageOf(error)}.`, {
      value: { issues: [{ path: '', message: messageOf(error) }] },
      cause: error,
    })
  }
}
