import { messageOf, RegattaError } from '../contracts/errors.ts'
import type { Source } from '../contracts/source.ts'
import { sourceOf } from '../source/define-source.ts'
import { parseParams } from '../source/schema.ts'
import { checkPoliteness } from './check-politeness.ts'
import { type Check, type CheckReport, checked } from './check-report.ts'
import { checkSchema, withoutStop } from './check-schema.ts'
import { checkTypes } from './check-types.ts'
import { expectedPathOf, writeExpectation } from './expectation.ts'
import { type FixtureRun, runFixture } from './fixture-run.ts'
import { type Fixture, type Fixtures, fixturesOf, readFixtures } from './fixtures.ts'
import { impurityLines } from './impurity-words.ts'
import { compareExpected } from './judgement.ts'
import { checkLive, count, type LiveOptions } from './live-run.ts'
import type { Impurity } from './repeat.ts'

/** What of a source is looked at, and how. */
export interface CheckOptions<ParamsInput = unknown> {
  /** The file of the source: its types are checked, and its fixtures stand beside it. Default: neither. */
  readonly file?: string | undefined
  /** Default: those in `fixtures/NAME` beside the file. */
  readonly fixtures?: Fixtures | undefined
  /** What the source is told, live and where a fixture does not say it itself. Default: what the first fixture says, else nothing. */
  readonly params?: ParamsInput | undefined
  /** Write what comes out as what is expected. Default false. */
  readonly update?: boolean | undefined
  /** Fetch its first pages, and compare their items with those of the fixtures. Default: nothing is fetched. */
  readonly live?: LiveOptions | undefined
  /** Variables of the environment, where keys stand. Default: they are made up, but for what is fetched. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  /** The runtime that the compiler of types runs in, such as `process.execPath`. Default: types are not checked. */
  readonly execPath?: string | undefined
}

/**
 * Looks at all that can be known of a source before it crawls: its types, its schemas, what it makes of its fixtures, whether
 * that is the same each time, and how politely it asks. Every check is made, whatever the others say. Throws nothing for what is
 * wrong with the source: that is in the report.
 */
export async function checkSource<Params, Item, ParamsInput, ItemInput>(
  source: Source<Params, Item, ParamsInput, ItemInput>,
  options: CheckOptions<ParamsInput> = {},
): Promise<CheckReport> {
  const checks: Check[] = []
  let sound: Source
  try {
    sound = sourceOf(source)
  } catch (error) {
    const schema = checked('schema', 'failed', withoutStop(messageOf(error)))
    return { source: String(source?.name ?? 'unknown'), ok: false, checks: [schema] }
  }
  const { file, execPath, params, live } = options
  if (file !== undefined && execPath !== undefined) checks.push(await checkTypes(file, { execPath }))
  const found = await findFixtures(sound, options)
  const fixtures = Array.isArray(found) ? (found as readonly Fixture[]) : []
  const told = params ?? fixtures[0]?.params
  checks.push(checkSchema(sound, told))
  const { runs, check } = await checkFixtures(sound, fixtures, options)
  checks.push(Array.isArray(found) ? check : (found as Check))
  const all = runs.length > 0 ? runs : await runOfNothing(sound, options)
  checks.push(pureCheck('seeds', all), pureCheck('parse', runs))
  checks.push(
    checkPoliteness(
      sound,
      parsedOr(sound, told),
      all.map(({ trial }) => trial),
    ),
  )
  if (live) {
    const items = runs.flatMap(({ yielded }) => yielded.items)
    checks.push(...(await checkLive(sound, { ...live, params: told, items })))
  }
  return { source: sound.name, ok: checks.every(({ outcome }) => outcome !== 'failed'), checks }
}

/** Or what is to be said where there are none. */
async function findFixtures(
  source: Source,
  { file, fixtures }: CheckOptions,
): Promise<readonly Fixture[] | Check> {
  if (fixtures === undefined && file === undefined) {
    return checked('fixtures', 'skipped', 'there are none')
  }
  const place = fixtures ?? fixturesOf(file!, source)
  try {
    return await readFixtures(place)
  } catch (error) {
    const isMissing =
      error instanceof RegattaError && error.code === 'FIXTURE_INVALID' && fixtures === undefined
    if (isMissing && error.value?.path === place) {
      const way =
        'Put one there, recorded by regatta record or saved in a browser, then regatta check --update'
      return checked(
        'fixtures',
        'notice',
        `there is no HAR file in ${String(place)}, so parse is not tested`,
        { way },
      )
    }
    return checked('fixtures', 'failed', withoutStop(messageOf(error)))
  }
}

