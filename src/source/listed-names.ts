import type { SourceContext } from '../contracts/source.ts'
import { readEntries } from './read-lines.ts'

/**
 * Names that a user lists: those that a param gives, then those of a file, one on each line (of a table the first cell), or of what is
 * piped in where `path` is `-`. Throws PARAM_INVALID where the file cannot be read.
 */
export async function* listedNames(
  given: readonly string[],
  path: string | undefined,
  place: Pick<SourceContext, 'input'>,
): AsyncGenerator<string> {
  yield* given
  if (path === undefined) return
  for await (const { text } of readEntries(path, place)) {
    const name = text.split(/[,;\t]/, 1)[0]!.trim()
    if (name !== '') yield name
  }
}
