import { shownForm } from '../base/json-form.ts'
import type { ItemProblem } from '../contracts/error-values.ts'
import { messageOf, type RegattaError } from '../contracts/errors.ts'
import type { DeadReason, Lease, ResponseHead, SetAside, Settlement, Tally } from '../contracts/frontier.ts'
import type { Delivery, SinkRecord } from '../contracts/sink.ts'
import type { Visited } from '../engine/telling.ts'
import { isUnwritable, refusalsOf } from '../sink/sink-failure.ts'
import { spotOf } from '../source/spot.ts'
import { corrected, keptBefore } from './corrected.ts'
import type { OpenCrawl } from './open-crawl.ts'
import type { PageOutputs } from './page-outputs.ts'
import { isEmpty, type PageReport, type Skip } from './page-report.ts'

/**
 * How a request ends. The order loses nothing: its links are in the frontier before it is done, and its outputs are safe
 * in the same moment as its end (a frontier with a log) or before it (one without, where they must be safe in every
 * sink). Whatever dies in the middle leaves the request where it was. Of a correction only the difference to what was put
 * out before is kept (corrected.ts).
 */
export type End = Extract<Ended, { kind: 'done' | 'dead' }>

/** A settlement as its page alone would have it, and what is told of it when it is kept. */
export type Ended = Settlement<SinkRecord> & {
  readonly report?: PageReport
  readonly skip?: Skip
}

/** When the page is visited again, and what to compare it with then; empty when it is not. */
export type NextVisit = Pick<Extract<Settlement, { kind: 'done' }>, 'next' | 'memo'>

/** It goes back to the frontier as it came. */
export function released(lease: Lease): Ended {
  return { lease, kind: 'release' }
}

/** It was not wanted. */
export function skipped(lease: Lease, skip: Skip): Ended {
  return { lease, kind: 'done', tally: { skipped: 1 }, skip }
}

/** Its page has come and was read. What was set aside of it is in a dead letter. */
export function done(lease: Lease, outputs: PageOutputs, next: NextVisit, report: PageReport): Ended {
  const { records, setAside, asideCount, firstRefusal, kept } = outputs
  const found = tallyOf(records)
  const tally = {
    pages: 1,
    ...found,
    ...(isEmpty(report, outputs.count) && { empty: 1 }),
    ...contestedOf(report),
  }
  const end = { lease, kind: 'done' as const, ...next, outputs: records, report }
  if (asideCount === 0) return { ...end, tally }
  const undo = { pages: 1, setAside: asideCount, ...contestedOf(report) }
  const more = asideCount === 1 ? '' : ` (and ${asideCount - 1} more of its page)`
  const reason = { code: 'item-invalid', detail: `${setAside[0]!.detail}${more}`, ...spotOf(firstRefusal) }
  return { ...end, tally: { ...tally, setAside: asideCount }, letter: { reason, setAside, kept, undo } }
}

/** Its page is as it was at the last visit. */
export function unchanged(lease: Lease, next: NextVisit, report: PageReport): Ended {
  return { lease, kind: 'done', ...next, tally: { pages: 1, unchanged: 1, ...contestedOf(report) }, report }
}

/** It was there before, and could not be had this time: it is visited again in its turn. */
export function missed(lease: Lease, next: NextVisit): Ended {
  return { lease, kind: 'done', ...next, tally: { failed: 1 } }
}

/** It is given up. `isGone`: its server says that there is no such page. */
export function dead(
  lease: Lease,
  reason: DeadReason,
  found: { readonly heads?: readonly ResponseHead[]; readonly isGone?: boolean } = {},
): Ended {
  const { heads = [], isGone = false } = found
  const undo = { failed: 1, ...(isGone && { gone: 1 }) }
  const kept = keptBefore(lease)
  return { lease, kind: 'dead', reason, heads, undo, tally: undo, ...(kept.length > 0 && { kept }) }
}

/** Its source failed on its page: what it had put out by then is kept. */
export function broken(
  lease: Lease,
  reason: DeadReason,
  outputs: PageOutputs,
  heads: readonly ResponseHead[],
): Ended {
  const { records, setAside, asideCount, kept } = outputs
  const undo = { failed: 1, ...(asideCount > 0 && { setAside: asideCount }) }
  const letter = { reason, kept, undo, ...(asideCount > 0 && { setAside }) }
  return { lease, kind: 'dead', ...letter, heads, outputs: records, tally: { ...undo, ...tallyOf(records) } }
}

/** Rejects when the outputs or the end cannot be kept. A lease that was lost ends nothing: its request comes again. */
export async function settle(crawl: OpenCrawl, settlement: Ended, visit: Visited): Promise<void> {
  if (settlement.kind === 'release' || settlement.kind === 'retry') {
    await crawl.frontier.settle([settlement])
    const until = settlement.kind === 'retry' ? settlement.notBefore : undefined
    crawl.world.engine.telling.visited(visit, { as: 'requeued', until })
  } else if (crawl.frontier.outputs === undefined) {
    await settleAfterSinks(crawl, settlement, visit)
  } else {
    await settleWithOutputs(crawl, settlement, visit)
  }
}

/** Without a log: the outputs are safe in every sink, then the request ends. */
async function settleAfterSinks(crawl: OpenCrawl, given: End, visit: Visited): Promise<void> {
  const { outputs } = corrected(given)
  let end = given
  tellRetracted(crawl, outputs)
  try {
    await crawl.outbox.push(outputs)
  } catch (error) {
    if (!isUnwritable(error)) throw error
    end = refusedBySink(given, error)
  }
  const { outputs: _outputs, report: _report, skip: _skip, ...settlement } = end
  const { tally } = corrected(end)
  const [settled] = await crawl.frontier.settle([{ ...settlement, tally }])
  if (settled === 'stale') return
  if (end === given) tellItems(crawl, outputs)
  const isStoring = outputs.length > 0 && end === given
  tellEnd(crawl, end, tally, { visit, storing: isStoring ? outputs.length : 0 })
  if (isStoring) crawl.world.engine.telling.stored(visit, crawl.outbox.names, outputs.length)
}

