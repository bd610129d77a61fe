import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { messageOf, RegattaError } from '../contracts/errors.ts'
import type { RequestInput } from '../contracts/request.ts'
import type { Output, Source } from '../contracts/source.ts'
import { seedsOf } from '../crawl/outputs.ts'
import { parseParams } from '../source/schema.ts'
import { ContextMemory } from './context-memory.ts'
import type { Expectation } from './expectation.ts'
import { type FixturePage, recordedPage } from './fixture-page.ts'
import { runTrial, type Trial } from './fixture-trial.ts'
import type { Fixture } from './fixtures.ts'
import { type Variables, withMadeUpKeys } from './made-up-keys.ts'
import { itemOf, plainJson, plainOutputs } from './outputs-text.ts'
import type { PageVisit } from './page-visit.ts'
import { offline } from './parse-page.ts'
import { findImpurities, type Impurity } from './repeat.ts'

/** One fixture, crawled: what came of it, as it is and as JSON, and what is wrong whatever was expected. */
export interface FixtureRun {
  readonly fixture: Fixture
  readonly trial: Trial
  /** What may be compared with what a file expects. */
  readonly yielded: Expectation
  /** What the source made, with its own types. */
  readonly outputs: readonly { readonly visit: PageVisit; readonly output: Output }[]
  /** Sentences. */
  readonly faults: readonly string[]
  readonly impurities: readonly Impurity[]
}

export interface RunOptions {
  readonly params?: unknown
  readonly start?: readonly (RequestInput | string)[] | undefined
  /** Variables of the environment; those that are left out are made up. */
  readonly env?: Variables | undefined
  /** What is piped in. */
  readonly input?: string | undefined
  /** Whether the pages are read again. */
  readonly readsAgain: boolean
}

/** Throws PARAM_INVALID where the params do not fit, and FIXTURE_INVALID where nothing of the fixture is asked for. */
export async function runFixture(source: Source, fixture: Fixture, options: RunOptions): Promise<FixtureRun> {
  const params =
    fixture.path === undefined ? (fixture.params ?? options.params) : (options.params ?? fixture.params)
  const parsed = parseParams(source, params)
  const { exchanges, ...rest } = await placed(source, parsed, fixture, options)
  const given = { env: withMadeUpKeys(options.env), input: options.input }
  const savesTo = await mkdtemp(join(tmpdir(), 'regatta-test-'))
  try {
    const archive = { ...fixture.archive, exchanges }
    const trial = await runTrial({ source, archive, params, start: options.start, ...rest, savesTo, given })
    const impurities = options.readsAgain
      ? await findImpurities(source, trial, parseParams(source, params))
      : []
    return {
      ...{ fixture, trial, impurities, yielded: yieldedOf(trial, params) },
      outputs: trial.visits.flatMap((visit) => visit.outputs.map((output) => ({ visit, output }))),
      faults: faultsOf(source, trial, fixture),
    }
  } finally {
    await rm(savesTo, { recursive: true, force: true })
  }
}

