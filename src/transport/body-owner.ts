import { access } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Who owns a folder: the process that holds a lock in it, which the system takes back when the process dies, however it dies. The
 * built-in SQLite is the one portable way to such a lock (fcntl, LockFileEx). A process number in a file was rejected:
 * numbers are used again, and mean nothing in another container that sees the same disk.
 */
export interface OwnerLock {
  release(): void
}

/** The lock, or undefined when somebody else holds it, or when there is none and none is to be made. */
export async function lockOwner(
  folder: string,
  { create = true }: { create?: boolean } = {},
): Promise<OwnerLock | undefined> {
  const path = join(folder, 'owner')
  if (!create && !(await exists(path))) return undefined
  // Loaded at need: few crawls meet a body that is too large for memory.
  const { DatabaseSync } = await import('node:sqlite')
  let database: InstanceType<typeof DatabaseSync> | undefined
  try {
    database = new DatabaseSync(path)
    database.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE')
  } catch {
    database?.close()
    return undefined
  }
  const held = database
  return { release: () => held.close() }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
