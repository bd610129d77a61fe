import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { RegattaErrorCode, StateFailure } from '../../contracts/error-values.ts'
import { messageOf, RegattaError, revive } from '../../contracts/errors.ts'
import { sqliteFailure } from '../../sqlite/result-codes.ts'

/**
 * What SQLite reports becomes one of ours. A full disk and a device that fails may pass: the same work is tried again. A
 * damaged file will not heal. Anything else is a bug of ours. Errors cross from the worker as data.
 */
export interface Failure {
  readonly code: RegattaErrorCode
  readonly message: string
  readonly value?: unknown
  /** The same may succeed later. */
  readonly mayPass: boolean
}

export function failureOf(error: unknown, path: string): Failure {
  if (error instanceof RegattaError) {
    return { code: error.code, message: error.message, value: error.value, mayPass: false }
  }
  const known = sqliteFailure(error)
  if (known?.kind === 'damage') return damage(path, messageOf(error))
  if (!known) {
    const value: StateFailure = { path, errno: undefined }
    return {
      code: 'INTERNAL',
      message: `The state ${path} failed: ${messageOf(error)}.`,
      value,
      mayPass: false,
    }
  }
  const { what, remedy, errno } = known
  const value: StateFailure = { path, errno }
  const message = `The state ${path} cannot be written: ${what}. ${remedy}, then resume.`
  return { code: 'STATE_FAILED', message, value, mayPass: true }
}

export function damage(path: string, why: string): Failure {
  const message =
    `The state ${path} is damaged (${why}). It is kept as it is; ` +
    `resuming ${dirname(path)} with --salvage reads what can be read.`
  const value: StateFailure = { path, errno: 'SQLITE_CORRUPT' }
  return { code: 'STATE_CORRUPT', message, value, mayPass: false }
}

/** Throws STATE_CORRUPT for a file that somebody, or a disk, has emptied: SQLite would take it for a new one. */
export function assertNotEmpty(path: string): void {
  const present = statSync(path, { throwIfNoEntry: false })
  if (present?.isFile() && present.size === 0) throw errorOf(damage(path, 'it is empty'))
}

export function errorOf({ code, message, value }: Failure): RegattaError {
  return revive({ code, message, value })
}
