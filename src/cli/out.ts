import { statSync } from 'node:fs'
import { rm, truncate } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import type { Sink } from '../contracts/sink.ts'
import { createCsvSink, edgeColumns } from '../sink/csv.ts'
import { isGzipped } from '../sink/gzip.ts'
import type { SchemasBySource } from '../sink/item-kind.ts'
import { createJsonSink } from '../sink/json.ts'
import { createJsonlSink } from '../sink/jsonl.ts'
import { isForKinds, pathForKind } from '../sink/kind-files.ts'
import { sinkFailed } from '../sink/sink-failure.ts'
import { createSqliteSink } from '../sink/sqlite.ts'
import { UsageError } from './command-failure.ts'
import type { Io } from './io.ts'

export interface Telling {
  /** What is good to know. */
  note(line: string): void
  /** What somebody must look at, quiet or not. */
  warn(line: string): void
  readonly schemas?: SchemasBySource
  /** Of the source's items; none where they are of one kind. */
  readonly kinds?: readonly string[]
}

const databases = ['.sqlite', '.sqlite3', '.db']
const lines = ['.jsonl', '.ndjson']

/**
 * Where `--out` leads, by the end of the name: `-` is stdout; `.csv` a table of the items; `.sqlite`, `.sqlite3` and `.db`
 * a database of items and edges; `.jsonl`, `.ndjson` and a name without an end JSON lines of both; `.json` one JSON array of
 * both. `{kind}` in the name makes a file for each kind of item, and one for the edges. `.edges.csv`, `.edges.jsonl` and `.edges.json` hold the edges only. What a file holds stays; more is added. `schemas`: the items' schemas by source,
 * for the columns of a database. Throws UsageError for an end that says something else.
 */
export function sinkFor(out: string, io: Io, { note, warn, schemas = {}, kinds = [] }: Telling): Sink {
  if (out === '-') return createJsonlSink({ to: io.stdout, name: 'stdout' })
  const to = resolve(io.cwd, out)
  const end = endOf(to)
  if (databases.includes(end)) {
    if (isForKinds(to))
      throw new UsageError(`--out ${out}: a database has a table for each kind. Leave {kind} out.`)
    if (isGzipped(to))
      throw new UsageError(`--out ${out}: a database cannot be written compressed. Leave .gz out.`)
    const onUnknownColumn = (column: string) =>
      note(`${out} has no column "${column}": it is kept in the column "_rest".`)
    return createSqliteSink({ to, schemas, onUnknownColumn })
  }
  const edgesOnly = /\.edges\.[a-z]+(\.gz)?$/i.test(to) ? ({ kind: 'edge' } as const) : {}
  if (end === '.json') return createJsonSink({ to, ...edgesOnly, onDoubt: warn })
  if (end !== '.csv') {
    assertLines(out, to, end)
    return createJsonlSink({ to, ...edgesOnly, onDoubt: warn })
  }
  if (kinds.length > 1 && !('kind' in edgesOnly) && !isForKinds(to)) {
    const name = `${out.slice(0, -extname(out).length)}-{kind}${extname(out)}`
    throw new UsageError(
      `--out ${out}: a table is of one kind of item, and this source has ${kinds.join(', ')}. Write --out '${isGzipped(to) ? '{kind}.csv.gz' : name}', which makes a table of each.`,
    )
  }
  return createCsvSink({
    to,
    ...edgesOnly,
    ...('kind' in edgesOnly ? { columns: edgeColumns } : { schemas }),
    onDoubt: warn,
    onUnknownColumn: (column) =>
      warn(
        `${out} has no column "${column}", and ${isGzipped(to) ? 'a compressed table' : 'a table that is no file'} cannot get another: it is left out. Name it in the schema of the items, or write lines of JSON: .jsonl${isGzipped(to) ? '.gz' : ''}.`,
      ),
  })
}

/** The files that an output is made of: with `{kind}` in its name there is one for each kind. */
export function filesOf(out: string, kinds: readonly string[]): readonly string[] {
  if (!isForKinds(out)) return [out]
  return [...(kinds.length === 0 ? ['items'] : kinds), 'edges'].map((kind) => pathForKind(out, kind))
}

/**
 * What is to be said of an output that holds something; undefined for one that holds nothing. `role`: it is what this
 * crawl wrote before, and goes on with or begins a new round over.
 */
export function noticeOf(out: string, cwd: string, role?: 'continued' | 'last-round'): string | undefined {
  if (out === '-' || role === 'continued') return undefined
  const to = resolve(cwd, out)
  const present = statSync(to, { throwIfNoEntry: false })
  if (!present?.isFile() || present.size === 0) return undefined
  const isDatabase = databases.includes(endOf(to))
  if (role === undefined) return `${out} is not empty: what comes is added${isDatabase ? '' : ' at its end'}.`
  return isDatabase
    ? `${out} keeps the rows of the last round; a page that comes again replaces its own.`
    : `${out} keeps the lines of the last round; those of this one are added at its end.`
}

/** Empties an output that holds something, and says so. A database goes with what belongs to it. */
export async function beginAnew(out: string, cwd: string): Promise<string> {
  const to = resolve(cwd, out)
  try {
    if (databases.includes(endOf(to))) {
      for (const suffix of ['', '-wal', '-shm']) await rm(to + suffix, { force: true })
    } else await truncate(to)
  } catch (error) {
    throw sinkFailed(to, error)
  }
  return `${out} is begun anew.`
}

/** `.jsonl` of `pages.jsonl.gz`, too. */
function endOf(path: string): string {
  return extname(path.replace(/\.gz$/i, '')).toLowerCase()
}

/** A typing error must not become a file of another kind than was meant. A device or a pipe has no kind. */
function assertLines(out: string, to: string, end: string): void {
  if (end === '' || lines.includes(end) || to.startsWith('/dev/')) return
  const present = statSync(to, { throwIfNoEntry: false })
  if (present && !present.isFile() && !present.isDirectory()) return
  throw new UsageError(
    `--out ${out}: nothing is known of ${end}. Known are ${lines.join(', ')} and a name without an end (JSON lines), .json (one array), .csv, .edges.csv, .edges.jsonl, ${databases.join(', ')}; .gz behind any but a database.`,
  )
}
