import type { DatabaseSync } from 'node:sqlite'
import { messageOf, RegattaError } from '../contracts/errors.ts'

export function cacheCorrupt(path: string, cause?: unknown): RegattaError {
  const sentence = `The HTTP cache "${path}" is damaged, or it is no cache. Delete it with ${path}-wal and ${path}-shm: it will be filled again.`
  return new RegattaError('STATE_CORRUPT', sentence, { value: { path, errno: undefined }, cause })
}

export function cacheTooNew(path: string): RegattaError {
  const sentence = `The HTTP cache "${path}" was made by a newer Regatta. Delete it, or name another file.`
  return new RegattaError('STATE_VERSION', sentence, { value: { path } })
}

function cacheUnusable(path: string, cause: unknown): RegattaError {
  const sentence = `The HTTP cache "${path}" cannot be used: ${messageOf(cause)}. Check the disk, the folder's permissions, and who else has the file.`
  return new RegattaError('STATE_FAILED', sentence, { value: { path, errno: undefined }, cause })
}

/**
 * What a statement threw, in words. Node gives result codes (sqlite.org/rescode.html: 11 is SQLITE_CORRUPT, 26
 * SQLITE_NOTADB); Deno gives none, so there the file itself is asked whether it is sound.
 */
export function cacheFailed(path: string, error: unknown, database: DatabaseSync | undefined): RegattaError {
  if (error instanceof RegattaError) return error
  const code = resultCodeOf(error)
  const isCorrupt = code === undefined ? database?.isOpen && !isSound(database) : code === 11 || code === 26
  return isCorrupt ? cacheCorrupt(path, error) : cacheUnusable(path, error)
}

function resultCodeOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return undefined
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined
}

function isSound(database: DatabaseSync): boolean {
  try {
    return database.prepare('PRAGMA quick_check(1)').get()?.quick_check === 'ok'
  } catch {
    return false
  }
}
