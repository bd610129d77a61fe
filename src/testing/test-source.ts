import { assertArgument, isOptions } from '../contracts/arguments.ts'
import type { RequestInput } from '../contracts/request.ts'
import type { Edge, Source } from '../contracts/source.ts'
import { sourceOf } from '../source/define-source.ts'
import type { Expectation } from './expectation.ts'
import { type FixtureRun, runFixture } from './fixture-run.ts'
import { type Fixtures, readFixtures } from './fixtures.ts'
import { judge } from './judgement.ts'
import { itemOf } from './outputs-text.ts'

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
  /**
   * Variables of the environment, where keys stand. Default: one is made up for each that is asked for, because recordings hold
   * no secrets.
   */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  /** What is piped in, where a param says `-`. Default: nothing. */
  readonly input?: string | undefined
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
      env: options.env,
      input: options.input,
      start: start === undefined ? undefined : ([start].flat() as readonly (string | RequestInput)[]),
      readsAgain: options.pure ?? true,
    })
    await judge(run, options, found.length > 1)
    runs.push(run)
  }
  return mergedResult<Item>(runs)
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
