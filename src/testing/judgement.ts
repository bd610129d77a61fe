import { AssertionError } from 'node:assert'
import { assertArgument } from '../contracts/arguments.ts'
import {
  type Expectation,
  expectationOf,
  expectedParts,
  expectedPathOf,
  readExpectation,
  writeExpectation,
} from './expectation.ts'
import type { FixtureRun } from './fixture-run.ts'
import type { Fixture } from './fixtures.ts'
import { impurityLines } from './impurity-words.ts'
import { describeDifference, differences } from './json-difference.ts'
import type { TestOptions } from './test-source.ts'
import { wantsUpdate } from './wants-update.ts'

/**
 * Whether a source did with a fixture what it should, and the error that says what it did instead: in the form of
 * node:assert, which every test runner shows with its difference.
 */

/** Throws where the run is not as it should be. */
export async function judge(run: FixtureRun, options: TestOptions, isOneOfMany: boolean): Promise<void> {
  const { fixture, faults, impurities, trial, yielded } = run
  const lines = [...faults, ...impurities.flatMap(impurityLines)]
  if (options.strict && trial.missing.length > 0) {
    lines.push(`Not in the fixture, and asked for: ${trial.missing.join(', ')}.`)
  }
  const name = fixture.path ?? 'the pages that were given'
  if (lines.length > 0) throw failed(name, lines)
  const { given, path } = await expectationFor(fixture, options, isOneOfMany)
  if ((options.update ?? wantsUpdate()) && path !== undefined) return writeExpectation(path, yielded)
  if (!given) {
    if (path === undefined) return
    const way =
      'Look at what comes out, and write it there with { update: true } or REGATTA_UPDATE=1, or with regatta check --update'
    throw failed(name, [`Nothing says what is expected: there is no ${path}. ${way}.`])
  }
  const differing = compare(given, yielded)
  if (differing) throw notAsExpected(name, differing, hintsOf(run))
}

/** What is expected, and where it stands or would stand. */
async function expectationFor(
  fixture: Fixture,
  { expected }: TestOptions,
  isOneOfMany: boolean,
): Promise<{ readonly given: Partial<Expectation> | undefined; readonly path: string | undefined }> {
  if (expected === undefined) {
    return { given: fixture.expected, path: fixture.path && expectedPathOf(fixture.path) }
  }
  const isSingle = !isOneOfMany
  assertArgument(isSingle, 'testSource()', 'expected', 'left out where there are several fixtures', expected)
  if (typeof expected === 'string') return { given: await readExpectation(expected), path: expected }
  const whole = expectationOf(expected, 'The option "expected"')
  const parts = expectedParts.filter((part) => part in expected)
  return { given: Object.fromEntries(parts.map((part) => [part, whole[part]])), path: undefined }
}

/** Where it is not as expected, one line each. */
export function compareExpected(run: FixtureRun, expected: Expectation): string[] {
  const differing = compare(expected, run.yielded)
  return differing ? [...differing.lines, ...hintsOf(run)] : []
}

/** Undefined where all is as expected; what is not said is not compared. */
function compare(given: Partial<Expectation>, yielded: Expectation): Differing | undefined {
  const parts = expectedParts.filter((part) => given[part] !== undefined)
  const expected = Object.fromEntries(parts.map((part) => [part, given[part]]))
  const actual = Object.fromEntries(parts.map((part) => [part, yielded[part]]))
  const differing = differences(expected, actual, '')
  if (differing.length === 0) return undefined
  const counted = parts
    .filter((part) => given[part]!.length !== yielded[part].length)
    .map((part) => `${part}: expected ${given[part]!.length}, found ${yielded[part].length}`)
  return { actual, expected, lines: [...counted, ...differing.map(describeDifference)] }
}

interface Differing {
  readonly actual: object
  readonly expected: object
  readonly lines: readonly string[]
}

function notAsExpected(name: string, { actual, expected, lines }: Differing, hints: readonly string[]) {
  const diff = new AssertionError({ actual, expected, operator: 'deepStrictEqual' }).message
  const told = [...lines, ...hints].map((line) => `  ${line}`).join('\n')
  const message = `${headOf(name)}\n${told}\n\n${diff}`
  return new AssertionError({ message, actual, expected, operator: 'deepStrictEqual' })
}

/** What may explain that something is not there. */
function hintsOf({ trial: { missing, dead } }: FixtureRun): string[] {
  return [
    ...dead.map(({ url, code, detail }) => `(${url} was given up: ${code}, ${detail})`),
    ...missing.map((what) => `(${what} was asked for, and is not in the fixture)`),
  ]
}

function failed(name: string, lines: readonly string[]): AssertionError {
  const message = `${headOf(name)}\n${lines.map((line) => `  ${line}`).join('\n')}`
  return new AssertionError({ message, operator: 'testSource' })
}

function headOf(name: string): string {
  return `The source does not do with ${name} what it should:`
}
