import { counted } from '../base/format.ts'
import type { CrawlCounts } from '../contracts/crawl.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { CrawlProgress, CrawlSummary } from '../face/crawler.ts'
import type { Io } from './io.ts'
import { gaveUp } from './page-lines.ts'
import { limitPhrase, type Standing, tellLimit } from './standing.ts'
import { printable } from './terminal/cells.ts'

/** What is said when a crawl is over: what was given up, and how it goes on where there is something to go on with. */
export interface Kept {
  /** The first words of a hint: `npx regatta`. */
  readonly called: string
  /** As it is typed. */
  readonly folder: string
  /** Before this run. */
  readonly standing: Standing
  /** Pages at most. */
  readonly limit: number
  /** Who says so, when it is not `--max-pages`. */
  readonly limitSetter: string | undefined
}

/** Undefined when there is nothing to go on with. */
export function howToGoOn({ ending, queued, spending }: CrawlSummary, kept: Kept): string | undefined {
  const { called, folder, limit, limitSetter } = kept
  if (ending === 'limit') {
    return limitSetter === undefined
      ? tellLimit(limit, queued, kept)
      : `The crawl is ${limitPhrase(limit, limitSetter)}.\n`
  }
  if (ending === 'spent') {
    const flag = spending.reached?.includes('maxCost') ? '--max-cost AMOUNT' : '--max-bytes SIZE'
    return `The crawl is at its cap: ${counted(queued, 'request')} left; go on with: ${called} resume ${folder} ${flag}\n`
  }
  return queued > 0
    ? `${counted(queued, 'request')} left; go on with: ${called} resume ${folder}\n`
    : undefined
}

/** For a crawl that is to go on and cannot: it has ended. Undefined for one that can. */
export function whyNothingIsLeft(kept: Kept): string | undefined {
  const { called, folder, standing, limit, limitSetter } = kept
  if (standing.kind === 'finished') {
    return `That crawl has finished. To begin again: ${called} resume ${folder} --fresh\n`
  }
  return standing.kind === 'limit' && limitSetter === undefined
    ? tellLimit(limit, standing.left, kept)
    : undefined
}

/** For a crawl that failed. What was never done is not kept either. */
export function howToGoOnAfterFailure(now: CrawlProgress | undefined, kept: Kept): string | undefined {
  const { pages = 0, failed = 0, skipped = 0, unchanged = 0 } = now ?? {}
  const { called, standing, folder } = kept
  const isSomething = pages + failed + skipped + unchanged + standing.settled > 0
  return isSomething ? `What was done is kept; go on with: ${called} resume ${folder}\n` : undefined
}

/** Pages that were given up, and items that were set aside. A page that is not there is an answer. */
export function lossesOf(counts: CrawlCounts | undefined): number {
  return counts === undefined ? 0 : counts.failed - counts.gone + counts.setAside
}

const shownDeadLetters = 5

/**
 * What was given up or set aside is news, quiet or not; what was told of while it ran is not told again. `kept` is undefined when
 * nothing is kept.
 */
export function tellDeadLetters(
  summary: CrawlSummary,
  told: ReadonlySet<string>,
  kept: Kept | undefined,
  io: Io,
): void {
  if (lossesOf(summary) <= lossesOf(summary.earlier)) return
  const letters = summary.deadLetters.filter(({ code }) => !/^status-(404|410)$/.test(code))
  const shown = letters.filter(({ url }) => !told.has(url)).slice(0, shownDeadLetters)
  for (const dead of shown) {
    for (const line of gaveUp(dead, false)) io.stderr.write(`${printable(line)}\n`)
  }
  const more = Math.max(summary.failed - summary.gone, letters.length) - told.size - shown.length
  const where = kept === undefined ? '--log FILE keeps' : `${kept.called} dead list ${kept.folder} shows`
  if (more > 0) io.stderr.write(`regatta: … and ${more} more; ${where} them all.\n`)
}

export function nothingFetched({ failed, attempts, ending }: CrawlSummary): RegattaError {
  return new RegattaError(
    'TASK_FAILED',
    failed > 0
      ? 'Not one page could be fetched.'
      : ending === 'interrupted'
        ? 'Nothing was fetched before the crawl was stopped.'
        : 'Nothing was fetched: the source named no page, or robots.txt allows none of them.',
    {
      value: {
        reason: failed > 0 ? 'every-page-failed' : 'no-page',
        verdict: undefined,
        status: undefined,
        attempts,
      },
    },
  )
}
