import { firstRowLength } from './csv-end.ts'

const quote = 0x22
const carriageReturn = 0x0d
const lineFeed = 0x0a

/**
 * A table with more columns: another first row, and as many empty cells behind each of the others as it has become wider. The
 * bytes between stay as they are, also those that somebody else wrote.
 */
export async function* widen(
  pieces: AsyncIterable<Uint8Array>,
  header: string,
  more: number,
): AsyncGenerator<Uint8Array> {
  let first: Buffer | undefined = Buffer.alloc(0)
  let isQuoted = false
  /** The last piece has ended with a carriage return, which may belong to the end of a row. */
  let isHeld = false
  const cells = Buffer.alloc(more, ',')
  for await (const piece of pieces) {
    let bytes: Uint8Array = piece
    if (first) {
      first = Buffer.concat([first, piece])
      const length = firstRowLength(first.toString('latin1'))
      if (length === undefined) continue
      yield Buffer.from(header)
      bytes = first.subarray(length)
      first = undefined
    }
    const all: Uint8Array = isHeld ? Buffer.concat([Buffer.of(carriageReturn), bytes]) : bytes
    isHeld = all.at(-1) === carriageReturn
    const end = isHeld ? all.length - 1 : all.length
    const out: Uint8Array[] = []
    let begin = 0
    for (let at = 0; at < end; at++) {
      if (all[at] === quote) isQuoted = !isQuoted
      if (all[at] !== lineFeed || isQuoted) continue
      const rowEnd = all[at - 1] === carriageReturn ? at - 1 : at
      out.push(all.subarray(begin, rowEnd), cells)
      begin = rowEnd
    }
    yield Buffer.concat([...out, all.subarray(begin, end)])
  }
  // A first row without an end is the header alone.
  if (first) yield Buffer.from(header)
  else if (isHeld) yield Buffer.of(carriageReturn)
}