/** A sink cannot take some of the outputs; the others are in it. */
function refusedBySink({ lease, tally = {}, outputs = [] }: End, error: RegattaError): End {
  const refused = refusalsOf(error).map(({ message, value }): SetAside => {
    const { index = -1, issues = [] } = (value ?? {}) as ItemProblem
    const { kind = 'item', itemKind, value: found } = outputs.find((each) => each.index === index) ?? {}
    const own = itemKind === undefined ? {} : { itemKind }
    return { kind, ...own, index, value: shownForm(found), detail: message, issues }
  })
  const undo = { failed: 1, setAside: refused.length }
  const reason = { code: 'item-invalid', detail: error.message }
  const { pages: _pages, ...others } = tally
  const written = outputs.filter(({ index }) => !refused.some((each) => each.index === index))
  const letter = { reason, setAside: refused, undo }
  return { lease, kind: 'dead', ...letter, outputs: written, tally: { ...others, ...undo } }
}

/** With a log: the request ends and its outputs are kept in one step; then the sinks get them. */
async function settleWithOutputs(crawl: OpenCrawl, end: End, visit: Visited): Promise<void> {
  const { outputs: _outputs, report: _report, skip: _skip, ...settlement } = end
  const { outputs: found, tally } = corrected(end)
  // The log keeps nothing for nobody.
  const outputs = crawl.outbox.isEmpty ? [] : found
  const { telling } = crawl.world.engine
  try {
    const [position] = await crawl.frontier.settle([{ ...settlement, outputs, tally }])
    if (position === 'stale') return
    tellRetracted(crawl, found)
    crawl.outbox.push(outputs, position).then(
      () => {
        tellItems(crawl, found)
        if (outputs.length > 0) telling.stored(visit, crawl.outbox.names, outputs.length)
      },
      (error: unknown) => {
        tellUnwritten(crawl, end.lease, error)
        telling.stored(visit, crawl.outbox.names, outputs.length, messageOf(error))
      },
    )
  } catch (error) {
    // The log cannot hold one of them: the request ends without any.
    if (!isUnwritable(error) || outputs.length === 0) throw error
    return settle(crawl, dead(end.lease, { code: 'item-invalid', detail: error.message }), visit)
  }
  tellEnd(crawl, end, tally, { visit, storing: outputs.length })
}

/** `counted`: what it adds to the counts. */
function tellEnd(
  crawl: OpenCrawl,
  end: End,
  counted: Tally,
  { visit, storing }: { readonly visit: Visited; readonly storing: number },
): void {
  const { report, skip, tally = {} } = end
  const { request } = end.lease
  const { trust } = crawl.world.engine
  trust.counts.askedAgain += counted.askedAgain ?? 0
  trust.counts.corrected += counted.corrected ?? 0
  crawl.counting.ended(counted)
  crawl.corrections.settled(end)
  crawl.door.saveSometimes()
  if (skip) crawl.reporter.skipped(request, skip)
  const { items = 0, edges = 0, empty = 0 } = tally
  if (report) crawl.reporter.visited(request, report, { items, edges, isEmpty: empty > 0 })
  const reason = end.kind === 'dead' ? end.reason : end.letter?.reason
  const why = reason === undefined ? skip : { reason: reason.code, detail: reason.detail }
  crawl.world.engine.telling.visited(visit, {
    as: end.kind === 'dead' ? 'dead' : skip ? 'skipped' : 'done',
    ...(why && { reason: why.reason, detail: why.detail }),
    ...(report && {
      read: { status: report.status, items, edges, links: report.links, via: report.via },
    }),
    storing,
  })
  if (!reason) return
  const { id, url, host } = request
  crawl.world.emit('request.dead', { crawl: crawl.id, request: id, url, host, ...reason })
}

function tellItems({ id: crawl, world }: OpenCrawl, outputs: readonly Delivery[]): void {
  for (const output of outputs) {
    if (output.kind !== 'item') continue
    const { value, request, index, source, revision, trust, itemKind } = output
    const more = {
      ...(itemKind !== undefined && { itemKind }),
      ...(revision !== undefined && { revision }),
      ...(trust && { trust }),
    }
    world.emit('item', { crawl, source, request, index, value, ...more })
  }
}

/** What takes its place is told behind it. */
function tellRetracted({ id: crawl, world }: OpenCrawl, outputs: readonly Delivery[]): void {
  for (const output of outputs) {
    if (output.kind !== 'retraction') continue
    const { source, request, index, of, revision, itemKind } = output
    const own = itemKind === undefined ? {} : { itemKind }
    world.emit('item.retracted', { crawl, source, request, index, of, ...own, revision })
  }
}

/** A sink that is gone fails the crawl, and the log keeps everything; a record it can never take is told. */
function tellUnwritten({ world, life }: OpenCrawl, { request }: Lease, error: unknown): void {
  if (isUnwritable(error)) {
    world.emit('alert', { code: 'ITEM_INVALID', message: `${error.message} (${request.url})` })
  } else if (!life.isAborted) life.fail(error)
}

function contestedOf({ trust }: PageReport): Tally {
  return trust === 'contested' ? { contested: 1 } : {}
}

function tallyOf(outputs: readonly SinkRecord[]): Tally {
  const items = outputs.filter(({ kind }) => kind === 'item').length
  const marked = outputs.filter(({ trust }) => trust !== undefined).length
  return { items, edges: outputs.length - items, ...(marked > 0 && { marked }) }
}
