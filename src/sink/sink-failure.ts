import type { ItemProblem, SinkFailure } from '../contracts/error-values.ts'
import { messageOf, RegattaError } from '../contracts/errors.ts'
import { type SqliteFailure, sqliteFailure } from '../sqlite/result-codes.ts'

/** What happened and the way out, by system error code. */
const sentences: Record<string, string> = {
  ENOSPC: 'the disk is full. Free some space, or write elsewhere',
  EDQUOT: 'the disk quota is used up. Free some space, or write elsewhere',
  EFBIG: 'the file has reached the largest size allowed. Write to a new file',
  EPIPE: 'the reader has closed the pipe. Keep it open, or write to a file',
  ERR_STREAM_DESTROYED: 'the stream is closed. Open a new one',
  ERR_STREAM_WRITE_AFTER_END: 'the stream has been ended. Open a new one',
  EACCES: 'permission is denied. Change its permissions, or write elsewhere',
  EPERM: 'the operation is not permitted. Change its permissions, or write elsewhere',
  EROFS: 'the file system is read-only. Write elsewhere',
  EISDIR: 'it is a folder. Name a file inside it',
  ENOTDIR: 'a part of the path is a file, not a folder. Correct the path',
  EEXIST: 'a file is in the way. Remove it, or write elsewhere',
  ENOENT: 'the folder does not exist. Create it first',
  EMFILE: 'too many files are open. Raise the limit (ulimit -n)',
  EIO: 'the device reports an error. Check the disk',
}

const permanent = new Set([
  'EPIPE',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
  'EACCES',
  'EPERM',
  'EROFS',
  'EISDIR',
  'ENOTDIR',
  'EEXIST',
  'ENOENT',
  'EFBIG',
  'EBADF',
])

/**
 * A SINK_FAILED error that names the sink and the error code, and says what to do, for whatever the system or SQLite threw.
 */
export function sinkFailed(
  sink: string,
  cause: unknown,
  given: { isPermanent?: boolean } = {},
): RegattaError {
  const ofDatabase = sqliteFailure(cause)
  const errno = ofDatabase?.errno ?? codeOf(cause)
  const isPermanent = ofDatabase ? ofDatabase.kind !== 'passing' : permanent.has(errno ?? '')
  const sentence = ofDatabase ? sentenceOf(ofDatabase) : (sentences[errno ?? ''] ?? messageOf(cause))
  const why = errno === undefined ? sentence : `${sentence} (${errno})`
  const value: SinkFailure = { sink, errno, isPermanent: given.isPermanent ?? isPermanent }
  return new RegattaError('SINK_FAILED', `Cannot write to ${sink}: ${why}.`, { value, cause })
}

/** The same for something thrown while writing, which may be a RegattaError already: then it says what to do. */
export function asSinkFailure(sink: string, thrown: unknown): RegattaError {
  return thrown instanceof RegattaError ? thrown : sinkFailed(sink, thrown)
}

function sentenceOf({ kind, what, remedy }: SqliteFailure): string {
  return kind === 'damage' ? `${what}. ${remedy}` : `${what}. ${remedy}, or write elsewhere`
}

/** Whether the same write may succeed later. */
export function mayRecover(error: unknown): boolean {
  if (!(error instanceof RegattaError) || error.code !== 'SINK_FAILED') return false
  return !error.value.isPermanent
}

/** Whether there is no room for it. */
export function isFullDisk(error: unknown): boolean {
  if (!(error instanceof RegattaError) || error.code !== 'SINK_FAILED') return false
  return error.value.errno === 'ENOSPC' || error.value.errno === 'EDQUOT'
}

function codeOf(cause: unknown): string | undefined {
  if (typeof cause !== 'object' || cause === null || !('code' in cause)) return undefined
  return typeof cause.code === 'string' ? cause.code : undefined
}

/** What only one record is to blame for. */
export function isUnwritable(error: unknown): error is RegattaError {
  return error instanceof RegattaError && error.code === 'ITEM_INVALID'
}

/** One error for several records that a sink cannot take. */
export function allRefused(errors: readonly RegattaError[]): RegattaError | undefined {
  const [first] = errors
  if (!first || errors.length === 1) return first
  const { message, value } = first
  return new RegattaError('ITEM_INVALID', message, {
    value: value as ItemProblem,
    cause: new AggregateError(errors),
  })
}

/** Those that such an error stands for. */
export function refusalsOf(error: RegattaError): readonly RegattaError[] {
  return error.cause instanceof AggregateError ? error.cause.errors : [error]
}
