/**
 * Whether to believe a new list. A provider that answers with nothing or with a fraction is more often ill than right,
 * and believing it empties the fleet; keeping proxies that are really gone costs little, because use finds them out.
 *
 * - An empty list is not believed, not even from a file: an editor empties a file before it writes it, and a crawl must
 *   not stop for that. Nor does it become true by repetition. `refresh({ believe: true })` says that it is meant.
 * - A list of half or less is believed when it comes the third time in a row: providers do cancel plans. In a file
 *   that the user edits it is believed at once: a user who halves a file means it.
 */
export interface Doubt {
  readonly previous: number
  readonly next: number
  /** Whether the user edits the list. */
  readonly edited: boolean
  /** How many lists in a row were not believed before this one. */
  readonly disbelieved: number
}

export const beliefAfter = 3

/** The reason not to believe the list, or undefined to take it. */
export function doubtList({ previous, next, edited, disbelieved }: Doubt): 'empty' | 'shrunken' | undefined {
  if (previous === 0) return undefined
  if (next === 0) return 'empty'
  if (edited || next * 2 > previous || disbelieved + 1 >= beliefAfter) return undefined
  return 'shrunken'
}
