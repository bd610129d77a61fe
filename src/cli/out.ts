import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { createCsvSink } from '../sink/csv.ts'
import { createJsonlSink } from '../sink/jsonl.ts'
import type { Sink } from '../sink/sink.ts'
import type { Io } from './io.ts'

/** Where `--out` leads: `-` is stdout, `.csv` a table, everything else JSON lines. What a file holds stays; more is added. */
export function sinkFor(out: string, io: Io, note: (line: string) => void): Sink {
  if (out === '-') return createJsonlSink({ to: io.stdout, name: 'stdout' })
  const path = resolve(io.cwd, out)
  const present = statSync(path, { throwIfNoEntry: false })
  if (present?.isFile() && present.size > 0) note(`${out} is not empty: what comes is added at its end.`)
  if (!path.toLowerCase().endsWith('.csv')) return createJsonlSink({ to: path })
  return createCsvSink({
    to: path,
    onUnknownColumn: (column) => note(`${out} has no column "${column}": it is left out.`),
  })
}