/** Pages that say no URL stand for the seeds, in their order. */
async function placed(source: Source, params: unknown, { pages, archive }: Fixture, options: RunOptions) {
  const nameless = pages.filter(({ url }) => url === undefined)
  const seeds = await firstSeeds(source, params, nameless.length, options)
  let count = 0
  const requests = pages.map((page): RequestInput => {
    const { label, data, method } = page
    const own = { ...(label !== undefined && { label }), ...(data !== undefined && { data }) }
    if (page.url !== undefined) return { url: page.url, ...(method !== undefined && { method }), ...own }
    const seed = seeds[count++]
    if (seed === undefined) return { url: count === 1 ? nowhere : `${nowhere}${count}`, ...own }
    return { ...(typeof seed === 'string' ? { url: seed } : seed), ...own }
  })
  const found = pages.flatMap((page: FixturePage, at) => {
    const { url, method } = requests[at]!
    if (page.url !== undefined) return []
    return [recordedPage({ ...page, method }, new URL(url).href.replace(/#.*$/s, ''))]
  })
  // What says no URL, or how it is read, is there to be read; all else may be there for the crawl to find, or not.
  const isOwn = ({ url, label, data }: FixturePage) =>
    url === undefined || label !== undefined || data !== undefined
  const [also, otherwise] = [true, false].map((own) =>
    requests.filter((_, at) => isOwn(pages[at]!) === own),
  ) as [RequestInput[], RequestInput[]]
  return { exchanges: [...archive.exchanges, ...found], also, otherwise }
}

/** Where a page is that no seed leads to. */
const nowhere = 'https://example.com/'

async function firstSeeds(source: Source, params: unknown, most: number, { env, input }: RunOptions) {
  const seeds: (RequestInput | string)[] = []
  if (most === 0) return seeds
  const context = new ContextMemory(offline, { env: withMadeUpKeys(env), input }).repeat()
  try {
    for await (const seed of seedsOf(source, params, context)) if (seeds.push(seed) >= most) break
  } catch {
    // The crawl tells it: it asks for them too.
  }
  return seeds
}

function yieldedOf({ visits, skipped, savedTo }: Trial, params: unknown): Expectation {
  const all = visits.map(({ outputs, url }) => plainOutputs(outputs, { url, savedTo }))
  return {
    params: plainJson(params ?? {}, savedTo),
    items: all.flatMap(({ items }) => items),
    edges: all.flatMap(({ edges }) => edges),
    requests: all.flatMap(({ requests }) => requests),
    skipped: [
      ...all.flatMap((each) => each.skipped),
      ...skipped.map(({ url, reason, detail }) => ({ url, reason, detail })),
    ],
  }
}

/** What is wrong whatever is expected: what failed, what does not fit, what never came to an end. */
function faultsOf(source: Source, trial: Trial, fixture: Fixture): string[] {
  const { failure, stuckAt, visits, dead } = trial
  const faults: string[] = []
  if (failure !== undefined) faults.push(placeBehind(messageOf(failure), failure))
  if (stuckAt !== undefined) faults.push(`The crawl came to no end: ${stuckAt}.`)
  for (const { outputs } of visits) {
    for (const output of outputs) {
      if (output.kind !== 'refused') continue
      faults.push(
        `${output.error.message} The item is ${JSON.stringify(plainJson(itemOf(output), trial.savedTo))}.`,
      )
    }
  }
  const isTold = new Set(['item-invalid'])
  const wasRefused = new Set(
    visits.flatMap(({ outputs, request }) =>
      outputs.some(({ kind }) => kind === 'refused') ? request.id : [],
    ),
  )
  for (const { code, detail, request, where } of dead) {
    if (isTold.has(code) && wasRefused.has(request)) continue
    if (!ownFaults.has(code)) continue
    faults.push(where === undefined || detail.includes(where) ? detail : `${detail} (${where})`)
  }
  if (faults.length === 0 && visits.length === 0) faults.push(nothingRead(source, trial, fixture))
  return faults
}

/** Dead letters that are the source's own doing, or end its crawl: others are answers of the site. */
const ownFaults: ReadonlySet<string> = new Set([
  'source-failed',
  'item-invalid',
  'page-over-budget',
  'session-lost',
])

function placeBehind(sentence: string, error: unknown): string {
  const where =
    error instanceof RegattaError && error.code === 'SOURCE_FAILED' ? error.value?.where : undefined
  return where === undefined || sentence.includes(where) ? sentence : `${sentence} (${where})`
}

/** A test that reads no page tests nothing. */
function nothingRead({ name }: Source, { missing, dead, skipped }: Trial, { archive }: Fixture): string {
  const some = (urls: readonly string[]) =>
    urls.slice(0, 3).join(', ') + (urls.length > 3 ? ` and ${urls.length - 3} more` : '')
  const has = some(archive.exchanges.map(({ url }) => url))
  if (dead.length > 0) {
    const given = dead.map(({ url, code, detail }) => `${url} was given up: ${code} (${detail})`)
    return `No page was read. ${some(given)}.`
  }
  if (skipped.length > 0) {
    return `No page was read. ${some(skipped.map(({ url, detail }) => `${url} was left out: ${detail}`))}.`
  }
  if (missing.length === 0) return `No page was read: source "${name}" asks for nothing with these params.`
  return `No page was read: source "${name}" asks for ${some(missing)}, and the fixture has ${has}. Give params that lead there, or "start".`
}
