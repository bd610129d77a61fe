import { showValue } from '../base/show.ts'
import type { Impurity } from './repeat.ts'

/** What was found out by reading a page again, in words that name the place and the cause. */
const causes = {
  repetition:
    'gives something else when it runs again: it keeps something between pages, or makes up what is new each time',
  date: 'gives something else under another date: it reads the clock',
  luck: 'gives something else with other luck: it draws from Math.random',
  change: 'changes what it was given',
} as const

const ways = {
  repetition:
    'Keep nothing outside of parse; what a page needs of another one goes with its request, as data.',
  date: 'The time of a page is page.fetchedAt.',
  luck: 'Leave chance out of what is yielded.',
  change: 'Copy it first.',
} as const

/** A sentence, and a line for each place where it differs. */
export function impurityLines({ what, cause, changed, differences }: Impurity): string[] {
  const head = `${what} ${causes[cause]}${changed === undefined ? '' : `: ${changed}`}. ${ways[cause]}`
  return [head, ...differences.map(({ path, expected, found }) => `  ${path}: ${both(expected, found)}`)]
}

function both(first: unknown, second: unknown): string {
  const [one, other] = [first, second].map((each) => (each === undefined ? 'none' : showValue(each)))
  return `first ${one}, then ${other}`
}
