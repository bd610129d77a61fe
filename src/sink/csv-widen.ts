import { firstRowLength } from './csv-end.ts'

const quote = 0x22
const carriageReturn = 0x0d
const lineFeed = 0x0a
const comma = 0x2c

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
  let before = 0
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
    const out: number[] = []
    for (const byte of bytes) {
      if (byte === quote) isQuoted = !isQuoted
      if (before === carriageReturn && (byte !== lineFeed || isQuoted)) out.push(before)
      if (byte === lineFeed && !isQuoted) {
        for (let n = 0; n < more; n++) out.push(comma)
        if (before === carriageReturn) out.push(before)
      }
      if (byte !== carriageReturn) out.push(byte)
      before = byte
    }
    yield Buffer.from(out)
  }
  // A first row without an end is the header alone.
  if (first) yield Buffer.from(header)
  else if (before === carriageReturn) yield Buffer.from([before])
}
