import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { messageOf, RegattaError } from '../contracts/errors.ts'
import type { HarArchive, RecordedExchange } from '../contracts/recording.ts'
import { readHarFile } from '../har/har-file.ts'
import { type Expectation, expectedPathOf, readExpectation } from './expectation.ts'
import { type FixturePage, recordedPage, urlOfPage } from './fixture-page.ts'

/**
 * What a source is tested on: recorded answers, from HAR files or given as they are. One HAR file is one test, with the params
 * and the outputs that stand in its `.expected.json`. Pages that are given by themselves are one test together.
 */
export interface Fixture {
  /** The name of its file, or `given` for pages. */
  readonly name: string
  /** Its HAR file; undefined for pages. */
  readonly path: string | undefined
  /** What it answers with. */
  readonly archive: HarArchive
  /** What is expected of it; undefined where there is none yet. */
  readonly expected: Expectation | undefined
  /** What its source is told, where the fixture says so itself. */
  readonly params: unknown
  /** Pages that were given by themselves. */
  readonly pages: readonly FixturePage[]
}

/**
 * Fixtures as they may be given: a folder of HAR files, a HAR file, pages, or the markup of pages. A text that has a `<`, a `{`
 * or a line end in it is a page, every other one a path.
 */
export type Fixtures = string | URL | FixturePage | readonly (string | FixturePage)[]

/** The folder in which the fixtures of a source stand: `fixtures/NAME` beside the source's file, which `module` is or names. */
export function fixturesOf(module: string | URL, source: string | { readonly name: string }): string {
  const file = pathOf(module)
  return join(dirname(file), 'fixtures', typeof source === 'string' ? source : source.name)
}

/** Reads fixtures of any kind. Throws FIXTURE_INVALID or HAR_INVALID, naming the file and the way out. */
export async function readFixtures(fixtures: Fixtures): Promise<readonly Fixture[]> {
  if (fixtures instanceof URL || (typeof fixtures === 'string' && !isMarkup(fixtures))) {
    return readPath(pathOf(fixtures))
  }
  const list = Array.isArray(fixtures) ? (fixtures as readonly (string | FixturePage)[]) : [fixtures]
  if (list.length === 0) throw invalid(undefined, 'The list of fixtures is empty: give it a page at least')
  const files = list.filter((each) => typeof each === 'string' && !isMarkup(each)) as string[]
  const pages = list.filter((each) => typeof each !== 'string' || isMarkup(each)) as (string | FixturePage)[]
  const read = await Promise.all(files.map((file) => readPath(file)))
  return [...read.flat(), ...ofPages(pages.map((page) => (typeof page === 'string' ? { body: page } : page)))]
}

/** The HAR files of a folder by name, or one file. */
async function readPath(path: string): Promise<readonly Fixture[]> {
  const found = await stat(path).catch((cause: unknown) => {
    throw invalid(path, `There are no fixtures at ${path} (${messageOf(cause)})`, cause)
  })
  if (!found.isDirectory()) return [await readFixture(path)]
  const names = (await readdir(path)).filter((name) => /\.har$/i.test(name)).sort()
  if (names.length === 0) throw invalid(path, `The folder ${path} has no HAR file`)
  return Promise.all(names.map((name) => readFixture(join(path, name))))
}

async function readFixture(path: string): Promise<Fixture> {
  const archive = readHarFile(path)
  if (archive.exchanges.length === 0) throw invalid(path, `The fixture ${path} holds no answer`)
  const expected = await readExpectation(expectedPathOf(path))
  return { name: basename(path), path, archive, expected, params: expected?.params, pages: [] }
}

/** Pages of one set of params are one fixture, and all of them answer in each. */
function ofPages(pages: readonly FixturePage[]): Fixture[] {
  if (pages.length === 0) return []
  const urls = pages.map(urlOfPage)
  const exchanges = pages.flatMap((page, at): RecordedExchange[] =>
    urls[at] === undefined ? [] : [recordedPage(page, urls[at])],
  )
  const groups = Map.groupBy(pages, ({ params }) => JSON.stringify(params ?? null))
  return [...groups.values()].map((group) => ({
    ...{
      name: 'given',
      path: undefined,
      archive: { name: 'given', comment: undefined, exchanges, leftOut: [] },
    },
    expected: undefined,
    ...{ params: group[0]?.params, pages: group },
  }))
}

function isMarkup(text: string): boolean {
  return /[<{\n]/.test(text) || text.trim() === ''
}

function pathOf(place: string | URL): string {
  return place instanceof URL || place.startsWith('file:') ? fileURLToPath(place) : place
}

function invalid(path: string | undefined, why: string, cause?: unknown): RegattaError {
  const way = path === undefined ? '' : ' Make one with regatta record, or save one from a browser.'
  return new RegattaError('FIXTURE_INVALID', `${why}.${way}`, { value: { path }, cause })
}
