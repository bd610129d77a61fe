import { existsSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import type { Clock } from '../../base/clock.ts'
import { messageOf } from '../../contracts/errors.ts'
import { type Database, openForReading } from '../../sqlite/database.ts'
import { sqliteFailure } from '../../sqlite/result-codes.ts'
import { fitOf, versionOf } from '../../sqlite/schema-version.ts'
import { readOldText } from './old-text.ts'
import { Slices } from './slices.ts'
import type { ReputationSnapshot } from './snapshot-record.ts'
import { readTables, schema } from './tables.ts'

/** What was found. `path` is the file that it was found in. */
export type Loaded =
  | { readonly kind: 'absent' }
  | { readonly kind: 'snapshot'; readonly path: string; readonly snapshot: ReputationSnapshot }
  /** Not a snapshot, or not a whole one. */
  | { readonly kind: 'corrupt'; readonly path: string; readonly reason: string }
  | { readonly kind: 'newer'; readonly version: number }
  /** The system does not let us have it. */
  | { readonly kind: 'unreadable'; readonly path: string; readonly reason: string }

/** Never throws, and lets the event loop turn. Where there is no file, one of an earlier version beside it is read. */
export async function loadSnapshot(path: string, clock: Clock): Promise<Loaded> {
  if (existsSync(path)) return loadTables(path, clock)
  const old = path.replace(/\.sqlite$/, '.json')
  if (old === path || !existsSync(old)) return { kind: 'absent' }
  try {
    return loadedFrom(old, await readOldText(old))
  } catch (error) {
    return { kind: 'unreadable', path: old, reason: messageOf(error) }
  }
}

async function loadTables(path: string, clock: Clock): Promise<Loaded> {
  let database: Database | undefined
  try {
    database = openForReading(path)
    const found = versionOf(database)
    const fit = fitOf(found, schema)
    if (fit === 'newer') return { kind: 'newer', version: found.version }
    if (fit === 'other') return { kind: 'corrupt', path, reason: 'it is another database' }
    const slices = new Slices(clock)
    slices.begin()
    return loadedFrom(path, await readTables(database, slices))
  } catch (error) {
    const failure = sqliteFailure(error)
    const isWithheld = failure !== undefined && failure.kind !== 'damage'
    return { kind: isWithheld ? 'unreadable' : 'corrupt', path, reason: failure?.what ?? messageOf(error) }
  } finally {
    database?.close()
  }
}

function loadedFrom(path: string, read: ReputationSnapshot | string): Loaded {
  return typeof read === 'string'
    ? { kind: 'corrupt', path, reason: read }
    : { kind: 'snapshot', path, snapshot: read }
}

/** Renames a file to the first free `.corrupt-<n>` beside it and returns that. Throws when the system does not allow it. */
export async function moveAside(path: string): Promise<string> {
  for (let n = 1; ; n++) {
    const aside = `${path}.corrupt-${n}`
    if (existsSync(aside)) continue
    await rename(path, aside)
    return aside
  }
}
