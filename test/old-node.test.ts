import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

/** On a Node that is too old, `import 'regatta'` says so in a sentence (src/contracts/needs-node.ts). */
const source = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')
const root = new URL('..', import.meta.url).pathname
const packageJson = JSON.parse(source('package.json')) as { exports: Record<string, string> }

test('every public entry looks at the Node before anything else is run', () => {
  const entries = Object.values(packageJson.exports).filter((file) => !file.includes('*'))
  for (const file of entries) {
    const [first] = /^(import|export)\b.*$/m.exec(source(file)) ?? []
    expect(first, file).toMatch(/^import '.*contracts\/needs-node\.ts'$/)
  }
})

test('no module names an export that an old Node lacks, as it could not be linked there', () => {
  const young =
    /^import \{[^}]*\b(?:getCACertificates|zstd\w+|registerHooks|styleText|DatabaseSync)\b[^}]*\} from 'node:/m
  for (const file of globSync('{src,machines,plugins}/**/*.ts', { cwd: root })) {
    expect(young.test(source(file)), file).toBe(false)
  }
})
