import { z } from 'zod'
import { redact } from '../../base/redact.ts'
import type { CrawlSummary } from '../../contracts/crawl.ts'
import type { CrawlerStats, ProxyView } from '../../contracts/stats.ts'
import type { Checked } from '../expect.ts'
import type { HostTally, RunLedger } from './run-ledger.ts'

/**
 * One run of a crawl as plain data: what its report is made of, at its end or from its folder afterwards. Bounded: the
 * busiest proxies and hosts have rows, the others are counted. Times are milliseconds, `at` and `begunAt` on the wall clock.
 */
const count = z.number().min(0)
const maybe = z.number().nullable()
const text = z.string()

const leftOut = z.object({ reason: text, count, example: text })

const proxyRow = z.object({
  proxy: text,
  state: text,
  reason: text,
  trust: text,
  attempts: count,
  good: count,
  /** Failures that are the proxy's, or refusals of it. */
  failed: count,
  bytes: count,
  /** To the response head of good answers, all hosts. */
  firstByteMs: maybe,
  isFailing: z.boolean(),
  /** When it may be asked again, wall clock. */
  until: maybe,
})

const hostRow = z.object({
  host: text,
  state: text,
  reason: text,
  attempts: count,
  /** Requests that have their answer, and that were given up. */
  done: count,
  dead: count,
  bytes: count,
  /** Answers that asked to slow down. */
  throttled: count,
  pauses: count,
  pausedMs: count,
  waiting: count,
  p50: maybe,
  p95: maybe,
})

const recordSchema = z.object({
  version: z.literal(1),
  /** The name of the crawl in its folder. */
  name: text.nullable(),
  source: text,
  target: text,
  begunAt: z.number(),
  at: z.number(),
  wallMs: count,
  /** Null while it runs, and after its process has died. */
  ending: z.enum(['finished', 'limit', 'spent', 'interrupted', 'failed']).nullable(),
  error: text.nullable(),
  counts: z.object({
    pages: count,
    items: count,
    edges: count,
    failed: count,
    gone: count,
    setAside: count,
    skipped: count,
    unchanged: count,
    empty: count,
    corrected: count,
    contested: count,
    /** Left in the queue. */
    left: count,
    /** Of the pages, those of earlier runs. */
    earlier: count,
  }),
  attempts: count,
  hedges: count,
  bytes: count,
  latencyMs: z.object({ p50: maybe, p95: maybe, p99: maybe }),
  /** Both directions with handshakes and heads, and what that has cost. Records of before have none. */
  spending: z.object({ wire: count, cost: count, rent: count, currency: text }).optional(),
  trust: z.object({ comparisons: count, bytes: count, convictions: count }),
  fleet: z.record(text, count),
  /** Attempts that failed, by reason, most first. */
  failures: z.array(z.object({ reason: text, verdict: text, count, example: text, proxy: text })),
  /** Requests that were given up in this run, by reason, most first. */
  dead: z.array(z.object({ reason: text, count, example: text, detail: text })),
  leftOut: z.array(leftOut),
  trapped: z.array(leftOut),
  /** Milliseconds that requests have waited, all together, by what for. */
  waits: z.array(z.object({ reason: text, ms: count })),
  proxies: z.array(proxyRow),
  moreProxies: count,
  hosts: z.array(hostRow),
  moreHosts: count,
  series: z.object({
    spanMs: z.number().positive(),
    spans: z.array(
      z.object({ at: count, pages: count, bytes: count, attempts: z.array(count), p50: maybe, p95: maybe }),
    ),
  }),
  /** What a gigabyte costs, as it was typed. */
  price: z.object({ amount: count, currency: text }).nullable(),
  expect: z.array(z.object({ expectation: text, actual: maybe, shown: text, kept: z.boolean() })),
  /** How it goes on: the first words of a command, and the folder as it is typed; null when nothing is kept. */
  called: text,
  folder: text.nullable(),
})

export type RunRecord = z.output<typeof recordSchema>
export type ProxyRow = z.output<typeof proxyRow>
export type HostRow = z.output<typeof hostRow>

const mostProxies = 10_000
const mostHosts = 2_000
const mostReasons = 50
const longest = 300

export interface RunFacts {
  readonly ledger: RunLedger
  readonly summary: CrawlSummary
  readonly stats: CrawlerStats | undefined
  readonly proxies: readonly ProxyView[]
  readonly name: string | undefined
  readonly source: string
  readonly target: string
  /** Clock and wall, now. */
  readonly now: number
  readonly wall: number
  /** False while it runs. */
  readonly isOver: boolean
  readonly error?: string | undefined
  readonly price?: RunRecord['price'] | undefined
  readonly expect?: readonly Checked[] | undefined
  readonly called: string
  readonly folder: string | undefined
}

