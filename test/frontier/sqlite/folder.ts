import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Files of one test file, in one folder that `tidy` removes. */
let folder: string | undefined
let count = 0

export function tempFile(): string {
  folder ??= mkdtempSync(join(tmpdir(), 'regatta-sqlite-'))
  return join(folder, `crawl-${count++}.db`)
}

export function tidy(): void {
  if (folder) rmSync(folder, { recursive: true, force: true })
  folder = undefined
}
