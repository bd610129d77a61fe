import { counted } from '../base/format.ts'
import type { CrawlCounts } from '../contracts/crawl.ts'

/** How many outputs may be wrong, and how they are found in a file; undefined when none is. */
export function markedWords({
  marked,
  contested,
}: Pick<CrawlCounts, 'marked' | 'contested'>): string | undefined {
  if (marked === 0) return undefined
  const of = `${counted(marked, 'output')} of ${counted(contested, 'page')}`
  return `${of} may be wrong, because exits contradict each other: _trust is "contested" there`
}
