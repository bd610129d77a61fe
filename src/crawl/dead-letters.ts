import type { RetriedLetters } from '../contracts/crawl.ts'
import type { CrawlPlan, CrawlStore, StoredLetters } from '../contracts/crawl-store.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { DeadLetter } from '../contracts/frontier.ts'
import type { OpenCrawl } from './open-crawl.ts'

/**
 * What a crawl gave up, and once more. While it is open its own frontier knows; when it has ended, the state that it is kept
 * in. Without a state nothing of it is left then.
 */
export interface LetterPlaces {
  readonly id: string
  /** The crawl while its frontier is open. */
  readonly open: OpenCrawl | undefined
  readonly hasEnded: boolean
  readonly store: CrawlStore | undefined
  readonly plan: CrawlPlan
}

/** Revived in one step with a count before and after, so that nothing else is counted in between. */
const mostAtOnce = 90

export async function* lettersOf(places: LetterPlaces): AsyncGenerator<DeadLetter> {
  const { open } = places
  if (open) return yield* open.frontier.deadLetters()
  const stored = await storedLetters(places)
  try {
    if (stored) yield* stored.deadLetters()
  } finally {
    await stored?.close()
  }
}

export async function retryLetters(places: LetterPlaces, which: RetriedLetters): Promise<number> {
  const { open } = places
  if (open) return retryInOpen(open, await idsOf(open.frontier, which))
  const stored = await storedLetters(places)
  try {
    return stored ? await stored.revive(await idsOf(stored, which)) : 0
  } finally {
    await stored?.close()
  }
}

/** Undefined for a crawl that was never begun. Throws STOPPED where it was, and nothing is kept. */
async function storedLetters({
  id,
  hasEnded,
  store,
  plan,
}: LetterPlaces): Promise<StoredLetters | undefined> {
  if (!hasEnded) return undefined
  if (store) return store.letters(plan)
  throw new RegattaError(
    'STOPPED',
    `Crawl ${id} has ended, and what it gave up was in memory alone. With the option "state" it is kept.`,
  )
}

async function idsOf(
  letters: { deadLetters(): AsyncIterable<DeadLetter> },
  { reason, ids }: RetriedLetters,
): Promise<string[]> {
  const wanted = ids && new Set(ids)
  const found: string[] = []
  for await (const letter of letters.deadLetters()) {
    const isWanted = reason === undefined || letter.reason.code === reason
    if (isWanted && (wanted?.has(letter.request.id) ?? true)) found.push(letter.request.id)
  }
  return found
}

async function retryInOpen({ frontier, counting, bell }: OpenCrawl, ids: readonly string[]): Promise<number> {
  let revived = 0
  for (let at = 0; at < ids.length; at += mostAtOnce) {
    const [before, count, after] = await Promise.all([
      frontier.stats(),
      frontier.revive(ids.slice(at, at + mostAtOnce)),
      frontier.stats(),
    ])
    counting.takenBack(before.tally, after.tally, count)
    revived += count
  }
  bell.ring()
  return revived
}
