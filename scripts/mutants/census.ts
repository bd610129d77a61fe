import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Runner } from './runner.ts'
import type { TestNotes } from './setup.ts'

/** Slower tests are not asked: a killer has to be found in time, and its failure has to be seen in time. */
const slowest = 15_000
const patience = 300_000

/** Runs each file once as it is, and notes what each of its tests reaches. What fails even so is no killer. */
export async function takeCensus(
  files: readonly string[],
  runners: readonly Runner[],
  tell: (line: string) => void,
): Promise<TestNotes[]> {
  const folder = mkdtempSync(join(tmpdir(), 'regatta-census-'))
  const left = [...files]
  try {
    const shares = runners.map(async (runner, index): Promise<TestNotes[]> => {
      const notesFile = join(folder, `${index}.jsonl`)
      const env = { REGATTA_MUTANT: '', REGATTA_MUTANTS_NOTES: notesFile, REGATTA_MUTANTS_PATIENCE: '' }
      for (let file = left.shift(); file !== undefined; file = left.shift()) {
        const result = await runner.run({ file, env, stopsEarly: false }, patience)
        if (!result) tell(`${file} did not end in ${patience / 1_000} s; its tests are not asked.`)
        else if (result.failed !== undefined)
          tell(`${file} fails as it is: ${result.failed} ${result.message}`)
      }
      return readNotes(notesFile)
    })
    return (await Promise.all(shares)).flat().filter(({ passed, ms }) => passed && ms <= slowest)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function readNotes(file: string): TestNotes[] {
  let text = ''
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    // No test has run.
  }
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as TestNotes)
}
