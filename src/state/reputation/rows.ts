import type { BreakerRecord, Breakers } from '../../reputation/breakers.ts'
import type { Evidence } from '../../reputation/posterior.ts'
import { type BreakerContext, type BreakerScope, initialBreaker } from '../../rules/breaker.ts'
import {
  type Outage,
  type PairsRecord,
  type ProxiesRecord,
  type RowColumns,
  sparse,
} from './snapshot-record.ts'

/**
 * What a proxy's row and a pair's row have in common, evidence and breaker, into columns and out of them. Numbers are cut
 * to three decimals and times to the millisecond: the weights of a sampler are not better than that, and the file is half
 * as long.
 */
export function emptyRows(): RowColumns {
  return {
    proxies: [],
    success: [],
    failure: [],
    since: [],
    run: [],
    seen: [],
    failed: [],
    slow: [],
    reopens: [],
    proven: [],
    outages: [],
  }
}

interface Table {
  readonly evidence: Evidence
  readonly breakers: Breakers
}

/** Below this many outcomes, and with a breaker that holds nothing, a row tells nothing. */
export const leastWeight = 0.05

/** Whether a row is worth its place: it holds evidence that has not faded, or a breaker that is not closed. */
export function isWorthKeeping({ evidence, breakers }: Table, row: number, now: number): boolean {
  if (breakers.state[row] !== 0) return true
  const weight = evidence.success[row]! + evidence.failure[row]!
  return weight > 0 && weight * evidence.left(row, now) >= leastWeight
}

export function pushRow(columns: RowColumns, label: string, table: Table, row: number, now: number): void {
  const { evidence, breakers } = table
  const index = columns.proxies.push(label) - 1
  columns.success.push(short(evidence.success[row]!))
  columns.failure.push(short(evidence.failure[row]!))
  columns.since.push(ms(evidence.at[row]! - now))
  const record = breakers.recordOf(row)
  const context = record?.context ?? blank
  columns.run.push(short(context.run))
  columns.seen.push(short(context.seen))
  columns.failed.push(shareOf(context.failedShare))
  columns.slow.push(shareOf(context.slowShare))
  columns.reopens.push(context.reopens)
  columns.proven.push(context.proven)
  if (!record || record.state === 'closed') return
  const { openUntil, openedAt, reason } = context
  columns.outages.push([index, record.state, ms(openUntil - now), ms(openedAt - now), reason.slice(0, 200)])
}

/** In clock ms: when a record was true, which may lie before the clock's own beginning, and now. */
export interface Moments {
  readonly takenAt: number
  readonly now: number
}

export function restoreRow(
  columns: RowColumns,
  index: number,
  outage: Outage | undefined,
  table: Table,
  row: number,
  scope: BreakerScope,
  { takenAt, now }: Moments,
): void {
  const { evidence, breakers } = table
  const [success, failure] = [columns.success[index]!, columns.failure[index]!]
  if (success + failure > 0) evidence.restore(row, success, failure, takenAt + columns.since[index]!)
  const record = breakerOf(columns, index, outage, scope, { takenAt, now })
  if (record) breakers.restore(row, record)
}

/** A cooldown that has ended meanwhile leaves the breaker half-open, and the answer of a probe that was under way is lost. */
function breakerOf(
  columns: RowColumns,
  index: number,
  outage: Outage | undefined,
  scope: BreakerScope,
  { takenAt, now }: Moments,
): BreakerRecord | undefined {
  const context: BreakerContext = {
    ...initialBreaker(scope),
    alpha: columns.success[index]!,
    beta: columns.failure[index]!,
    run: columns.run[index]!,
    seen: columns.seen[index]!,
    failedShare: columns.failed[index]!,
    slowShare: columns.slow[index]!,
    reopens: columns.reopens[index]!,
    proven: columns.proven[index]!,
  }
  if (!outage) {
    const { run, seen, reopens, proven } = context
    return run + seen + reopens + proven > 0 ? { state: 'closed', context } : undefined
  }
  const [, state, openUntil, openedAt, reason] = outage
  const opened = { ...context, openUntil: takenAt + openUntil, openedAt: takenAt + openedAt, reason }
  if (state === 'open' && opened.openUntil <= now) {
    return { state: 'halfOpen', context: { ...opened, proven: 0 } }
  }
  return { state, context: opened }
}

const blank = initialBreaker('fleet')

/** Some rows of a record, as a record of their own. */
export function pickRows<Record extends PairsRecord | ProxiesRecord>(
  record: Record,
  rows: readonly number[],
): Record {
  const places = new Map(rows.map((row, place) => [row, place]))
  const picked: Partial<globalThis.Record<string, unknown>> = { ...record }
  for (const [name, column] of Object.entries(record)) {
    if (!Array.isArray(column)) continue
    picked[name] = sparse.has(name)
      ? (column as [number, ...unknown[]][])
          .filter(([row]) => places.has(row))
          .map(([row, ...rest]) => [places.get(row)!, ...rest])
      : rows.map((row) => column[row])
  }
  return picked as Record
}

/** Three decimals. */
export function short(value: number): number {
  return Math.round(value * 1_000) / 1_000
}

function shareOf(value: number): number {
  return short(Math.min(1, Math.max(0, value)))
}

export function ms(value: number): number {
  return Math.round(value)
}
