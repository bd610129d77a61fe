import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { z } from 'zod'
import { createCsvSink } from '../sink/csv.ts'
import { createJsonlSink } from '../sink/jsonl.ts'
import type { Sink } from '../sink/sink.ts'
import { createSqliteSink } from '../sink/sqlite.ts'
import type { Io } from './io.ts'

export interface Telling {
  /** What is good to know. */
  note(line: string): void
  /** What somebody must look at, quiet or not. */
  warn(line: string): void
  readonly schemas?: Readonly<Record<string, z.ZodType>>
}

/**
 * Where `--out` leads, by the end of the name: `-` is stdout; `.csv` a table of the items; `.sqlite`, `.sqlite3` and `.db`
 * a database of items and edges; everything else JSON lines of both. `.edges.csv` and `.edges.jsonl` hold the edges only.
 * What a file holds stays; more is added. `schemas`: the items' schemas by source, for the columns of a database.
 */
export function sinkFor(out: string, io: Io, { note, warn, schemas = {} }: Telling): Sink {
  if (out === '-') return createJsonlSink({ to: io.stdout, name: 'stdout' })
  const to = resolve(io.cwd, out)
  const name = to.toLowerCase()
  const isDatabase = /\.(sqlite3?|db)$/.test(name)
  const present = statSync(to, { throwIfNoEntry: false })
  if (present?.isFile() && present.size > 0) {
    note(`${out} is not empty: what comes is added${isDatabase ? '' : ' at its end'}.`)
  }
  if (isDatabase) {
    const onUnknownColumn = (column: string) =>
      note(`${out} has no column "${column}": it is kept in the column "_rest".`)
    return createSqliteSink({ to, schemas, onUnknownColumn })
  }
  const edgesOnly = /\.edges\.[a-z]+$/.test(name) ? ({ kind: 'edge' } as const) : {}
  if (!name.endsWith('.csv')) return createJsonlSink({ to, ...edgesOnly, onDoubt: warn })
  return createCsvSink({
    to,
    ...edgesOnly,
    ...('kind' in edgesOnly && { columns: ['from', 'to', 'type', 'data'] }),
    onDoubt: warn,
    onUnknownColumn: (column) => note(`${out} has no column "${column}": it is left out.`),
  })
}
