import { findUnendedLine, type LastLine, piecesOf } from './file-end.ts'
import type { OpenFile } from './file-target.ts'

/**
 * Finds a last row that a crash tore. A line feed inside quotes ends no row, and whether one is inside quotes is known
 * only from the beginning of the file: it is read once, and only if its last line has no end. A torn row has fewer cells
 * than the first one, or an open quote. A file that ends in a line feed counts as whole. One whose quotes do not
 * follow RFC 4180 is not judged: nothing of it is cut.
 */
export async function findLastRow(file: OpenFile, size: number): Promise<LastLine | undefined> {
  const line = await findUnendedLine(file, size)
  if (!line) return undefined
  const row = await scan(file, size)
  const end = line.text.endsWith('\r') ? '\n' : row.delimiter
  if (!row.isStrict) return { start: line.start, isWhole: true, end }
  const isWhole = !row.isOpen && (row.header === undefined || row.cells >= row.header)
  return { start: row.start, isWhole, end: row.isOpen ? `"${row.delimiter}` : end }
}

interface Row {
  readonly start: number
  readonly cells: number
  readonly isOpen: boolean
  /** Cells of the first row; undefined when it is the last one. */
  readonly header: number | undefined
  readonly delimiter: string
  readonly isStrict: boolean
}

const quote = 0x22
const comma = 0x2c
const carriageReturn = 0x0d
const lineFeed = 0x0a

async function scan(file: OpenFile, size: number): Promise<Row> {
  let start = 0
  let cells = 1
  let header: number | undefined
  let delimiter = '\r\n'
  let isStrict = true
  /** `closed`: a quote inside a quoted cell, which ends it or is half of a doubled one. */
  let state: 'begin' | 'bare' | 'quoted' | 'closed' = 'begin'
  let before = 0
  let at = 0
  for await (const piece of piecesOf(file, size)) {
    for (const byte of piece) {
      if (state === 'quoted') {
        if (byte === quote) state = 'closed'
      } else if (byte === quote) {
        // A byte order mark may stand before the first quote.
        if (state === 'bare' && at !== 3) isStrict = false
        state = 'quoted'
      } else if (byte === comma) {
        cells++
        state = 'begin'
      } else if (byte === lineFeed) {
        if (header === undefined) delimiter = before === carriageReturn ? '\r\n' : '\n'
        header ??= cells
        start = at + 1
        cells = 1
        state = 'begin'
      } else if (state === 'closed') {
        if (byte !== carriageReturn) isStrict = false
      } else state = 'bare'
      before = byte
      at++
    }
    if (!isStrict) break
  }
  return { start, cells, isOpen: state === 'quoted', header, delimiter, isStrict }
}

/** Length of a table's first row, its end included; undefined when it has no end. */
export function firstRowLength(text: string): number | undefined {
  let isQuoted = false
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '"') isQuoted = !isQuoted
    else if (text[at] === '\n' && !isQuoted) return at + 1
  }
  return undefined
}
