import { variablesIn } from '../base/variables.ts'
import type { Source } from '../contracts/source.ts'
import { limitOf } from '../rules/over.ts'
import { issuesOf, parseBy, parseParams } from '../source/schema.ts'
import { type Kept, whyNothingIsLeft } from './after-crawl.ts'
import { regatta } from './called.ts'
import { UsageError } from './command-failure.ts'
import type { CrawlFlags } from './crawl-flags.ts'
import { assertFree, placeOf, type StatePlace } from './crawl-state.ts'
import type { Io } from './io.ts'
import { readParams } from './params.ts'
import { folderWord } from './paste.ts'
import type { FoundSource } from './registry.ts'
import { inputFields } from './schema-fields.ts'
import { type Standing, standingOf, type Terms } from './standing.ts'

/** What a command line means before anything is begun: which source, with which params, kept where, and how far. */
export interface CrawlPlan {
  readonly target: string
  readonly source: FoundSource['source']
  readonly params: Readonly<Record<string, unknown>>
  /** Variables of the environment that the params name: `${NAME}`. */
  readonly variables: readonly string[]
  /** Undefined when nothing is kept. */
  readonly place: StatePlace | undefined
  readonly terms: Terms
}

/** A crawl that goes on by its folder: where that was typed, and which one it is. */
export interface Resumed {
  /** The shell's, for hints; `io.cwd` is the folder that the crawl was begun in. */
  readonly cwd: string
  readonly name: string
}

/** Throws UsageError, or what is wrong with the source or its params. */
export async function planCrawl(
  target: string,
  flags: CrawlFlags,
  io: Pick<Io, 'cwd' | 'called'>,
  resumed: Resumed | undefined,
): Promise<CrawlPlan> {
  const { cwd } = io
  const { maxPages, revisit, param = [] } = flags
  const { findSource } = await import('./registry.ts')
  const found = await findSource(target, cwd)
  const params = paramsOf(found, param, cwd)
  const parsed = parseParams(found.source, params)
  const place = placeOf(target, found, parsed, flags, cwd)
  if (place) await assertPlace(place, resumed, cwd, regatta(io))
  const terms: Terms = {
    limit: limitOf(found.source, parsed, maxPages === undefined ? {} : { maxPages }),
    complete: limitOf(found.source, parsed, {}),
    revisits: revisit !== undefined,
  }
  const variables = variablesIn([JSON.stringify(parsed) ?? '', ...(found.names ?? [])])
  return { target, source: found.source, params, variables, place, terms }
}

/** Throws UsageError when another crawl is kept there, or when this is not the one that was to go on. */
async function assertPlace(
  place: StatePlace,
  resumed: Resumed | undefined,
  cwd: string,
  called: string,
): Promise<void> {
  const { name } = resumed ?? place
  if (name === place.name) return assertFree(place, resumed?.cwd ?? cwd, called)
  throw new UsageError(
    `With these params this is another crawl than ${name}. Begin it with ${called} crawl, or give the params that ${name} has.`,
  )
}

/** `shell`: the folder that the command was typed in. */
export function keptOf(
  { place, terms, source }: CrawlPlan,
  standing: Standing,
  shell: Pick<Io, 'cwd' | 'called'>,
): Kept {
  const { limit, complete } = terms
  const limitSetter = limit === complete ? `source "${source.name}"` : undefined
  const folder = folderWord(place?.dir ?? '.', shell.cwd)
  return { called: regatta(shell), folder, standing, limit, limitSetter }
}

/** Of a crawl that is to go on: why it cannot; undefined when it can. */
export async function whyNotToGoOn(
  plan: CrawlPlan,
  shell: Pick<Io, 'cwd' | 'called'>,
): Promise<string | undefined> {
  if (plan.place === undefined) return undefined
  const standing = await standingOf(plan.place.dir, plan.place.name, plan.terms)
  return whyNothingIsLeft(keptOf(plan, standing, shell))
}

/** What the name implies, with the user's own over it. Throws what is wrong before anything is started. */
function paramsOf({ source, params }: FoundSource, pairs: NonNullable<CrawlFlags['param']>, cwd: string) {
  const given: Record<string, unknown> = { ...params, ...readParams(source.params, pairs, source.name, cwd) }
  assertComplete(source, given)
  parseParams(source, given)
  return given
}

/** Throws UsageError for the first param that the source cannot do without and that is not given. */
export function assertComplete(source: Source, given: Readonly<Record<string, unknown>>): void {
  const absent = (name: string) => !Object.hasOwn(given, name) && isRefused(source, given, name)
  const missing = inputFields(source.params).find(({ name, required }) => required && absent(name))
  if (missing === undefined) return
  const { name, type, description } = missing
  const others = description === undefined ? '' : ` (${description.replace(/\.$/, '')})`
  throw new UsageError(
    `Source "${source.name}" needs the param "${name}" (${type}): --param ${name}=…${others}`,
  )
}

/** Whether it is this one that is lacking: another one may stand in for it. */
function isRefused(
  { params }: FoundSource['source'],
  given: Readonly<Record<string, unknown>>,
  name: string,
): boolean {
  const { issues = [] } = parseBy(params, given, 'The params')
  return issuesOf({ issues }).some(({ path }) => path === name)
}
