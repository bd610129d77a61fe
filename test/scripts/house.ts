import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'

const manifest = JSON.stringify({
  name: 'regatta',
  exports: {
    '.': { types: './dist/src/index.d.ts', default: './dist/src/index.js' },
    './lab': './dist/src/lab/index.js',
    './plugins/*': './dist/plugins/*.js',
  },
})

/** A house in a folder of its own, from the text of each file. */
export function buildHouse(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'regatta-house-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  for (const [path, code] of Object.entries({ 'package.json': manifest, ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), code)
  }
  return root
}
