import type { Cell, Database, Statement } from '../../sqlite/database.ts'
import { codesOfRefusal, resultCode } from '../../sqlite/result-codes.ts'
import { countsIn } from './hosts.ts'
import { idsIn } from './seen-table.ts'

/**
 * Copies what can be read of damaged tables. A row that is itself to blame is left out; a target that cannot be written,
 * as on a full disk, is never taken for damage of the source.
 */
export class Unwritable extends Error {}

type Cells = Record<string, Cell>

/** Whether all of it could be read. */
export function copyTable(source: Database, target: Database, table: string, key: string): boolean {
  const keys = key.split(', ')
  const insert = inserter(target, table)
  const keyOf = (row: Cells) => keys.map((name) => row[name]!)
  let last: Cell[] | undefined
  let isWhole = true
  const copy = (rows: Iterable<Cells>, isRead: (key: Cell[]) => boolean) => {
    try {
      for (const row of rows) {
        if (isRead(keyOf(row))) return false
        if (!isReadable(row) || !insert(row)) isWhole = false
        last = keyOf(row)
      }
      return true
    } catch (error) {
      if (error instanceof Unwritable) throw error
      return false
    }
  }
  if (copy(rowsFrom(source, table, keys, '>', 'ASC'), () => false)) return isWhole
  const reached = last
  copy(
    rowsFrom(source, table, keys, '<', 'DESC'),
    (found) => reached !== undefined && !isBehind(found, reached),
  )
  return false
}

/** Whether what is JSON in it still is, and a request has its id. */
function isReadable({ rest, memo }: Cells): boolean {
  try {
    if (rest !== undefined && typeof (JSON.parse(rest as string) as { id?: unknown }).id !== 'string')
      return false
    if (typeof memo === 'string') JSON.parse(memo)
    return true
  } catch {
    return false
  }
}

/** Page by page; where one cannot be read, by ever smaller ones up to what is damaged, and then it throws. */
export function* rowsFrom(
  source: Database,
  table: string,
  keys: readonly string[],
  beyond: '>' | '<',
  direction: 'ASC' | 'DESC',
): Iterable<Cells> {
  const order = keys.map((name) => `${name} ${direction}`).join(', ')
  const marks = keys.map(() => '?').join(', ')
  const first = source.prepare(`SELECT * FROM ${table} ORDER BY ${order} LIMIT ?`)
  const next = source.prepare(
    `SELECT * FROM ${table} WHERE (${keys.join(', ')}) ${beyond} (${marks}) ORDER BY ${order} LIMIT ?`,
  )
  let last: Cell[] | undefined
  for (let size = 512; ; ) {
    let rows: Cells[]
    try {
      rows = (last ? next.all(...last, size) : first.all(size)) as Cells[]
    } catch (error) {
      if (size === 1) throw error
      size /= 2
      continue
    }
    yield* rows
    if (rows.length < size) return
    last = keys.map((name) => rows.at(-1)![name]!)
  }
}

/** In the table's order. Keys of one table have cells of one type. */
function isBehind(one: readonly Cell[], other: readonly Cell[]): boolean {
  for (const [at, cell] of one.entries()) if (cell !== other[at]) return cell! > other[at]!
  return false
}

/** False for a row that was damaged without SQLite noticing. */
export function inserter(target: Database, table: string): (row: Cells) => boolean {
  const statements = new Map<string, Statement>()
  return (row) => {
    const names = Object.keys(row).join(', ')
    let statement = statements.get(names)
    if (!statement) {
      const marks = Object.keys(row).map(() => '?')
      statement = target.prepare(`INSERT OR IGNORE INTO ${table} (${names}) VALUES (${marks.join(', ')})`)
      statements.set(names, statement)
    }
    try {
      written(() => statement.run(...Object.values(row)))
      return true
    } catch (error) {
      if (error instanceof Unwritable) throw error
      return false
    }
  }
}

/** Only how many each host ever had is taken from the log; the rest is counted anew. */
export function copyHostLog(source: Database, target: Database): boolean {
  try {
    const update = target.prepare('UPDATE host SET added = max(added, ?) WHERE id = ?')
    for (const { hosts } of rowsFrom(source, 'host_log', ['seq'], '>', 'ASC')) {
      for (const [id, added] of countsIn(hosts as Uint8Array)) written(() => update.run(added, id))
    }
    return true
  } catch (error) {
    if (error instanceof Unwritable) throw error
    return false
  }
}

/** What had not come into its table yet goes there. */
export function copySeenLog(source: Database, target: Database): boolean {
  try {
    const known = target.prepare('INSERT OR IGNORE INTO seen (host, fp) VALUES (?, ?)')
    for (const { ids } of rowsFrom(source, 'seen_log', ['seq'], '>', 'ASC')) {
      for (const [host, fingerprint] of idsIn(ids as Uint8Array)) written(() => known.run(host, fingerprint))
    }
    return true
  } catch (error) {
    if (error instanceof Unwritable) throw error
    return false
  }
}

/** Throws an error that is the row's own fault as it is, and Unwritable for any other. */
function written(write: () => unknown): void {
  try {
    write()
  } catch (error) {
    if (codesOfRefusal.has(resultCode(error) ?? 0)) throw error
    throw new Unwritable('', { cause: error })
  }
}
