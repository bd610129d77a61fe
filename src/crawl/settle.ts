import { RegattaError } from '../contracts/errors.ts'
import type { DeadReason, Lease, ResponseHead, Settlement, Tally } from '../contracts/frontier.ts'
import type { SinkRecord } from '../contracts/sink.ts'
import type { OpenCrawl } from './open-crawl.ts'

/**
 * How a request ends. The order loses nothing: its links are in the frontier before it is done, and its outputs are safe
 * in the same moment as its end (a frontier with a log) or before it (one without, where they must be safe in every
 * sink). Whatever dies in the middle leaves the request where it was.
 */
type End = Extract<Settlement, { kind: 'done' | 'dead' }>

/** When the page is visited again, and what to compare it with then; empty when it is not. */
export type NextVisit = Pick<Extract<Settlement, { kind: 'done' }>, 'next' | 'memo'>

/** It goes back to the frontier as it came. */
export function released(lease: Lease): Settlement {
  return { lease, kind: 'release' }
}

/** It was not wanted. */
export function skipped(lease: Lease): Settlement {
  return { lease, kind: 'done', tally: { skipped: 1 } }
}

/** Its page has come and was read. */
export function done(lease: Lease, outputs: readonly SinkRecord[], next: NextVisit): Settlement {
  return { lease, kind: 'done', ...next, outputs, tally: { pages: 1, ...tallyOf(outputs) } }
}

/** Its page is as it was at the last visit. */
export function unchanged(lease: Lease, next: NextVisit): Settlement {
  return { lease, kind: 'done', ...next, tally: { pages: 1, unchanged: 1 } }
}

/** It was there before, and could not be had this time: it is visited again in its turn. */
export function missed(lease: Lease, next: NextVisit): Settlement {
  return { lease, kind: 'done', ...next, tally: { failed: 1 } }
}

/** It is given up. */
export function dead(
  lease: Lease,
  reason: DeadReason,
  found: { readonly heads?: readonly ResponseHead[]; readonly outputs?: readonly SinkRecord[] } = {},
): Settlement {
  const { heads = [], outputs = [] } = found
  return { lease, kind: 'dead', reason, heads, outputs, tally: { failed: 1, ...tallyOf(outputs) } }
}

/** Rejects when the outputs or the end cannot be kept. A lease that was lost ends nothing: its request comes again. */
export async function settle(crawl: OpenCrawl, settlement: Settlement): Promise<void> {
  if (settlement.kind === 'release' || settlement.kind === 'retry') {
    await crawl.frontier.settle([settlement])
  } else if (crawl.frontier.outputs === undefined) {
    await settleAfterSinks(crawl, settlement)
  } else {
    await settleWithOutputs(crawl, settlement)
  }
}

/** Without a log: the outputs are safe in every sink, then the request ends. */
async function settleAfterSinks(crawl: OpenCrawl, { outputs = [], ...end }: End): Promise<void> {
  await crawl.outbox.push(outputs)
  const [settled] = await crawl.frontier.settle([end])
  if (settled === 'stale') return
  tellItems(crawl, outputs)
  tellEnd(crawl, end)
}

/** With a log: the request ends and its outputs are kept in one step; then the sinks get them. */
async function settleWithOutputs(crawl: OpenCrawl, end: End): Promise<void> {
  const { outputs: found = [] } = end
  // The log keeps nothing for nobody.
  const outputs = crawl.outbox.isEmpty ? [] : found
  try {
    const [position] = await crawl.frontier.settle([{ ...end, outputs }])
    if (position === 'stale') return
    crawl.outbox.push(outputs, position).then(
      () => tellItems(crawl, found),
      (error: unknown) => tellUnwritten(crawl, end.lease, error),
    )
  } catch (error) {
    // The log cannot hold one of them: the request ends without any.
    if (!isUnwritable(error) || outputs.length === 0) throw error
    return settle(crawl, dead(end.lease, { code: 'item-invalid', detail: error.message }))
  }
  tellEnd(crawl, end)
}

function tellEnd(crawl: OpenCrawl, end: End): void {
  crawl.counting.ended(end.tally ?? {})
  crawl.door.saveSometimes()
  if (end.kind === 'done') return
  const { id, url } = end.lease.request
  crawl.world.emit('request.dead', { crawl: crawl.id, request: id, url, ...end.reason })
}

function tellItems(crawl: OpenCrawl, outputs: readonly SinkRecord[]): void {
  for (const { kind, value, request, source } of outputs) {
    if (kind === 'item') crawl.world.emit('item', { crawl: crawl.id, source, request, value })
  }
}

/** A sink that is gone fails the crawl, and the log keeps everything; a record it can never take is told. */
function tellUnwritten({ world, life }: OpenCrawl, { request }: Lease, error: unknown): void {
  if (isUnwritable(error)) {
    world.emit('alert', { code: 'ITEM_INVALID', message: `${error.message} (${request.url})` })
  } else if (!life.isAborted) life.fail(error)
}

function isUnwritable(error: unknown): error is RegattaError {
  return error instanceof RegattaError && error.code === 'ITEM_INVALID'
}

function tallyOf(outputs: readonly SinkRecord[]): Tally {
  const items = outputs.filter(({ kind }) => kind === 'item').length
  return { items, edges: outputs.length - items }
}
