/**
 * What SQLite reports, in words: the one table of its primary result codes (https://sqlite.org/rescode.html) that a file
 * can meet by itself. Any other code is a bug of ours. Each user of a file maps an entry to its own error and adds its own
 * way out.
 */
export interface SqliteFailure {
  /** The system's error code where there is one, or else SQLite's. */
  readonly errno: string
  /**
   * `passing`: the same work may succeed later. `access`: it may too, once the file or its folder was changed.
   * `damage`: the file itself is not what it should be.
   */
  readonly kind: 'passing' | 'access' | 'damage'
  /** What happened, as a clause about "it", the file. */
  readonly what: string
  /** What to do about it. */
  readonly remedy: string
}

const failures: Readonly<Record<number, SqliteFailure>> = {
  5: locked('SQLITE_BUSY'),
  6: locked('SQLITE_LOCKED'),
  7: { errno: 'ENOMEM', kind: 'passing', what: 'there is no memory left', remedy: 'Free some' },
  8: {
    errno: 'SQLITE_READONLY',
    kind: 'access',
    what: 'it is read-only',
    remedy: 'Change its permissions',
  },
  10: { errno: 'EIO', kind: 'passing', what: 'the device reports an error', remedy: 'Check the disk' },
  11: {
    errno: 'SQLITE_CORRUPT',
    kind: 'damage',
    what: 'it is damaged',
    remedy: 'Rescue what is in it (sqlite3 FILE .recover), and write to a new file',
  },
  13: { errno: 'ENOSPC', kind: 'passing', what: 'the disk is full', remedy: 'Free some space' },
  14: {
    errno: 'SQLITE_CANTOPEN',
    kind: 'access',
    what: 'it cannot be opened',
    remedy: 'Check its folder and its permissions',
  },
  26: {
    errno: 'SQLITE_NOTADB',
    kind: 'damage',
    what: 'it is no SQLite database',
    remedy: 'Name another file',
  },
}

/** SQLITE_ERROR: the statement does not fit the tables that are there. */
export const codeError = 1
export const codeCannotOpen = 14
/** SQLITE_CONSTRAINT and SQLITE_MISMATCH: a cell is not what its column holds. */
export const codesOfRefusal: ReadonlySet<number> = new Set([19, 20])

/** Undefined for what does not come from SQLite, and for a bug of ours. */
export function sqliteFailure(error: unknown): SqliteFailure | undefined {
  const code = resultCode(error)
  return code === undefined ? undefined : failures[code]
}

/** SQLite's primary result code, without the extension in its upper bytes. */
export function resultCode(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return undefined
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined
}

/** Whether another connection holds what was asked for. */
export function isLocked(error: unknown): boolean {
  const code = resultCode(error)
  return code === 5 || code === 6
}

function locked(errno: string): SqliteFailure {
  return {
    errno,
    kind: 'passing',
    what: 'another program holds it locked',
    remedy: 'Close that program, or let it finish',
  }
}
