import { open } from 'node:fs/promises'
import { RegattaError } from '../contracts/errors.ts'
import { sinkFailed } from './failure.ts'

/** SQLite's primary result codes (sqlite.org/rescode.html) that a sink meets: what happened, and the way out. */
const failures: Partial<Record<number, { code: string; sentence: string; isPermanent?: boolean }>> = {
  5: { code: 'SQLITE_BUSY', sentence: 'another program is writing to it. Let it finish' },
  6: { code: 'SQLITE_LOCKED', sentence: 'a table of it is locked. Let its reader finish' },
  8: {
    code: 'SQLITE_READONLY',
    sentence: 'it may only be read. Change its permissions, or write elsewhere',
    isPermanent: true,
  },
  10: { code: 'SQLITE_IOERR', sentence: 'the device reports an error. Check the disk' },
  11: {
    code: 'SQLITE_CORRUPT',
    sentence:
      'the database is damaged. Rescue what is in it (sqlite3 FILE .recover), and write to a new file',
    isPermanent: true,
  },
  13: { code: 'SQLITE_FULL', sentence: 'the disk is full. Free some space, or write elsewhere' },
  14: {
    code: 'SQLITE_CANTOPEN',
    sentence: 'it cannot be opened. Check its permissions, and that it is a file',
    isPermanent: true,
  },
  26: {
    code: 'SQLITE_NOTADB',
    sentence: 'it is no SQLite database. Name another file',
    isPermanent: true,
  },
}

/** A SINK_FAILED error for anything thrown by SQLite; a RegattaError stays what it is. */
export function sqliteFailed(name: string, cause: unknown, resultCode = resultCodeOf(cause)): RegattaError {
  if (cause instanceof RegattaError) return cause
  const failure = failures[resultCode]
  if (!failure) return sinkFailed(name, cause)
  const { code, sentence, isPermanent = false } = failure
  return sinkFailed(name, Object.assign(new Error(sentence, { cause }), { code }), { isPermanent })
}

/** The same at opening. Deno gives no result code, so the file is asked itself whether it is a database. */
export async function openingFailed(name: string, cause: unknown): Promise<RegattaError> {
  const isOther = resultCodeOf(cause) === 0 && !(await isDatabase(name).catch(() => true))
  return isOther ? sqliteFailed(name, cause, 26) : sqliteFailed(name, cause)
}

/** Only for a file that could not be opened: closing one that is open elsewhere in this process drops its locks. */
async function isDatabase(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(16), 0, 16, 0)
    return bytesRead === 0 || buffer.toString('latin1', 0, bytesRead) === 'SQLite format 3\0'
  } finally {
    await file.close()
  }
}

function resultCodeOf(cause: unknown): number {
  if (typeof cause !== 'object' || cause === null || !('errcode' in cause)) return 0
  return typeof cause.errcode === 'number' ? cause.errcode & 0xff : 0
}
