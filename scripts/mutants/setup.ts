import { appendFileSync } from 'node:fs'
import process from 'node:process'
import { afterAll, afterEach, beforeEach, type TestContext, vi } from 'vitest'
import { takeNotes } from './notes.ts'

/** In every test file of a mutants run: patience for a test that a mutant may hang, and notes of what each test reaches. */
const { REGATTA_MUTANTS_NOTES: notesFile, REGATTA_MUTANTS_PATIENCE: patience } = process.env

if (patience) vi.setConfig({ testTimeout: Number(patience), hookTimeout: Number(patience) })

/** What one test reached. */
export interface TestNotes {
  /** From the root of the project. */
  readonly file: string
  /** With the suites it stands in, as vitest's `testNames` takes it. */
  readonly test: string
  readonly ms: number
  readonly passed: boolean
  readonly seen: readonly string[]
}

if (notesFile) {
  const tests: { task: TestContext['task']; seen: Set<string> }[] = []
  const common: string[] = []
  // What stops after a test's own hooks belongs to that test; what happens before the first one, to them all.
  const takeLeftovers = () => {
    const seen = tests.at(-1)?.seen
    for (const what of takeNotes()) {
      if (seen) seen.add(what)
      else common.push(what)
    }
  }
  beforeEach(({ task }) => {
    takeLeftovers()
    tests.push({ task, seen: new Set() })
  })
  afterEach(takeLeftovers)
  afterAll(() => {
    takeLeftovers()
    for (const { task, seen } of tests) {
      const notes: TestNotes = {
        file: task.file.name,
        test: task.fullTestName,
        ms: Math.round(task.result?.duration ?? 0),
        passed: task.result?.state === 'pass',
        seen: [...common, ...seen],
      }
      appendFileSync(notesFile, `${JSON.stringify(notes)}\n`)
    }
  })
}