export function takeRecord(facts: RunFacts): RunRecord {
  const { ledger, summary, stats, now, wall } = facts
  const { pages, items, edges, failed, gone, setAside, skipped, unchanged, empty, corrected, contested } =
    summary
  const { attempts, hedges, bytes, latencyMs, spending, trust } = summary
  const proxies = [...facts.proxies].sort((a, b) => b.attempts - a.attempts || a.id.localeCompare(b.id))
  const hosts = Object.entries(stats?.hosts ?? summary.hosts).sort(
    ([a, one], [b, other]) => other.attempts - one.attempts || a.localeCompare(b),
  )
  return {
    version: 1,
    name: facts.name ?? null,
    source: facts.source,
    target: short(facts.target),
    begunAt: wall - (now - ledger.startedAt),
    at: wall,
    wallMs: now - ledger.startedAt,
    ending: facts.isOver ? summary.ending : null,
    error: facts.error === undefined ? null : short(facts.error),
    counts: {
      ...{ pages, items, edges, failed, gone, setAside, skipped, unchanged, empty, corrected, contested },
      left: summary.queued,
      earlier: summary.earlier?.pages ?? 0,
    },
    attempts,
    hedges,
    bytes,
    latencyMs: { p50: latencyMs.p50 ?? null, p95: latencyMs.p95 ?? null, p99: latencyMs.p99 ?? null },
    spending: {
      wire: spending.sent + spending.received,
      cost: spending.cost,
      rent: spending.rent,
      currency: spending.currency,
    },
    trust: { comparisons: trust.comparisons, bytes: trust.bytes, convictions: trust.convictions },
    fleet: { ...summary.proxies },
    failures: mostFirst(ledger.failures).map(({ reason, verdict, count, example, proxy }) => ({
      ...{ reason: short(reason), verdict, count, example: short(example), proxy },
    })),
    dead: mostFirst(ledger.dead).map(({ reason, count, example, detail }) => ({
      ...{ reason: short(reason), count, example: short(example), detail: short(detail) },
    })),
    leftOut: summary.leftOut.slice(0, mostReasons).map(shortExample),
    trapped: summary.trapped.slice(0, mostReasons).map(shortExample),
    waits: [...ledger.waitsNow()].map(([reason, ms]) => ({ reason, ms })).sort((a, b) => b.ms - a.ms),
    proxies: proxies.slice(0, mostProxies).map((proxy) => rowOfProxy(proxy, wall - now)),
    moreProxies: Math.max(0, proxies.length - mostProxies),
    hosts: hosts.slice(0, mostHosts).map(([host, row]) => rowOfHost(host, row, ledger)),
    moreHosts: Math.max(0, hosts.length - mostHosts),
    series: seriesOf(ledger),
    price: facts.price ?? null,
    expect: (facts.expect ?? []).map(({ actual, ...rest }) => ({ ...rest, actual: actual ?? null })),
    called: facts.called,
    folder: facts.folder ?? null,
  }
}

/** The record, or why it is none. */
export function readRecord(value: unknown): RunRecord | string {
  const parsed = recordSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const { success: isNewer } = z.object({ version: z.number().gt(1) }).safeParse(value)
  return isNewer ? 'it is of a newer Regatta' : 'it is damaged'
}

function rowOfProxy(proxy: ProxyView, offset: number): ProxyRow {
  const { id, state, reason, trust, attempts, successes, failures, bytes, firstByteMs, failing, until } =
    proxy
  return {
    proxy: short(id),
    state,
    reason: reason === '' ? lastFault(proxy) : reason,
    trust,
    attempts,
    good: successes,
    failed: failures,
    bytes,
    firstByteMs: firstByteMs === undefined ? null : Math.round(firstByteMs),
    isFailing: failing,
    until: until === undefined ? null : Math.round(until + offset),
  }
}

/** What went wrong last; nothing for one that has answered since. */
function lastFault({ lastReason = '', failures }: ProxyView): string {
  return failures === 0 || lastReason === 'ok' || lastReason === 'accepted' ? '' : lastReason
}

function rowOfHost(host: string, row: CrawlerStats['hosts'][string], ledger: RunLedger): HostRow {
  const tally = ledger.hosts.get(host)
  return {
    host: short(host),
    state: row.state,
    reason: row.reason,
    attempts: row.attempts,
    done: tally?.done ?? 0,
    dead: tally?.dead ?? 0,
    bytes: row.bytes,
    ...throttlingOf(tally, ledger),
    waiting: row.waiting,
    p50: row.firstByteMs.p50 ?? null,
    p95: row.firstByteMs.p95 ?? null,
  }
}

function throttlingOf(tally: HostTally | undefined, ledger: RunLedger) {
  if (!tally) return { throttled: 0, pauses: 0, pausedMs: 0 }
  return { throttled: tally.throttled, pauses: tally.pauses, pausedMs: Math.round(ledger.pausedMs(tally)) }
}

function seriesOf({ series }: RunLedger): RunRecord['series'] {
  const { spanMs, spans } = series.read()
  return {
    spanMs,
    spans: spans.map(({ p50, p95, attempts, ...span }) => ({
      ...span,
      attempts: [...attempts],
      p50: p50 ?? null,
      p95: p95 ?? null,
    })),
  }
}

function mostFirst<Row extends { readonly count: number }>(rows: ReadonlyMap<string, Row>): Row[] {
  return [...rows.values()].sort((a, b) => b.count - a.count).slice(0, mostReasons)
}

function shortExample({ reason, count, example }: { reason: string; count: number; example: string }) {
  return { reason: short(reason), count, example: short(example) }
}

/** A URL may be two megabytes long, and hold a password. */
function short(value: string): string {
  const shown = redact(value)
  return shown.length > longest ? `${shown.slice(0, longest - 1)}…` : shown
}
