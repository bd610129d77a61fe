import { readFileSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { messageOf } from '../contracts/errors.ts'
import type { HarArchive } from '../contracts/recording.ts'
import { harTooLong, invalid, longestHar, readHar } from './read-har.ts'

/**
 * A HAR file on the disk, in UTF-8 or the UTF-16 that some editors save. Bodies that Playwright has put into files beside it
 * are found there. Throws HAR_INVALID.
 */
export function readHarFile(path: string): HarArchive {
  const name = basename(path)
  let bytes: Uint8Array
  try {
    const { size } = statSync(path)
    if (size > longestHar) throw harTooLong(name, size)
    bytes = readFileSync(path)
  } catch (error) {
    const { errno } = error as NodeJS.ErrnoException
    throw errno === undefined ? error : invalid(name, undefined, messageOf(error))
  }
  return readHar(textOf(bytes), name, { bodyOf: (file) => besides(path, file) })
}

function textOf(bytes: Uint8Array): string {
  const mark = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-8'
  return new TextDecoder(mark).decode(bytes)
}

/** The file's name comes out of the archive: it stays in its folder. */
function besides(path: string, file: string): Uint8Array | undefined {
  if (file !== basename(file)) return undefined
  try {
    return readFileSync(join(dirname(path), file))
  } catch {
    return undefined
  }
}
