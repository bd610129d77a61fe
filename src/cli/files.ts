import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { access, constants, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { messageOf, RegattaError } from '../contracts/errors.ts'
import { sinkFailed } from '../sink/sink-failure.ts'

/** Files that are there whole or not at all: written beside, then renamed over. `mode` is for a file that is made. */
export async function writeWhole(path: string, text: string, mode = 0o666): Promise<void> {
  const present = await stat(path).catch(() => undefined)
  const temporary = `${path}.${randomUUID().slice(0, 8)}.tmp`
  try {
    // A device or a pipe cannot be replaced, and must not be.
    if (present && !present.isFile()) return await writeFile(path, text)
    await writeFile(temporary, text, { flag: 'wx', mode })
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw sinkFailed(path, error)
  }
}

/** A place that may be a file: then it is named from where the command was typed. A URL or a proxy stays as it is. */
export function fileFrom(cwd: string, place: string): string {
  const path = resolve(cwd, place)
  return existsSync(path) ? path : place
}

/** A place that is known by its name, and whose key, where it needs one, stands in the environment. */
export function isNamedPlace(place: string): boolean {
  return /^(?:webshare|dns|free):/i.test(place)
}

/** Fails before the work, not after it, when `path` could not be written. */
export async function assertWritable(path: string): Promise<void> {
  const folder = dirname(resolve(path))
  try {
    await access(folder, constants.W_OK)
  } catch (error) {
    throw sinkFailed(path, error)
  }
  const present = await stat(path).catch(() => undefined)
  if (present?.isDirectory()) {
    throw sinkFailed(path, Object.assign(new Error('it is a folder'), { code: 'EISDIR' }))
  }
}

/** The same for what is added to: a file or a device that is there, or else a folder that takes one. */
export async function assertAppendable(path: string): Promise<void> {
  const present = await stat(path).catch(() => undefined)
  try {
    await access(present ? path : dirname(path), constants.W_OK)
  } catch (error) {
    throw sinkFailed(path, error)
  }
}

/** Certificate authorities that `--ca` names. */
export async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new RegattaError('OPTION_INVALID', `Option "ca": cannot read ${path}: ${messageOf(error)}.`, {
      value: { path: 'ca', value: path },
      cause: error,
    })
  }
}
