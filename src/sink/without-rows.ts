import { hash } from 'node:crypto'
import type { Retraction } from '../contracts/sink.ts'

/**
 * A table without the rows that are taken back. A row is known by its cells and their columns, whichever order they have in
 * and without those that are empty, so that a table that has grown wider since still knows it.
 */
export function traceOfCells(cells: Iterable<readonly [column: string, cell: string]>): string {
  const filled = [...cells].filter(([, cell]) => cell !== '')
  filled.sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0))
  return hash('sha256', JSON.stringify(filled), 'base64url').slice(0, 16)
}

/** How many of each trace are to go. */
export function tracesIn(retractions: readonly Retraction[], sink: string): Map<string, number> {
  const wrong = new Map<string, number>()
  for (const { traces } of retractions) {
    const trace = traces?.[sink] ?? ''
    wrong.set(trace, (wrong.get(trace) ?? 0) + 1)
  }
  return wrong
}

/** Takes what it finds out of `wrong`. Of rows that are the same the first ones go. */
export async function* withoutRows(
  pieces: AsyncIterable<Uint8Array>,
  wrong: Map<string, number>,
): AsyncGenerator<Uint8Array, void> {
  let columns: string[] | undefined
  for await (const row of rowsOf(pieces)) {
    const cells = cellsOf(row)
    if (!columns) {
      columns = cells
      columns[0] = columns[0]!.replace(/^\uFEFF/, '')
      yield row
      continue
    }
    const names = columns
    const trace = traceOfCells(cells.map((cell, at) => [names[at] ?? '', cell] as const))
    const left = wrong.get(trace)
    if (left === undefined) yield row
    else if (left === 1) wrong.delete(trace)
    else wrong.set(trace, left - 1)
  }
}

const quote = 0x22
const lineFeed = 0x0a

/** The rows as they stand there, each with its end. */
async function* rowsOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void> {
  let begun: Buffer[] = []
  let isQuoted = false
  for await (const piece of pieces) {
    const bytes = Buffer.from(piece)
    let from = 0
    for (let at = 0; at < bytes.length; at++) {
      if (bytes[at] === quote) isQuoted = !isQuoted
      if (bytes[at] !== lineFeed || isQuoted) continue
      yield Buffer.concat([...begun, bytes.subarray(from, at + 1)])
      begun = []
      from = at + 1
    }
    if (from < bytes.length) begun.push(bytes.subarray(from))
  }
  if (begun.length > 0) yield Buffer.concat(begun)
}

/** The cells of one row (RFC 4180): quotes around a cell are no part of it, and two within stand for one. */
export function cellsOf(row: Buffer): string[] {
  const text = row.toString().replace(/\r?\n$/, '')
  const cells: string[] = []
  for (let at = 0; at <= text.length; ) {
    let cell = ''
    if (text[at] === '"') {
      at++
      for (let end = text.indexOf('"', at); end >= 0; end = text.indexOf('"', at)) {
        cell += text.slice(at, end)
        at = end + 1
        if (text[at] !== '"') break
        cell += '"'
        at++
      }
    }
    const comma = text.indexOf(',', at)
    const end = comma < 0 ? text.length : comma
    cells.push(cell + text.slice(at, end))
    at = end + 1
  }
  return cells
}
