import { messageOf, RegattaError } from '../contracts/errors.ts'
import { sqliteFailure } from '../sqlite/result-codes.ts'

export function cacheCorrupt(path: string, cause?: unknown): RegattaError {
  const sentence = `The HTTP cache "${path}" is damaged, or it is no cache. Delete it with ${path}-wal and ${path}-shm: it will be filled again.`
  return new RegattaError('STATE_CORRUPT', sentence, { value: { path, errno: undefined }, cause })
}

export function cacheTooNew(path: string): RegattaError {
  const sentence = `The HTTP cache "${path}" was made by a newer Regatta. Delete it, or name another file.`
  return new RegattaError('STATE_VERSION', sentence, { value: { path } })
}

/** What the system or a statement threw, in words. */
export function cacheFailed(path: string, cause: unknown): RegattaError {
  if (cause instanceof RegattaError) return cause
  const failure = sqliteFailure(cause)
  if (failure?.kind === 'damage') return cacheCorrupt(path, cause)
  const why = failure
    ? `${failure.what}. ${failure.remedy}, or name another file.`
    : `${messageOf(cause)}. Check the disk and the folder's permissions.`
  return new RegattaError('STATE_FAILED', `The HTTP cache "${path}" cannot be used: ${why}`, {
    value: { path, errno: failure?.errno },
    cause,
  })
}
