import { realpath } from 'node:fs/promises'
import { resolve } from 'node:path'

/**
 * The files that this process is writing to, by their real paths, so that a second writer is refused before it tears what
 * the first one writes. This is the one state of a module: a file belongs to the process, and the code that makes a sink has
 * no crawler yet that could hold the set. An exclusive lock in the file system was rejected: it outlives a killed process.
 */
const written = new Set<string>()

/** Takes a file that is there; the answer gives it back. Undefined when somebody in this process has it already. */
export async function takeFile(path: string): Promise<(() => void) | undefined> {
  // One that cannot be resolved is no file of this system: its opener knows it by its name.
  const real = await realpath(path).catch(() => resolve(path))
  if (written.has(real)) return undefined
  written.add(real)
  return () => void written.delete(real)
}
