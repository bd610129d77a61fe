import type { SinkCursor } from '../contracts/output-log.ts'
import type { Sink, SinkRecord } from '../contracts/sink.ts'

/**
 * What a sink lacks of earlier runs and will not get, because every sink of that time had it: its file was deleted or
 * emptied meanwhile, or it is new to the crawl. Only what is certain is told. A sink that keeps one kind of record may
 * rightly be empty, so the records of the other kind are counted out; one whose last batch was interrupted looks at its
 * file itself (see Sink.complete).
 */
export type EarlierOutputs = Readonly<Record<SinkRecord['kind'], number>>

export interface LackQuestion {
  readonly sink: Sink
  readonly cursor: SinkCursor
  readonly cursors: readonly SinkCursor[]
  /** The least position that is still in the log; undefined when it is empty. */
  readonly oldest: number | undefined
  readonly earlier: EarlierOutputs | undefined
}

export async function lackOf(question: LackQuestion): Promise<string | undefined> {
  const { sink, cursor } = question
  if (cursor.delivered === 0) {
    if (!isAnythingGone(question)) return undefined
    return `${sink.name} is new to this crawl: it gets what comes from now on.`
  }
  if (cursor.begun !== undefined && cursor.begun.upto > cursor.delivered) return undefined
  const written = writtenTo(question)
  // What is wrong with its file is told when it is written to.
  if (written <= 0 || (await sink.place?.().catch(() => undefined)) !== 0) return undefined
  const outputs = written === 1 ? '1 output' : `${written.toLocaleString('en-US')} outputs`
  return `${sink.name} is empty, although earlier runs wrote ${outputs} to it: only what comes from now on will be in it.`
}

/** Whether there were outputs that are not in the log any more. */
function isAnythingGone({ oldest, cursors, earlier }: LackQuestion): boolean {
  if (oldest !== undefined) return oldest > 1
  return cursors.some(({ delivered }) => delivered > 0) || (earlier ? earlier.item + earlier.edge > 0 : false)
}

/** Of the outputs that it was given, those that it keeps at least. */
function writtenTo({ sink, cursor, earlier }: LackQuestion): number {
  if (sink.kind === undefined) return cursor.delivered
  // How many items of one kind there were is not counted.
  if (sink.itemKind !== undefined) return 0
  if (earlier === undefined) return 0
  return cursor.delivered - earlier[sink.kind === 'item' ? 'edge' : 'item']
}