async function checkFixtures(
  source: Source,
  fixtures: readonly Fixture[],
  options: CheckOptions,
): Promise<{ readonly runs: readonly FixtureRun[]; readonly check: Check }> {
  const runs: FixtureRun[] = []
  const lines: string[] = []
  const written: string[] = []
  let isUnsaid = false
  for (const fixture of fixtures) {
    const { name, path, expected } = fixture
    try {
      const run = await runFixture(source, fixture, {
        params: fixture.params ?? options.params,
        env: options.env,
        readsAgain: true,
      })
      runs.push(run)
      const { faults, yielded } = run
      if (faults.length > 0) lines.push(...faults.map((fault) => `${name}: ${withoutStop(fault)}`))
      else if (options.update && path !== undefined) {
        await writeExpectation(expectedPathOf(path), yielded)
        written.push(expectedPathOf(path))
      } else if (expected) lines.push(...compareExpected(run, expected).map((line) => `${name}: ${line}`))
      else if (path !== undefined) {
        isUnsaid = true
        lines.push(`${name}: nothing says what is expected, there is no ${expectedPathOf(path)}`)
      }
    } catch (error) {
      lines.push(`${name}: ${withoutStop(messageOf(error))}`)
    }
  }
  const items = runs.reduce((sum, { yielded }) => sum + yielded.items.length, 0)
  const pages = runs.reduce((sum, { trial }) => sum + trial.visits.length, 0)
  const read = `${count(fixtures.length, 'fixture')}, ${count(pages, 'page')}, ${count(items, 'item')}`
  if (lines.length > 0) {
    const way = isUnsaid
      ? 'regatta check --update writes what comes out; look at it then'
      : 'Mend the source; where the difference is meant, regatta check --update writes it'
    return { runs, check: checked('fixtures', 'failed', read, { more: lines, way }) }
  }
  const missing = [...new Set(runs.flatMap(({ trial }) => trial.missing))]
  const more = [
    ...written.map((path) => `wrote ${path}`),
    ...missing.slice(0, 3).map((what) => `not recorded: ${what}`),
  ]
  const rest = missing.length > 3 ? [`and ${missing.length - 3} more`] : []
  return { runs, check: checked('fixtures', 'ok', read, { more: [...more, ...rest] }) }
}

/** Without fixtures the seeds can be looked at all the same, if they need no params. */
async function runOfNothing(source: Source, { params, env }: CheckOptions): Promise<readonly FixtureRun[]> {
  const archive = { name: 'nothing', comment: undefined, exchanges: [], leftOut: [] }
  const nothing = {
    name: 'nothing',
    path: undefined,
    archive,
    expected: undefined,
    params: undefined,
    pages: [],
  }
  try {
    return [await runFixture(source, nothing, { params, env, readsAgain: true })]
  } catch {
    return []
  }
}

function pureCheck(name: 'seeds' | 'parse', runs: readonly FixtureRun[]): Check {
  const isOfSeeds = ({ what }: Impurity) => what === 'seeds()'
  const found = runs.flatMap(({ impurities }) =>
    impurities.filter((each) => isOfSeeds(each) === (name === 'seeds')),
  )
  if (found.length > 0) {
    const lines = found.flatMap(impurityLines)
    // A date in the seeds may be what is wanted: the news of today.
    if (name === 'seeds' && found.every(({ cause }) => cause === 'date')) {
      return checked(name, 'notice', 'other seeds under another date', { more: lines })
    }
    return checked(name, 'failed', 'not the same each time', { more: lines })
  }
  const read = runs.reduce((sum, { trial }) => sum + trial.visits.filter(({ isWhole }) => isWhole).length, 0)
  if (name === 'parse') {
    if (read === 0) return checked(name, 'skipped', 'there is no page to read twice')
    return checked(
      name,
      'ok',
      `${count(read, 'page')} read again: the same under another date and with other luck`,
    )
  }
  const seeds = runs.reduce((sum, { trial }) => sum + trial.watch.seeds.length, 0)
  if (runs.length === 0) return checked(name, 'skipped', 'they need params')
  const missing = runs.flatMap(({ fixture, trial }) => (fixture.path === undefined ? trial.missing : []))
  if (seeds === 0 && missing.length > 0) {
    return checked(name, 'skipped', `they need ${missing[0]}, which no fixture has`)
  }
  const fault = runs.find(({ trial }) => trial.failure !== undefined)?.trial.failure
  if (fault !== undefined) return checked(name, 'failed', withoutStop(messageOf(fault)))
  if (seeds === 0) return checked(name, 'notice', 'there are none with these params')
  return checked(name, 'ok', `${count(seeds, 'seed')}, the same each time`)
}

function parsedOr(source: Source, params: unknown): unknown {
  try {
    return parseParams(source, params)
  } catch {
    return {}
  }
}
