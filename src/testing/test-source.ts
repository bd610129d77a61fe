import { AssertionError } from 'node:assert'
import { assertArgument, isOptions } from '../contracts/arguments.ts'
import type { RequestInput } from '../contracts/request.ts'
import type { Edge, Source } from '../contracts/source.ts'
import { sourceOf } from '../source/define-source.ts'
import {
  type Expectation,
  expectationOf,
  expectedParts,
  expectedPathOf,
  readExpectation,
  writeExpectation,
} from './expectation.ts'
import { type FixtureRun, runFixture } from './fixture-run.ts'
import { type Fixture, type Fixtures, readFixtures } from './fixtures.ts'
import { impurityLines } from './impurity-words.ts'
import { describeDifference, differences } from './json-difference.ts'
import { itemOf } from './outputs-text.ts'
import { wantsUpdate } from './wants-update.ts'

/** How a source is tested. */
export interface TestOptions<ParamsInput = unknown> {
  /** What the source is told. Default: what the fixture says, else nothing. */
  readonly params?: ParamsInput | undefined
  /** What is expected, as an object or a path. Default: of a HAR file the `.expected.json` beside it, of pages nothing. */
  readonly expected?: string | Partial<Expectation> | undefined
  /** Write what came out as what is expected. Default: whether the environment says REGATTA_UPDATE=1. */
  readonly update?: boolean | undefined
  /** What is asked for and is not in the fixtures fails the test. Default false: it is listed. */
  readonly strict?: boolean | undefined
  /** Where to begin, instead of at the seeds. Default: these. */
  readonly start?: string | RequestInput | readonly (string | RequestInput)[] | undefined
  /** Read each page again, and fail where something else comes out. Default true. */
  readonly pure?: boolean | undefined
}

/** What a source made of its fixtures. */
export interface TestResult<Item = unknown> {
  /** In the order of the fixture's pages, as the schema made them. */
  readonly items: readonly Item[]
  /** Likewise. */
  readonly edges: readonly Edge[]
  /** Requests that `parse` yielded, absolute, those that are known already included. */
  readonly requests: readonly RequestInput[]
  /** Pages and links that were left out: by `page.skip`, `admit`, robots.txt. */
  readonly skipped: readonly TestedSkip[]
  /** Pages that were read. */
  readonly pages: readonly TestedPage<Item>[]
  /** What was asked for and is not in the fixtures: its URL, behind its method where that is not GET. */
  readonly missing: readonly string[]
  /** Requests that were given up: an answer of 404, a refusal. */
  readonly dead: readonly TestedDeath[]
}

/** A page that was left out, or links of one. */
export interface TestedSkip {
  readonly url: string
  /** A slug: `robots`, `noindex`, … */
  readonly reason: string
  readonly detail: string
  /** Links that were left out; without them the page was. */
  readonly links?: readonly string[]
}

/** A request that was given up. */
export interface TestedDeath {
  readonly url: string
  /** `status-404`, `blocked`, … */
  readonly reason: string
  readonly detail: string
}

/** A page that was read, and what it gave. */
export interface TestedPage<Item = unknown> {
  /** After redirects. */
  readonly url: string
  readonly status: number
  readonly label: string | undefined
  readonly items: readonly Item[]
  readonly edges: readonly Edge[]
  readonly requests: readonly RequestInput[]
}

/**
 * Runs a source over recorded pages as a crawl would, without a network and without waiting, and compares what it yields with
 * what is expected. Throws an AssertionError that says what differs, what does not fit its schema, and what comes out otherwise
 * when a page is read again; FIXTURE_INVALID or HAR_INVALID where the fixtures cannot be used; PARAM_INVALID.
 */
export async function testSource<Params, Item, ParamsInput, ItemInput>(
  source: Source<Params, Item, ParamsInput, ItemInput>,
  fixtures: Fixtures,
  options: TestOptions<ParamsInput> = {},
): Promise<TestResult<Item>> {
  assertArgument(isOptions(options), 'testSource()', 'options', 'an object', options)
  const sound = sourceOf(source)
  const found = await readFixtures(fixtures)
  const { start } = options
  const runs: FixtureRun[] = []
  for (const fixture of found) {
    const run = await runFixture(sound, fixture, {
      params: options.params,
      start: start === undefined ? undefined : ([start].flat() as readonly (string | RequestInput)[]),
      readsAgain: options.pure ?? true,
    })
    await judge(run, options, found.length > 1)
    runs.push(run)
  }
  return mergedResult<Item>(runs)
}

/** Throws where the run is not as it should be. */
async function judge(run: FixtureRun, options: TestOptions, isOneOfMany: boolean): Promise<void> {
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
  if (differing) throw differing(name, hintsOf(run))
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

/** Undefined where all is as expected; what is not said is not compared. */
export function compare(
  given: Partial<Expectation>,
  yielded: Expectation,
): ((name: string, hints: readonly string[]) => AssertionError) | undefined {
  const parts = expectedParts.filter((part) => given[part] !== undefined)
  const expected = Object.fromEntries(parts.map((part) => [part, given[part]]))
  const actual = Object.fromEntries(parts.map((part) => [part, yielded[part]]))
  const differing = differences(expected, actual, '')
  if (differing.length === 0) return undefined
  return (name, hints) => {
    const diff = new AssertionError({ actual, expected, operator: 'deepStrictEqual' }).message
    const counted = parts
      .filter((part) => given[part]!.length !== yielded[part].length)
      .map((part) => `${part}: expected ${given[part]!.length}, found ${yielded[part].length}`)
    const lines = [...counted, ...differing.map(describeDifference), ...hints]
    const message = `${headOf(name)}\n${lines.map((line) => `  ${line}`).join('\n')}\n\n${diff}`
    return new AssertionError({ message, actual, expected, operator: 'deepStrictEqual' })
  }
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

function mergedResult<Item>(runs: readonly FixtureRun[]): TestResult<Item> {
  const pages = runs.flatMap(({ trial }) =>
    trial.visits.map(({ outputs, url, status, request }): TestedPage<Item> => {
      const items = outputs.flatMap((output) => (output.kind === 'item' ? [itemOf(output) as Item] : []))
      const edges = outputs.flatMap((output) => (output.kind === 'edge' ? [output.value] : []))
      const requests = outputs.flatMap((output) => (output.kind === 'requests' ? output.requests : []))
      return { url, status, label: request.label, items, edges, requests }
    }),
  )
  return {
    items: pages.flatMap(({ items }) => items),
    edges: pages.flatMap(({ edges }) => edges),
    requests: pages.flatMap(({ requests }) => requests),
    skipped: runs.flatMap(({ yielded }) => yielded.skipped as readonly TestedSkip[]),
    pages,
    missing: [...new Set(runs.flatMap(({ trial }) => trial.missing))],
    dead: runs.flatMap(({ trial }) =>
      trial.dead.map(({ url, code, detail }) => ({ url, reason: code, detail })),
    ),
  }
}
