import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { type Blocks, withBlocks } from './blocks.ts'
import { cliBlocks } from './cli.ts'
import { conformanceBlocks } from './conformance.ts'
import { type Declarations, root, withDeclarations } from './declarations.ts'
import { errorBlocks } from './errors.ts'
import { eventBlocks } from './events.ts'
import { metricBlocks } from './metrics.ts'
import { optionBlocks } from './options.ts'
import { sourceBlocks } from './sources.ts'
import { verdictBlocks } from './verdicts.ts'

/**
 * Prints what the code knows into the documents: options, commands, errors, events, verdicts, standards, sources. `npm run docs` writes them,
 * `-- --check` fails when they are out of date.
 */
export function blocksOf(declarations: Declarations): Readonly<Record<string, Blocks>> {
  return {
    'docs/options.md': optionBlocks(declarations),
    'docs/cli.md': cliBlocks(),
    'docs/errors.md': errorBlocks(declarations),
    'docs/events.md': eventBlocks(declarations),
    'docs/metrics.md': metricBlocks(),
    'docs/verdicts.md': verdictBlocks(),
    'docs/conformance.md': conformanceBlocks(),
    ...sourceBlocks(),
  }
}

if (import.meta.main) {
  const isCheck = process.argv.includes('--check')
  for (const [file, blocks] of Object.entries(withDeclarations(blocksOf))) {
    const path = join(root, file)
    const found = await readFile(path, 'utf8')
    const wanted = withBlocks(file, found, blocks)
    if (wanted === found) continue
    if (isCheck) {
      process.stderr.write(`${file} is out of date: run \`npm run docs\` and commit what it writes.\n`)
      process.exitCode = 1
    } else {
      await writeFile(path, wanted)
      process.stdout.write(`wrote ${file}\n`)
    }
  }
}
