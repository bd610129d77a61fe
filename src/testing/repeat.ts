import { inOtherWorld, type OtherWorld } from '../base/other-world.ts'
import { createRandom } from '../base/random.ts'
import { messageOf } from '../contracts/errors.ts'
import type { RequestInput } from '../contracts/request.ts'
import type { Output, Source } from '../contracts/source.ts'
import { outputsOf, seedsOf } from '../crawl/outputs.ts'
import { mostSeeds, type Trial } from './fixture-trial.ts'
import { type Difference, differences } from './json-difference.ts'
import { type PlainOutputs, plainJson, plainOutputs } from './outputs-text.ts'
import type { PageVisit } from './page-visit.ts'
import { saveBelow } from './save-below.ts'

/**
 * Reads the pages of a trial again, by themselves: `parse` may run twice for one page in any crawl (after a crash, for a
 * retry), and must then give the same. They are read twice under one date and with one luck, once from the last to the first,
 * so that what one page has left behind for the next is missed; then under another date; then with other luck. Where only one
 * thing is different, it is the cause.
 */
export interface Impurity {
  /** `parse() of https://…`, or `seeds()`. */
  readonly what: string
  readonly cause: 'repetition' | 'date' | 'luck' | 'change'
  /** Where it differed. */
  readonly differences: readonly Difference[]
  /** For `change`: `page.params`. */
  readonly changed?: string
}

const wall = Date.UTC(2031, 1, 3, 4, 5, 6, 7)
/** Year, month, day, weekday, hour, minute and second are all others. */
const later = Date.UTC(2042, 10, 24, 19, 48, 39, 808)

/** The second is the first once more. Luck is the opposite: a coin falls on the other side. */
const worlds = (): readonly OtherWorld[] => [
  { wall, random: createRandom(1) },
  { wall, random: createRandom(1) },
  { wall: later, random: createRandom(1) },
  { wall, random: opposite(createRandom(1)) },
]

/** One for each page at most, and one for the seeds. `params`: as the schema made them. */
export async function findImpurities(source: Source, trial: Trial, params: unknown): Promise<Impurity[]> {
  const found: Impurity[] = []
  const { watch, savedTo } = trial
  const seeds = watch.seedsMemory ? await seedsImpurity(source, trial, params) : undefined
  if (seeds) found.push({ what: 'seeds()', ...seeds })
  const visits = trial.visits.filter(({ isWhole }) => isWhole)
  const readings: Map<PageVisit, PlainOutputs>[] = []
  for (const [at] of worlds().entries()) {
    const reading = new Map<PageVisit, PlainOutputs>()
    for (const visit of at === 0 ? visits.toReversed() : visits) {
      const again = () => readAgain(source, visit, savedTo)
      reading.set(visit, await inOtherWorld(worlds()[at]!, again))
    }
    readings.push(reading)
  }
  for (const visit of visits) {
    const what = `parse() of ${visit.url}`
    if (visit.changed !== undefined) {
      found.push({ what, cause: 'change', differences: [], changed: `page.${visit.changed}` })
      continue
    }
    const first = plainOutputs(visit.outputs, { url: visit.url, savedTo, error: visit.error })
    const cause = causeOf(
      first,
      readings.map((reading) => reading.get(visit)!),
    )
    if (cause) found.push({ what, ...cause })
  }
  return found
}

/** `first`: as the crawl had it; then one reading for each world. */
function causeOf(
  first: unknown,
  [one, same, date, luck]: readonly unknown[],
): Pick<Impurity, 'cause' | 'differences'> | undefined {
  const pairs = [
    ['repetition', one, same],
    ['date', one, date],
    ['luck', one, luck],
    ['repetition', first, one],
  ] as const
  for (const [cause, before, after] of pairs) {
    const differing = differences(before, after, '', 3)
    if (differing.length > 0) return { cause, differences: differing }
  }
  return undefined
}

async function readAgain(source: Source, visit: PageVisit, savedTo: string): Promise<PlainOutputs> {
  const outputs: Output[] = []
  let error: unknown
  try {
    const page = visit.again()
    saveBelow(page, savedTo)
    for await (const output of outputsOf(source, page, visit.memory.repeat())) outputs.push(output)
  } catch (thrown) {
    error = thrown
  }
  return plainOutputs(outputs, { url: visit.url, savedTo, error })
}

async function seedsImpurity(source: Source, { watch }: Trial, params: unknown) {
  const { seeds, seedsMemory, areSeedsCut } = watch
  // What the crawl did not come to is no difference.
  const most = areSeedsCut ? seeds.length : mostSeeds
  const pull = async () => {
    const again: (RequestInput | string)[] = []
    try {
      if (most === 0) return { seeds: [] }
      for await (const seed of seedsOf(source, params, seedsMemory!.repeat()))
        if (again.push(seed) >= most) break
    } catch (error) {
      return { seeds: plainJson(again, ''), error: messageOf(error) }
    }
    return { seeds: plainJson(again, '') }
  }
  const readings: unknown[] = []
  for (const world of worlds()) readings.push(await inOtherWorld(world, pull))
  const isFailed = (readings[0] as { error?: string }).error !== undefined
  return causeOf(isFailed ? readings[0] : { seeds: plainJson(seeds, '') }, readings)
}

function opposite(random: () => number): () => number {
  return () => 1 - random() - Number.EPSILON
}
