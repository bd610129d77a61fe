import { open, realpath, rename, rm, stat } from 'node:fs/promises'

/** Writes a file beside the one that is there, flushes it, and renames it over: a process that dies in between changes nothing. */
export async function replaceFile(path: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const real = await realpath(path) // a link stays one
  const beside = `${real}.growing`
  try {
    await rm(beside, { force: true })
    const { mode } = await stat(real)
    const file = await open(beside, 'wx', mode)
    try {
      for await (const piece of pieces) await file.writeFile(piece)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(beside, real)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
}
