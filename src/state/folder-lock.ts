import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, systemClock } from '../base/clock.ts'
import { messageOf, RegattaError } from '../contracts/errors.ts'
import { type FileLock, isFileLocked, lockFile } from '../sqlite/lock.ts'

/** One process owns a folder of state. The lock goes with the process; who holds it is written beside it, for people. */
export interface StateLock {
  release(): Promise<void>
}

export interface StateOwner {
  readonly pid: number
  /** Wall-clock milliseconds. */
  readonly startedAt: number
}

const lockName = 'lock.db'
const ownerName = 'owner.json'
const busyMs = 200

/** Throws STATE_LOCKED naming the owner, or STATE_FAILED when there can be no lock in this folder. */
export async function lockState(dir: string, clock: Clock = systemClock): Promise<StateLock> {
  const lock = tryLock(dir)
  if (!lock) throw lockedBy(dir, readOwner(dir))
  // biome-ignore lint/style/noRestrictedGlobals: the lock is the process's own, so others are told its number
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
        lock.release()
      }
    },
  }
}

/** Who owns this folder now; undefined when nobody does, whatever a process that was killed has left. */
export function ownerOf(dir: string): StateOwner | undefined {
  return isFileLocked(join(dir, lockName)) ? readOwner(dir) : undefined
}

function tryLock(dir: string): FileLock | undefined {
  try {
    return lockFile(join(dir, lockName), busyMs)
  } catch (error) {
    const message = `The state folder ${dir} cannot be locked: ${messageOf(error)}. Check its permissions.`
    throw new RegattaError('STATE_FAILED', message, { value: { path: dir, errno: undefined }, cause: error })
  }
}

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
