import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, systemClock } from '../../base/clock.ts'
import { messageOf, RegattaError } from '../../contracts/errors.ts'
import { type Database, open, openForReading } from './database.ts'
import { resultCode } from './failure.ts'

/**
 * One process owns a folder of state. The lock is one of the operating system's, held through a tiny SQLite file, so it
 * goes when the process goes, however it ends: a file with a process id alone would outlive kill -9, and ids come again.
 * Nobody in this process may open that file otherwise: closing any descriptor of it gives the lock away (POSIX).
 * Who holds it is written beside it, for people. SQLite's locks also tell two owners within one process apart.
 */
export interface StateLock {
  release(): Promise<void>
}

export interface StateOwner {
  readonly pid: number
  /** Wall-clock milliseconds. */
  readonly startedAt: number
}

/** Throws STATE_LOCKED naming the owner, or STATE_FAILED when there can be no lock in this folder. */
export async function lockState(dir: string, clock: Clock = systemClock): Promise<StateLock> {
  let database: Database | undefined
  try {
    // Without a write-ahead log: there a reader would be let in, and could not tell that it is owned.
    database = open(join(dir, lockName), ['busy_timeout = 200', 'journal_mode = MEMORY'])
    database.prepare('BEGIN EXCLUSIVE').run()
  } catch (error) {
    database?.close()
    if (resultCode(error) === busy) throw lockedBy(dir, readOwner(dir))
    const message = `The state folder ${dir} cannot be locked: ${messageOf(error)}. Check its permissions.`
    throw new RegattaError('STATE_FAILED', message, { value: { path: dir, errno: undefined }, cause: error })
  }
  const held = database
  // biome-ignore lint/style/noRestrictedGlobals: the lock is the process's own, so whoever is refused is told its number
  const owner: StateOwner = { pid: process.pid, startedAt: Math.round(clock.wall()) }
  try {
    writeFileSync(join(dir, ownerName), JSON.stringify(owner))
  } catch {
    // the lock holds without it, as on a full disk; nobody learns who has it
  }
  let isHeld = true
  return {
    async release() {
      if (!isHeld) return
      isHeld = false
      try {
        rmSync(join(dir, ownerName), { force: true })
      } finally {
        held.close()
      }
    },
  }
}

/** Who owns this folder now; undefined when nobody does, whatever a process that was killed has left. */
export function ownerOf(dir: string): StateOwner | undefined {
  if (!existsSync(join(dir, lockName))) return undefined
  let database: Database | undefined
  try {
    database = openForReading(join(dir, lockName), 0)
    database.prepare('SELECT count(*) FROM sqlite_schema').get()
    return undefined
  } catch (error) {
    return resultCode(error) === busy ? readOwner(dir) : undefined
  } finally {
    database?.close()
  }
}

const lockName = 'lock.db'
const ownerName = 'owner.json'
/** SQLITE_BUSY */
const busy = 5

function readOwner(dir: string): StateOwner | undefined {
  try {
    const { pid, startedAt } = JSON.parse(readFileSync(join(dir, ownerName), 'utf8')) as StateOwner
    return { pid, startedAt }
  } catch {
    return undefined // it is just being written, or was removed
  }
}

function lockedBy(dir: string, owner: StateOwner | undefined): RegattaError {
  const who = owner
    ? `process ${owner.pid} since ${new Date(owner.startedAt).toISOString()}`
    : 'another process'
  const message = `The state ${dir} is in use by ${who}. Stop that one, or give this one a folder of its own.`
  return new RegattaError('STATE_LOCKED', message, { value: { dir, ...owner } })
}
