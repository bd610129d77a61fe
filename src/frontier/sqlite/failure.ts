import { dirname } from 'node:path'
import type { RegattaErrorCode, StateFailure } from '../../contracts/error-values.ts'
import { messageOf, RegattaError, revive } from '../../contracts/errors.ts'

/**
 * What SQLite reports becomes one of ours. A full disk and a device that fails may pass: the same work is tried again. A
 * damaged file will not heal. Anything else is a bug of ours. The numbers are SQLite's primary result codes, see
 * https://sqlite.org/rescode.html; errors cross from the worker as data.
 */
export interface Failure {
  readonly code: RegattaErrorCode
  readonly message: string
  readonly value?: unknown
  /** The same may succeed later. */
  readonly mayPass: boolean
}

const passing: Record<number, readonly [errno: string, sentence: string]> = {
  5: ['SQLITE_BUSY', 'another program holds it locked. Close that program, then resume'],
  6: ['SQLITE_LOCKED', 'another program holds it locked. Close that program, then resume'],
  7: ['ENOMEM', 'there is no memory left. Free some, then resume'],
  8: ['EROFS', 'it is read-only. Change its permissions, then resume'],
  10: ['EIO', 'the device reports an error. Check the disk, then resume'],
  13: ['ENOSPC', 'the disk is full. Free some space, then resume'],
  14: ['SQLITE_CANTOPEN', 'the file cannot be opened. Check its folder and its permissions, then resume'],
}
const damaged = new Set([11, 26])

export function failureOf(error: unknown, path: string): Failure {
  if (error instanceof RegattaError) {
    return { code: error.code, message: error.message, value: error.value, mayPass: false }
  }
  const result = resultCode(error)
  if (result !== undefined && damaged.has(result)) return damage(path, messageOf(error))
  const known = result === undefined ? undefined : passing[result]
  if (!known) {
    const message = `The state ${path} failed: ${messageOf(error)}.`
    return {
      code: 'INTERNAL',
      message,
      value: { path, errno: undefined } satisfies StateFailure,
      mayPass: false,
    }
  }
  const value: StateFailure = { path, errno: known[0] }
  return {
    code: 'STATE_FAILED',
    message: `The state ${path} cannot be written: ${known[1]}.`,
    value,
    mayPass: true,
  }
}

export function damage(path: string, why: string): Failure {
  const message =
    `The state ${path} is damaged (${why}). It is kept as it is; ` +
    `\`regatta resume ${dirname(path)} --salvage\` reads what can be read.`
  const value: StateFailure = { path, errno: 'SQLITE_CORRUPT' }
  return { code: 'STATE_CORRUPT', message, value, mayPass: false }
}

export function errorOf({ code, message, value }: Failure): RegattaError {
  return revive({ code, message, value })
}

/** SQLite's primary result code, without the extension in its upper bytes. */
export function resultCode(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return undefined
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined
}
