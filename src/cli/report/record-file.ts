import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../../contracts/errors.ts'
import { writeWhole } from '../files.ts'
import { type RunRecord, readRecord } from './run-record.ts'

/**
 * The record of the last run, beside the crawl in its folder: written now and then while it runs, and at its end, so that
 * `regatta status` and `regatta report` know what the state itself does not keep. Whole or not there; nothing depends on it.
 */
export function recordPath(dir: string, name: string): string {
  return join(dir, `${name}.run.json`)
}

export async function writeRecord(dir: string, name: string, record: RunRecord): Promise<void> {
  await writeWhole(recordPath(dir, name), JSON.stringify(record), 0o600)
}

/** Undefined where there is none; a sentence where it cannot be read. */
export async function findRecord(dir: string, name: string): Promise<RunRecord | string | undefined> {
  try {
    return readRecord(JSON.parse(await readFile(recordPath(dir, name), 'utf8')))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    return error instanceof SyntaxError ? 'it is damaged' : messageOf(error)
  }
}
