import type { Frontier } from '../contracts/frontier.ts'
import { readRecord, writeRecord } from './crawl-record.ts'

/** Puts dead letters of a crawl that is not under way back into its queue: it has something to do again. Tells how many. */
export async function reviveLetters(
  frontier: Pick<Frontier, 'side' | 'revive'>,
  ids: readonly string[],
): Promise<number> {
  const record = await readRecord(frontier.side)
  // First, so that nothing is revived in a crawl that is held to be finished.
  if (record) await writeRecord(frontier.side, { ...record, ending: 'interrupted' })
  return frontier.revive(ids)
}
