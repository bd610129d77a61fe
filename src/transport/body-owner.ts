import { access } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileLock } from '../sqlite/lock.ts'

/** Who owns a folder of bodies: a process that holds a lock in it, which the system takes back when the process dies. */
export type OwnerLock = FileLock

/** The lock, or undefined when another process holds it, or when there is none and none is to be made. */
export async function lockOwner(
  folder: string,
  { create = true }: { create?: boolean } = {},
): Promise<OwnerLock | undefined> {
  const path = join(folder, 'owner')
  if (!create && !(await exists(path))) return undefined
  // Loaded at need: few crawls meet a body that is too large for memory.
  const { lockFile } = await import('../sqlite/lock.ts')
  try {
    return lockFile(path, 0)
  } catch {
    return undefined
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
