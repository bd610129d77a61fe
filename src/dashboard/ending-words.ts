import type { CrawlEnding } from '../contracts/crawl.ts'

/** How a crawl ended, in a sentence. */
export const endingWords: Readonly<Record<CrawlEnding, string>> = {
  finished: 'Everything that was known has been done.',
  limit: 'It is at its limit of pages, and knows more.',
  spent: 'It has spent what it was allowed to, and knows more.',
  interrupted: 'It was stopped before its end, and can go on where it is kept.',
  failed: 'It has failed.',
}
