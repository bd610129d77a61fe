import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A folder of the test's own, gone with it. */
export function testFolder(root = tmpdir()): string {
  const dir = mkdtempSync(join(root, 'regatta-test-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** The files of bodies below a folder, those that keep books left out. */
export function bodiesIn(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('owner'))
    .map((entry) => join(entry.parentPath, entry.name))
}
