import { counted } from '../base/format.ts'
import { isOver, type Terms as RoundTerms } from '../rules/over.ts'
import { type InspectedCrawl, listCrawls, progressOf } from '../state/stored-crawls.ts'

/**
 * Where a crawl stands before it is run: what the same command will do next. Read from its file, by the rule that the
 * state itself goes by when it opens the crawl (isOver).
 */
export interface Standing {
  /** `finished`: the next run is a new round. `limit`: the next run ends at once. */
  readonly kind: 'new' | 'unfinished' | 'finished' | 'limit'
  readonly pages: number
  readonly left: number
  /** To be visited again in their turn. */
  readonly resting: number
  /** Requests that are done in some way or other. */
  readonly settled: number
}

export const nothingKept: Standing = { kind: 'new', pages: 0, left: 0, resting: 0, settled: 0 }

export interface Terms extends RoundTerms {
  /** Pages at most; Infinity without a limit. */
  readonly limit: number
}

/** Throws STATE_CORRUPT or STATE_VERSION naming the file. */
export async function standingOf(dir: string, name: string, terms: Terms): Promise<Standing> {
  const crawl = (await listCrawls(dir)).find((each) => each.name === name)
  if (!crawl) return nothingKept
  const { left, resting, done, dead, tally } = crawl.counts
  const counts = { pages: tally.pages ?? 0, left, resting, settled: done + resting + dead }
  return { kind: kindOf(crawl, counts, terms), ...counts }
}

function kindOf(
  crawl: InspectedCrawl,
  { pages, left, settled }: Omit<Standing, 'kind'>,
  { limit, complete, revisits }: Terms,
): Standing['kind'] {
  if (crawl.record === undefined || (settled === 0 && left === 0)) return 'new'
  if (isOver(progressOf(crawl), { complete, revisits })) return 'finished'
  return pages >= limit && (left > 0 || crawl.record.ending === 'limit') ? 'limit' : 'unfinished'
}

/** What is said when it starts; undefined when that needs no word. */
export function sentenceOf(
  { kind, pages, left, resting }: Standing,
  { revisits }: Terms,
): string | undefined {
  if (kind === 'finished') return 'The last round of this crawl is finished; this is a new one.'
  if (kind === 'limit')
    return `This crawl has fetched ${counted(pages, 'page')} already, as many as it may: it fetches no more.`
  if (kind !== 'unfinished') return undefined
  if (!revisits && left === 0 && resting > 0) {
    return `Nothing is left: ${counted(resting, 'page')} will be visited again by a run with --revisit TIME; --fresh begins anew.`
  }
  const again = revisits && resting > 0 ? `, ${counted(resting, 'page')} to be visited again` : ''
  return `Going on: ${counted(pages, 'page')} done, ${counted(left, 'request')} left${again}.`
}

/** For a crawl that may fetch no more pages; `sets` is who says so when it is not `--max-pages`. */
export function limitPhrase(limit: number, sets?: string): string {
  const pages = counted(limit, 'page')
  if (sets !== undefined) return `at its limit of ${pages}, which ${sets} sets`
  return `at its limit of ${pages}; raise --max-pages, or begin again with --fresh`
}

/** The same, and what to type. */
export function tellLimit(
  limit: number,
  left: number,
  { called, folder }: { readonly called: string; readonly folder: string },
): string {
  const command = `${called} resume ${folder} --max-pages ${limit * 2}`
  return `The crawl is ${limitPhrase(limit)}.\n${counted(left, 'request')} left; go on with: ${command}\n`
}
